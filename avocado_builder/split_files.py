"""Rows out: questions and golds as the benchmark's script writes them, byte for byte, as a stream."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from avocado_builder.id_files import IdFile, id_rows
from avocado_builder.mail.spool import Spool
from lamp_dataset.atomic import write_whole
from lamp_dataset.formats.json_text import Number
from lamp_dataset.task import SPLITS, SPLITS_WITH_GOLDS, Task

_PERMISSIONS = 0o600


class Output:
    """A file being written: counts and hashes what passes.

    Attributes:
        path: its path.
        rows: entries of the list written so far.
    """

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path, self._file = path, file
        self._digest, self._bytes, self.rows = hashlib.sha256(), 0, 0

    def write(self, data: bytes) -> None:
        """Write bytes."""
        self._file.write(data)
        self._digest.update(data)
        self._bytes += len(data)

    def entry(self, data: bytes) -> None:
        """Write an entry of a JSON list."""
        if self.rows:
            self.write(b", ")
        self.write(data)
        self.rows += 1

    def facts(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return {
            "file": self.path.name,
            "rows": self.rows,
            "bytes": self._bytes,
            "sha256": self._digest.hexdigest(),
        }


@contextmanager
def _output(path: Path) -> Iterator[Output]:
    try:
        with write_whole(path, "wb", _PERMISSIONS) as file:
            yield Output(path, file)
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_split(split: str, ids: IdFile, task: Task, spool: Spool, folder: Path) -> dict[str, dict[str, Any]]:
    """Write the questions of a split and, where the benchmark gives them out, its golds.

    Questions are a bare list in every split. The benchmark's script wraps those of test like an outputs file, which
    none of its other scripts reads.

    Args:
        split: train, validation or test.
        ids: its id file.
        task: the config.
        spool: the texts.
        folder: where to.

    Returns:
        ``questions`` and ``outputs`` -> name, number of entries, size and SHA-256 of the file.

    Raises:
        OSError: the disk is full; the message names the file.
    """
    with ExitStack() as stack:
        questions = stack.enter_context(_output(folder / f"{SPLITS[split]}_questions.json"))
        outputs = None
        if split in SPLITS_WITH_GOLDS:
            outputs = stack.enter_context(_output(folder / f"{SPLITS[split]}_outputs.json"))
            outputs.write(f'{{"task": {json.dumps(task.official_name)}, "golds": ['.encode())
        questions.write(b"[")
        for row in id_rows(ids.path):
            question, gold = expand(row, task, spool)
            questions.entry(question)
            if outputs is not None:
                outputs.entry(gold)
        questions.write(b"]")
        if outputs is not None:
            outputs.write(b"]}")
    written = {"questions": questions, "outputs": outputs}
    return {kind: output.facts() for kind, output in written.items() if output is not None}


def expand(row: Mapping[str, Any], task: Task, spool: Spool) -> tuple[bytes, bytes]:
    """A question and its gold as JSON, the names in ``row`` replaced by texts.

    The input is the task's instruction, a blank and the body; the gold is the subject. A row's keys are id, input,
    profile and, in the time-based setting, user_id. A profile item keeps its keys in their order, ``text`` becomes the
    body, and ``title``, the subject, comes last.
    """
    body, subject = spool.get(row["input"])
    sample_id = _json(row["id"])
    instruction = json.dumps(f"{task.instruction} ")[:-1].encode()
    items = b", ".join(_item(item, spool) for item in row["profile"])
    parts = [b'{"id": ', sample_id, b', "input": ', instruction, body[1:], b', "profile": [', items, b"]"]
    if task.time_based:
        parts += [b', "user_id": ', _json(row["user_id"])]
    return b"".join((*parts, b"}")), b"".join((b'{"id": ', sample_id, b', "output": ', subject, b"}"))


def _item(item: Mapping[str, Any], spool: Spool) -> bytes:
    body, subject = spool.get(item["text"])
    texts = {key: body if key == "text" else _json(value) for key, value in item.items()}
    texts["title"] = subject
    return b"{" + b", ".join(_json(key) + b": " + text for key, text in texts.items()) + b"}"


_encode = json.JSONEncoder().encode


def _json(value: Any) -> bytes:
    return _encode(value if type(value) is str else _plain(value)).encode("ascii")


def _plain(value: Any) -> Any:
    """``value`` with numbers as numbers again."""
    if isinstance(value, Number):
        return json.loads(value)
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list) else value
