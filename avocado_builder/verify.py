"""Is a folder a whole, real build? Its files against the manifest, its rows against the task."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avocado_builder.collection.names import GATED
from avocado_builder.id_files import sha256_of
from avocado_builder.manifest import MANIFEST, built_files, read_manifest
from lamp_dataset.formats.json_list import JsonList
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.task import SPLITS, SPLITS_WITH_GOLDS, Task


@dataclass(frozen=True)
class Verdict:
    """What :func:`check_output` found in an intact folder.

    Attributes:
        task: the config.
        rows: split -> number of samples.
        has_manifest: whether there is a manifest, and the files are as it says. Without one, the rows are well-formed,
            and that is all that can be told.
        remarks: sentences on why this is not the whole published task, or why that cannot be told; empty for a whole
            one.
    """

    task: Task
    rows: dict[str, int]
    has_manifest: bool
    remarks: tuple[str, ...]


def check_output(output_dir: str | os.PathLike) -> Verdict:
    """Check a built folder.

    Args:
        output_dir: the folder, built by this builder or by the benchmark's script.

    Raises:
        ValueError: a file is missing, changed or damaged; ids are doubled or differ between questions and golds; or
            the texts are still names of mails.
        OSError: no such folder, or a file cannot be read.
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
        raise ValueError(f"{folder}: expected files such as dev_questions.json in it, found none")
    checked = {split: _check_split(folder, split) for split in found}
    task = _one_task(folder, checked, manifest)
    rows = {split: count for split, (count, _) in checked.items()}
    return Verdict(task, rows, manifest is not None, tuple(_remarks(task, rows, manifest)))


def _check_files(folder: Path, manifest: dict[str, Any]) -> None:
    for facts in built_files(manifest):
        path = folder / facts["file"]
        if not path.is_file():
            raise ValueError(f"{path}: the manifest lists it, but it is not there. Build the folder again")
        if sha256_of(path) != facts["sha256"]:
            raise ValueError(f"{path}: changed since it was built (its SHA-256 is not that of the manifest)")


def _check_split(folder: Path, split: str) -> tuple[int, Task]:
    """Number of samples of a split, and the config they are of."""
    path = folder / f"{SPLITS[split]}_questions.json"
    ids: dict[str, None] = {}
    task: Task | None = None
    with path.open("rb") as file:
        for number, row in enumerate(JsonList(file, str(path), ("profile", "input")).rows()):
            setting = "time" if "user_id" in row else "user"
            if task is not None and task.setting != setting:
                raise ValueError(f"{path}: row {number}: some rows have a 'user_id' and some have none")
            task = GATED[setting]
            _check_row(row, task, f"{path}: row {number}")
            if row["id"] in ids:
                raise ValueError(f"{path}: sample id {row['id']!r} stands twice")
            ids[row["id"]] = None
    if task is None:
        raise ValueError(f"{path}: expected questions, found an empty list")
    if split in SPLITS_WITH_GOLDS:
        _check_golds(folder / f"{SPLITS[split]}_outputs.json", task, ids)
    return len(ids), task


def _check_row(row: dict[str, Any], task: Task, where: str) -> None:
    if not isinstance(row.get("id"), str) or not isinstance(row.get("profile"), list):
        raise ValueError(f"{where}: expected 'id', 'input' and a list as 'profile', found the keys {', '.join(row)}")
    where = f"{where} (sample {row['id']!r})"
    texts = {"'input'": row.get("input")}
    for position, item in enumerate(row["profile"]):
        fields = item if isinstance(item, dict) else {}
        texts |= {f"profile item {position}: {field!r}": fields.get(field) for field in task.profile_fields}
    for field, text in texts.items():
        if task.is_stub(text):
            raise ValueError(f"{where}: {field} is still the name of a mail: these files are not built yet")
        if not isinstance(text, str):
            raise ValueError(f"{where}: {field}: expected a text, found {type(text).__name__}")
    if not row["input"].startswith(task.instruction):
        raise ValueError(f"{where}: expected an input that begins {task.instruction!r}")


def _check_golds(path: Path, task: Task, ids: dict[str, None]) -> None:
    golds = read_outputs(path, task)
    differing = list(set(golds.by_id) ^ set(ids))
    if differing:
        example = min(differing)
        raise ValueError(f"{path}: {len(differing):,} ids are not in both questions and golds, {example!r} is one")
    for sample_id, gold in golds.by_id.items():
        if task.is_stub(gold):
            raise ValueError(f"{path}: sample {sample_id!r}: the gold is still the name of a mail, not its subject")
        if not isinstance(gold, str):
            raise ValueError(f"{path}: sample {sample_id!r}: expected a text as gold, found {type(gold).__name__}")


def _one_task(folder: Path, checked: dict[str, tuple[int, Task]], manifest: dict[str, Any] | None) -> Task:
    tasks = {task.name: task for _, task in checked.values()}
    if len(tasks) > 1 or (manifest is not None and manifest.get("config") not in tasks):
        raise ValueError(f"{folder}: files of different configs in one folder: {', '.join(tasks)}")
    return next(iter(tasks.values()))


def _remarks(task: Task, rows: dict[str, int], manifest: dict[str, Any] | None) -> list[str]:
    remarks = [] if manifest else [f"without {MANIFEST} it cannot be told whether the files are as they were built"]
    for split in SPLITS:
        published = task.num_samples[split]
        if split not in rows:
            remarks.append(f"not the whole published task: {split} is missing")
        elif published is not None and rows[split] != published:
            found = f"{split} has {rows[split]:,} samples, published are {published:,}"
            remarks.append(f"not the whole published task: {found}")
    return remarks
