"""Answers on disk as they arrive, so that a run continues where it stopped, whatever stopped it.

A run continues only files and folders that it, or an earlier run like it, made.

A journal is a file of JSON lines. The first says what the file is and how its answers are made; when that changes,
another such line follows. All others are answers, each with a digest of what was asked and how: an answer counts only
for the same question, asked in the same way.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from lamp_dataset.atomic import write_whole
from lamp_dataset.formats.texts import counted, short

if TYPE_CHECKING:
    import datasets

log = logging.getLogger(__name__)

#: The value of "format" in the settings of a folder.
RUN = "lamp run 1"
#: The largest first line, in bytes.
_LONGEST = 1 << 20
#: Seconds until answers are flushed to the disk, so that they outlive a power cut.
SYNC = 1.0
#: A JSON string, or the beginning of one.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\\?$)')
#: Sample id, and digest of the question.
Key = tuple[str, str]


class Journal:
    """A file of answers. Use it in a ``with`` block; the file appears with its first entry.

    Args:
        path: of the file; its folder must exist.
        settings: what an answer depends on besides the question, such as the model; values of JSON's types.

    Attributes:
        entries: :meth:`key` -> entry, of earlier runs and of this one: ``id``, ``asked``, ``output`` and more.

    Raises:
        ValueError: the file is not a journal, or a line is not an answer; it is left as it is.
        OSError: the file cannot be read or written.
    """

    #: The value of "format" in the first line.
    FORMAT: ClassVar[str] = "lamp answers 1"

    def __init__(self, path: str | os.PathLike[str], settings: Mapping[str, Any]) -> None:
        self.path, self.entries = os.fspath(path), dict[Key, dict[str, Any]]()
        self._head, self._last_head = _line({"format": self.FORMAT, **settings}), b""
        self._lock, self._due = threading.Lock(), time.monotonic() + SYNC
        lines = own_content(path, self.FORMAT).splitlines(keepends=True)
        wrong = [number for number, line in enumerate(lines, 1) if not self._take(line)]
        if lines:
            with open(path, "r+b"):  # raises now, not when the first answers have come
                pass
        if wrong == [len(lines)] and _is_cut_off(lines[-1]):
            os.truncate(path, sum(map(len, lines[:-1])))
        elif wrong:
            found = short(lines[wrong[0] - 1].decode(errors="replace").strip())
            raise ValueError(f"{path}, line {wrong[0]}: expected an answer, found {found}; mend or remove the line")
        self._is_new = not lines

    def _take(self, line: bytes) -> bool:
        """Whether the line is an entry, or blank, as some editors leave them."""
        entry = parsed(line)
        if entry.get("format") == self.FORMAT:
            self._last_head = _line(entry)
        elif all(isinstance(entry.get(name), str) for name in ("id", "asked", "output")):
            self.entries[entry["id"], entry["asked"]] = entry
        else:
            return not line.strip()
        return True

    def key(self, name: str, question: Any) -> Key:
        """What an answer is kept under: the sample's id, and a digest of the settings and the question."""
        return name, hashlib.sha256(self._head + _line(question)).hexdigest()[:32]

    def missing(self, keys: Iterable[Key]) -> list[int]:
        """Positions of the questions without an answer; a warning counts those that were asked in another way."""
        keys, named = list(keys), {name for name, _ in self.entries}
        found = [position for position, key in enumerate(keys) if key not in self.entries]
        others = sum(keys[position][0] in named for position in found)
        if others:
            message = "note: %s: %s to another prompt, model or option; they stay there, and the model is asked again"
            log.warning(message, self.path, counted(others, "answers"))
        return found

    def keep(self, entries: Mapping[Key, Mapping[str, Any]]) -> None:
        """Add entries; they are kept, whatever happens to this process afterwards. Several threads may call it.

        Raises:
            OSError: the file cannot be written, for example because the disk is full; it is as it was before.
        """
        made = {key: {"id": key[0], "asked": key[1], **entry} for key, entry in entries.items()}
        with self._lock:
            heads = [] if self._last_head == self._head else [self._head]
            self._write(b"".join([*heads, *map(_line, made.values())]))
            self._last_head = self._head
            self.entries |= made

    def _write(self, data: bytes) -> None:
        if self._is_new:  # whole or not at all: without its first line, nobody would know what it is
            with write_whole(self.path, "wb") as file:
                file.write(data)
                if own_content(self.path, self.FORMAT):
                    raise FileExistsError(f"{self.path}: another program made it meanwhile; move it, or start again")
            self._is_new = False
            return
        try:
            with open(self.path, "r+b", buffering=0) as file:  # each time: an editor may have replaced it
                self._append(file, data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.path) from error

    def _append(self, file: BinaryIO, data: bytes) -> None:
        size = file.seek(-1, os.SEEK_END) + 1
        rest = data if file.read(1) == b"\n" else b"\n" + data
        try:
            while rest:
                rest = rest[file.write(rest) :]
        except OSError:
            file.truncate(size)
            raise
        if time.monotonic() > self._due:  # not after each answer: that would slow down the questions
            os.fsync(file.fileno())
            self._due = time.monotonic() + SYNC

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        """Wait until everything is on the disk."""
        if not self._is_new:
            with open(self.path, "rb") as file:
                os.fsync(file.fileno())


