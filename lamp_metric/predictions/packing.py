"""Files of predictions into one zip, as ``lamp-metric eval-all`` and the leaderboard take it."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.formats.json_file import read_json
from lamp_dataset.formats.outputs import dump_outputs, golds_of
from lamp_dataset.formats.recognition import best_fit, tasks_named
from lamp_dataset.task import Task
from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS
from lamp_metric.predictions.report import Report, check_document

#: A fixed date, so that the same files give the same zip, byte for byte.
_DATE = (1980, 1, 1, 0, 0, 0)


def pack(
    paths: Sequence[str | os.PathLike],
    output: str | os.PathLike,
    *,
    partial: bool = False,
    ids_of: Callable[[Task], Collection[str]] | None = None,
) -> dict[str, Report]:
    """Check files of predictions and write them into one zip; nothing is written unless all of them are fit.

    Args:
        paths: outputs files, one per task.
        output: the zip to write.
        partial: whether some tasks may be missing.
        ids_of: gives the samples of a config that need a prediction; None if they are not known.

    Returns:
        Official task name -> report, in the benchmark's order. Nothing was written unless all files are fit.

    Raises:
        ValueError: a file is not an outputs file, its task is unknown, two files belong to one task, or a task is
            missing.
        OSError: a file cannot be read or written.
    """
    documents = _documents(paths)
    missing = [task for task in OFFICIAL_NAMES if task not in documents]
    if missing and not partial:
        raise ValueError(f"expected predictions for all tasks, found none for {', '.join(missing)}; or pass --partial")
    reports = {task: _report(*documents[task], ids_of) for task in OFFICIAL_NAMES if task in documents}
    if not any(report.exit_status for report in reports.values()):
        _write({task: documents[task][0] for task in reports}, Path(output))
    return reports


def _documents(paths: Sequence[str | os.PathLike]) -> dict[str, tuple[Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    for path in paths:
        document, name = read_json(path), str(Path(path))
        _, task = golds_of(document, name)
        tasks_named(task, name)  # rejects unknown names
        if task in found:
            raise ValueError(f"two files of task {task}: {found[task][1]} and {name}")
        found[task] = document, name
    return found


def _report(document: Any, name: str, ids_of: Callable[[Task], Collection[str]] | None) -> Report:
    entries, official_name = golds_of(document, name)
    outputs = [entry.get("output") for entry in entries if isinstance(entry, dict)]
    task = best_fit(official_name, outputs, name)
    settings = _settings(task, entries)
    report = check_document(document, name, task, None if ids_of is None else ids_of(settings[0]))
    if not entries:
        report.errors.append("no predictions: 'golds' is an empty list")
    distance, nearest = _nearest_split(settings, len(entries))
    if distance and ids_of is None:
        report.warnings.append(f"not a whole split of {task.base}: {report.counted} (nearest: {nearest})")
    return report


def _settings(task: Task, entries: list) -> list[Task]:
    """The task in the setting that all ids begin like; in both, user-based first, if they begin like neither's."""
    both = [other for other in TASKS.values() if other.base == task.base]
    ids = [str(entry.get("id")) for entry in entries if isinstance(entry, dict)]
    return [other for other in both if all(sample_id.startswith(other.id_start) for sample_id in ids)] or both


def _nearest_split(settings: Sequence[Task], number: int) -> tuple[int, str]:
    """Of the splits with a known size: how far the nearest one's size is from ``number``, and its size and name."""
    sizes = (
        (abs(count - number), f"{count:,} in {split}, {task.setting}")
        for task in settings
        for split, count in task.num_samples.items()
        if count is not None
    )
    return min(sizes, default=(0, ""))


def _write(documents: dict[str, Any], output: Path) -> None:
    permissions = PRIVATE if any(TASKS[task].gated for task in documents) else None
    with write_whole(output, "wb", permissions) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for task, document in documents.items():
            pairs = [(entry["id"], entry["output"]) for entry in document["golds"]]
            member = zipfile.ZipInfo(f"{task}.json", _DATE)
            member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(member, dump_outputs(task, pairs))
