"""Golds and predictions in the official formats: JSON files, zips of them, and which task they are of.

Standard library only. Nothing is extracted to disk.
"""

from __future__ import annotations

import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from lamp_dataset.files import HEAD_BYTES, describe, write_whole
from lamp_dataset.golds import Outputs, dump_outputs, parse_outputs
from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS, Task, get_task
from lamp_metric.scoring import Measured, measure
from lamp_metric.values import as_list, as_texts, by_id, check_same_ids

#: More than any honest zip of all tasks inflates to; what lies beyond is taken for a zip bomb.
MAX_INFLATED_BYTES = 512 << 20

#: What zipfile raises for a zip that is not whole.
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, UnicodeError)


@dataclass(frozen=True)
class Pair:
    """Golds and predictions of one task, joined by id.

    Attributes:
        task: their task.
        ids: sample ids in the golds' order.
        predictions: in that order.
        references: in that order.
        names: how messages call a prediction and a reference: file and side.
    """

    task: Task
    ids: list[str]
    predictions: list
    references: list
    names: tuple[str, str]

    def measure(self, *, extract_answers: bool = False) -> Measured:
        """Measure each sample; see :func:`lamp_metric.scoring.measure`."""
        return measure(
            self.task, self.predictions, self.references, self.ids, extract_answers=extract_answers, sides=self.names
        )


def join(golds: Outputs, predictions: Outputs, task_name: str | None = None) -> Pair:
    """Join a file of predictions to the golds.

    Args:
        golds: of one task.
        predictions: of the same task.
        task_name: which task; by default what the golds say, see :func:`task_of`.

    Raises:
        ValueError: the two are of different tasks or hold different ids, or the golds are not of ``task_name``.
    """
    task = task_of(golds, task_name)
    if predictions.task != golds.task:
        raise ValueError(
            f"{predictions.name}: expected predictions for task {golds.task!r}, as in {golds.name}, "
            f"found {predictions.task!r}"
        )
    if not golds.by_id:
        raise ValueError(f"{golds.name}: nothing to score, 'golds' is an empty list")
    check_same_ids(predictions.by_id, golds.by_id, (predictions.name, golds.name))
    return Pair(
        task,
        list(golds.by_id),
        [predictions.by_id[sample_id] for sample_id in golds.by_id],
        list(golds.by_id.values()),
        (f"{predictions.name}: prediction", f"{golds.name}: reference"),
    )


def task_of(golds: Outputs, name: str | None = None) -> Task:
    """The task that ``golds`` are of.

    Two tasks share an official name, movie tags and news categories: the one whose labels fit the golds best is meant,
    unless ``name`` is the config name of one in particular.

    Raises:
        ValueError: no such task, or not the one that the file gives.
    """
    named = get_task(name) if name is not None else None
    if named is not None and named.official_name != golds.task:
        raise ValueError(f"{golds.name}: expected the golds of task {named.official_name!r}, found {golds.task!r}")
    if named is not None and named.base != named.official_name:
        return named
    setting = named.setting if named is not None else "user"
    return best_fit(golds.task, list(golds.by_id.values()), golds.name, setting)


def best_fit(official_name: str, outputs: Sequence[Any], file_name: str, setting: str = "user") -> Task:
    """The task of an official name whose labels most of ``outputs`` are; the first where that does not tell.

    Raises:
        ValueError: no task has that name.
    """
    tasks = [task for task in TASKS.values() if task.official_name == official_name and task.setting == setting]
    if not tasks:
        raise ValueError(f"{file_name}: no task is named {official_name!r}; tasks: {', '.join(OFFICIAL_NAMES)}")
    if len(tasks) == 1:
        return tasks[0]
    return max(tasks, key=lambda task: sum(str(output).strip() in task.labels for output in outputs))


def read_zip(path: str | os.PathLike) -> dict[str, Outputs]:
    """The outputs files in a zip, by the task that each gives, in the benchmark's order.

    JSON files count at any depth; what file managers add (``__MACOSX``, ``._x.json``), folders and other files do not.

    Raises:
        ValueError: no zip, cut, encrypted, inflating to more than :data:`MAX_INFLATED_BYTES`; no JSON in it, or JSON
            that is no outputs file; an unknown task, or two files of one task.
        OSError: it cannot be read.
    """
    found: dict[str, Outputs] = {}
    for name, data in _json_members(Path(path)):
        outputs = parse_outputs(data, name)
        if outputs.task not in OFFICIAL_NAMES:
            raise ValueError(f"{name}: no task is named {outputs.task!r}; tasks: {', '.join(OFFICIAL_NAMES)}")
        if outputs.task in found:
            raise ValueError(f"{path}: two files of task {outputs.task}: {found[outputs.task].name} and {name}")
        found[outputs.task] = outputs
    if not found:
        raise ValueError(f"{path}: expected JSON files in the zip, found none")
    return {task: found[task] for task in OFFICIAL_NAMES if task in found}


def _json_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name (zip and member) and content of each JSON file in a zip."""
    if path.is_dir():
        raise ValueError(f"{path}: expected a zip file, found a folder")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if not head.startswith(b"PK"):
            raise ValueError(f"{path}: expected a zip file, found {describe(head)}")
        left = MAX_INFLATED_BYTES
        try:
            with zipfile.ZipFile(file) as archive:
                for member in filter(_is_json, archive.infolist()):
                    data = _inflate(archive, member, f"{path}/{member.filename}", left)
                    left -= len(data)
                    yield f"{path}/{member.filename}", data
        except _DAMAGE as error:
            raise ValueError(f"{path}: expected a zip file, but it is damaged or cut off: {error}") from None


def _is_json(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    hidden = "__MACOSX" in path.parts or path.name.startswith(".")
    return not member.is_dir() and not hidden and path.suffix.lower() == ".json"


def _inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, limit: int) -> bytes:
    if member.flag_bits & 1:
        raise ValueError(f"{name}: is encrypted; make the zip without a password")
    try:
        with archive.open(member) as file:
            data = file.read(limit + 1)  # what the header says of the size need not be true
    except NotImplementedError as error:
        raise ValueError(f"{name}: {error}; make the zip with deflate, the usual method") from None
    if len(data) > limit:
        raise ValueError(f"{name}: the zip inflates to more than {MAX_INFLATED_BYTES >> 20} MiB; no submission does")
    return data


def write_predictions(path: str | os.PathLike, task_name: str, ids: Sequence[str], outputs: Sequence[Any]) -> None:
    """Write predictions in the official file format, whole or not at all.

    Args:
        path: of the file to write.
        task_name: config name, such as ``"LaMP_4"``.
        ids: sample ids, strings.
        outputs: one per id: strings; numbers too where the task has labels.

    Raises:
        ValueError: no such task, lists of different length, an id that is no string or stands twice, an output that
            cannot be scored; the message names the sample.
        OSError: the file cannot be written.
    """
    task = get_task(task_name)
    ids, outputs = as_list(ids, "ids"), as_list(outputs, "outputs")
    if len(ids) != len(outputs):
        raise ValueError(f"expected as many outputs as ids, found {len(outputs)} and {len(ids)}")
    for position, sample_id in enumerate(ids):
        if not isinstance(sample_id, str):
            raise ValueError(f"ids: expected strings, found {sample_id!r} at position {position}")
    pairs = list(zip(ids, as_texts(outputs, task, "output", ids), strict=True))
    by_id(pairs, "ids")
    with write_whole(path) as file:
        file.write(dump_outputs(task.official_name, pairs))
