"""Check that a folder is a complete build: its files against the manifest, its rows against the task."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avocado_builder.collection.names import GATED
from avocado_builder.id_files import file_sha256
from avocado_builder.manifest import MANIFEST, built_files, read_manifest
from lamp_dataset.formats.ids import check_same_ids
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.formats.questions import read_questions
from lamp_dataset.formats.texts import short
from lamp_dataset.task import SPLITS, SPLITS_WITH_GOLDS, Task


@dataclass(frozen=True)
class Verdict:
    """The result of :func:`check_output` for an intact folder.

    Attributes:
        task: the config.
        rows: split -> number of samples.
        has_manifest: whether the folder has a manifest, which its files match. Without one, only the shape of the
            rows is known to be right.
        remarks: sentences that say what the folder lacks to be the whole published task, or why that is unknown;
            empty for the whole task.
    """

    task: Task
    rows: dict[str, int]
    has_manifest: bool
    remarks: tuple[str, ...]


def check_output(output_dir: str | os.PathLike[str]) -> Verdict:
    """Check a built folder.

    Args:
        output_dir: the folder, built by this builder or by the benchmark's script.

    Raises:
        ValueError: a file is missing, changed or damaged; an id is duplicate, or the questions and golds have different
            ids; or the texts are still names of mails.
        OSError: the folder does not exist, or a file cannot be read.
    """
    folder = Path(output_dir).expanduser()
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        raise FileNotFoundError(f"{folder}: expected a built folder, found {found}")
    manifest = read_manifest(folder)
    if manifest is not None:
        _check_files(folder, manifest)
    found = [split for split in SPLITS if (folder / f"{SPLITS[split]}_questions.json").is_file()]
    if not found:
        raise ValueError(f"{folder}: expected files such as dev_questions.json, found none")
    checked = {split: _check_split(folder, split) for split in found}
    task = _one_task(folder, checked, manifest)
    rows = {split: count for split, (count, _) in checked.items()}
    return Verdict(task, rows, manifest is not None, tuple(_remarks(task, rows, manifest)))


def _check_files(folder: Path, manifest: dict[str, Any]) -> None:
    for facts in built_files(manifest):
        path = folder / facts["file"]
        if not path.is_file():
            raise ValueError(f"{path}: the manifest lists this file, but it is missing. Build the folder again")
        if file_sha256(path) != facts["sha256"]:
            raise ValueError(f"{path}: changed since it was built (its SHA-256 differs from the one in the manifest)")


def _check_split(folder: Path, split: str) -> tuple[int, Task]:
    """The number of samples of a split, and the config they belong to."""
    path = folder / f"{SPLITS[split]}_questions.json"
    ids: list[str] = []
    task: Task | None = None
    for row in read_questions(path):
        where = f"{path}: sample {short(row['id'])}"
        setting = "time" if "user_id" in row else "user"
        if task is not None and task.setting != setting:
            raise ValueError(f"{where}: some rows have a 'user_id', others do not")
        task = GATED[setting]
        _check_texts(row, task, where)
        ids.append(row["id"])
    if split in SPLITS_WITH_GOLDS:
        _check_golds(folder / f"{SPLITS[split]}_outputs.json", path, task, ids)
    return len(ids), task


def _check_texts(row: dict[str, Any], task: Task, where: str) -> None:
    _check_text(row["input"], task, f"{where}: 'input'")
    if not row["input"].startswith(task.instruction):
        raise ValueError(f"{where}: expected an input that begins with {task.instruction!r}")
    for position, item in enumerate(row["profile"]):
        for field in task.profile_fields:
            text = item.get(field) if isinstance(item, dict) else None
            _check_text(text, task, f"{where}: profile item {position}: {field!r}")


def _check_golds(path: Path, questions: Path, task: Task, ids: list[str]) -> None:
    golds = read_outputs(path, task)
    check_same_ids(golds.by_id, ids, (str(path), questions.name))
    for sample_id, gold in golds.by_id.items():
        _check_text(gold, task, f"{path}: sample {short(sample_id)}: 'output'")


def _check_text(text: Any, task: Task, where: str) -> None:
    """Errors never quote the text, which may be that of a mail."""
    if not isinstance(text, str):
        raise ValueError(f"{where}: expected a text, found {type(text).__name__}")
    if task.is_stub(text):
        raise ValueError(f"{where} is still the name of an email: these files have not been built yet")


def _one_task(folder: Path, checked: dict[str, tuple[int, Task]], manifest: dict[str, Any] | None) -> Task:
    tasks = [task for _, task in checked.values()]
    names = {task.name for task in tasks} | ({str(manifest.get("config"))} if manifest is not None else set())
    if len(names) > 1:
        raise ValueError(f"{folder}: expected files of one config, found {' and '.join(sorted(names))}")
    return tasks[0]


def _remarks(task: Task, rows: dict[str, int], manifest: dict[str, Any] | None) -> list[str]:
    remarks = [] if manifest else [f"without {MANIFEST} nothing shows whether the files changed since the build"]
    for split in SPLITS:
        published = task.num_samples[split]
        if split not in rows:
            remarks.append(f"not the whole published task: {split} is missing")
        elif published is not None and rows[split] != published:
            found = f"{split} has {rows[split]:,} samples, the published one has {published:,}"
            remarks.append(f"not the whole published task: {found}")
    return remarks