def _is_cut_off(line: bytes) -> bool:
    """Whether it ends within an object, as a stop leaves it. Whole JSON, and what follows it, is somebody's work."""
    rest = _STRING.sub(b"", line)
    return rest.startswith(b"{") and not rest.endswith(b"\n") and rest.count(b"{") > rest.count(b"}")


def _line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def parsed(line: bytes) -> dict[str, Any]:
    """The JSON object in a line; an empty one for anything else."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def own_content(path: str | os.PathLike[str], form: str) -> bytes:
    """The content of a file that a run made; empty if the file is empty or does not exist.

    Args:
        path: of the file.
        form: the value of ``"format"`` in the JSON object of its first line, which says what made it.

    Raises:
        ValueError: another program made the file.
        OSError: it cannot be read.
    """
    if not os.path.lexists(path):
        return b""
    first = b""
    if os.path.isfile(path):
        with open(path, "rb") as file:
            first = file.readline(_LONGEST)
            if not first or parsed(first).get("format") == form:
                return first + file.read()
    expected, found = json.dumps({"format": form})[:-1], short(first.decode(errors="replace").strip())
    message = f"expected a file of an earlier run, which begins with {expected}, found one with {found}"
    raise ValueError(f"{path}: {message}; it was left as it is: move it or choose another output")


def own_folder(folder: str | os.PathLike[str], settings: Mapping[str, Any]) -> None:
    """Take a folder for a run: a new or empty one, or that of an earlier run with the same settings.

    Args:
        folder: made if there is none; the run's settings are in its ``settings.json``.
        settings: what the run's files depend on; values of JSON's types.

    Raises:
        ValueError: the folder holds another run, or files that no run made.
        OSError: the folder cannot be made or written.
    """
    path, line = Path(folder, "settings.json"), {"format": RUN, **settings}
    path.parent.mkdir(parents=True, exist_ok=True)
    found = parsed(own_content(path, RUN))
    others = [name for name in os.listdir(path.parent) if name != path.name and not name.startswith(".")]
    if others and not found:
        raise ValueError(f"{folder}: holds files that no run made, such as {min(others)}; choose another output")
    if others and found != line:
        other = {name: value for name, value in found.items() if line.get(name) != value}
        raise ValueError(f"{folder} holds another run, made with {other}; choose another output")
    if found != line:
        with write_whole(path) as file:
            json.dump(line, file)


def content_digest(*tables: datasets.Dataset) -> str:
    """A digest of the rows of some tables, for the settings of a run."""
    digest = hashlib.sha256()
    for batch in (batch for table in tables for batch in table.iter(1000)):
        digest.update(json.dumps(batch).encode())
    return digest.hexdigest()
