"""Answers on disk as they arrive, so that a run that was stopped, in whatever way, continues where it stopped."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from lamp_dataset.formats.texts import short


class Journal:
    """A file of JSON lines: first what decides the answers, then an entry for each, with ``id`` and ``output``.

    Use it in a ``with`` block. The file appears with the first entry.

    Args:
        path: of the file; its folder must exist.
        settings: what decides the answers; entries made with others are refused. Values as JSON keeps them.

    Attributes:
        entries: sample id -> entry, those of earlier runs and new ones.

    Raises:
        ValueError: the file holds entries made with other settings, or a line that is no entry; the message names it.
        OSError: the file cannot be read or written.
    """

    def __init__(self, path: str | os.PathLike[str], settings: Mapping[str, Any]) -> None:
        """Read what is there."""
        self.path, self.settings, self.entries = os.fspath(path), dict(settings), dict[str, dict[str, Any]]()
        self._lock = threading.Lock()
        self._file = open(path, "ab+")  # noqa: SIM115 (closed in __exit__)
        try:
            self._is_new = not self._read()
        except ValueError:
            self._file.close()
            raise

    def _read(self) -> bytes:
        self._file.seek(0)
        data = self._file.read()
        whole = data[: data.rfind(b"\n") + 1]  # a line without its end was cut off by a stop
        self._file.truncate(len(whole))
        for number, line in enumerate(whole.splitlines(), 1):
            self._add(number, line)
        return whole

    def _add(self, number: int, line: bytes) -> None:
        try:
            entry = json.loads(line)
            if number > 1:
                self.entries[entry["id"]] = {"output": entry["output"], **entry}
        except (ValueError, TypeError, KeyError):
            raise ValueError(f"{self.path}, line {number}: expected an answer, found {short(line)}") from None
        if number == 1 and entry != self.settings:
            theirs = entry if isinstance(entry, dict) else {}
            here, there = (
                {name: value for name, value in one.items() if other.get(name) != value}
                for one, other in ((self.settings, theirs), (theirs, self.settings))
            )
            message = f"answers of another run, made with {there}, not with {here}"
            raise ValueError(f"{self.path}: {message}; remove the file or choose another output")

    def keep(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Add entries; whatever happens to this process afterwards, they are kept. Several threads may call it.

        Raises:
            OSError: the disk is full, or the like.
        """
        entries = [dict(entry) for entry in entries]
        with self._lock:
            lines = [self.settings, *entries] if self._is_new else entries
            self._file.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
            self._is_new = False
            self._file.flush()
            self.entries |= {entry["id"]: entry for entry in entries}

    def sync(self) -> None:
        """Wait until all that was kept is on the disk, so that it outlives a power cut, too."""
        os.fsync(self._file.fileno())

    def __enter__(self) -> Journal:
        """Itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Sync and close the file; without an entry it goes, and binds no later run to its settings."""
        self.sync()
        self._file.close()
        if self._is_new:
            os.remove(self.path)
