"""The files of a split, questions and golds, byte for byte as the benchmark's script writes them, as a stream."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from avocado_builder.id_files import IdFile, id_rows
from avocado_builder.mail.spool import Spool
from lamp_dataset.atomic import write_whole
from lamp_dataset.formats.json_entries import Encoded, EntryWriter, encode
from lamp_dataset.formats.outputs import write_outputs
from lamp_dataset.formats.questions import write_questions
from lamp_dataset.task import SPLITS, SPLITS_WITH_GOLDS, Task


class HashingFile:
    """Counts what is written to a file (``size``) and hashes it (``digest``, SHA-256)."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size, self.digest = 0, hashlib.sha256()

    def write(self, data: bytes, /) -> None:
        """Write bytes."""
        self._file.write(data)
        self.digest.update(data)
        self.size += len(data)


def write_split(split: str, ids: IdFile, task: Task, spool: Spool, folder: Path) -> dict[str, dict[str, Any]]:
    """Write the questions of a split and, if the benchmark publishes them, its golds.

    Questions are a bare list in every split. The benchmark's script wraps those of test like outputs, which none of
    its other scripts can read.

    Returns:
        ``questions`` and ``outputs`` -> name, number of entries, size and SHA-256 of the file.

    Raises:
        OSError: the disk is full; the message names the file.
    """
    kinds = ("questions", "outputs") if split in SPLITS_WITH_GOLDS else ("questions",)
    names = {kind: f"{SPLITS[split]}_{kind}.json" for kind in kinds}
    with ExitStack() as stack:
        files = {
            kind: HashingFile(stack.enter_context(write_whole(folder / name, "wb", 0o600)))
            for kind, name in names.items()
        }
        writers = {kind: stack.enter_context(_writer(kind, file, task)) for kind, file in files.items()}
        for row in id_rows(ids.path):
            for kind, entry in zip(("questions", "outputs"), expand(row, task, spool), strict=True):
                if kind in writers:
                    writers[kind].add(entry)
    return {
        kind: {"file": names[kind], "rows": writers[kind].count, "bytes": file.size, "sha256": file.digest.hexdigest()}
        for kind, file in files.items()
    }


def _writer(kind: str, file: HashingFile, task: Task) -> EntryWriter:
    return write_questions(file) if kind == "questions" else write_outputs(file, task.official_name)


def expand(row: Mapping[str, Any], task: Task, spool: Spool) -> tuple[dict[str, Any], dict[str, Any]]:
    """A question and its gold: the row with its names of mails replaced by texts, which are JSON already.

    The input is the task's instruction, a space and the body; the gold is the subject. The keys of a row are id, input,
    profile and, in the time-based setting, user_id. A profile item keeps its keys in their order; ``text`` becomes the
    body, and ``title``, the subject, comes last.
    """
    body, subject = spool.get(row["input"])
    question = {
        "id": row["id"],
        "input": Encoded(encode(f"{task.instruction} ")[:-1] + body[1:]),
        "profile": [_expand_item(item, spool) for item in row["profile"]],
    }
    if task.time_based:
        question["user_id"] = row["user_id"]
    return question, {"id": row["id"], "output": Encoded(subject)}


def _expand_item(item: Mapping[str, Any], spool: Spool) -> dict[str, Any]:
    body, subject = spool.get(item["text"])
    return {**item, "text": Encoded(body), "title": Encoded(subject)}
