"""Check that a folder is a complete build: its files against the manifest, its rows against the task."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avocado_builder.collection.mail_names import GATED
from avocado_builder.manifest import MANIFEST, built_files, foreign_names, is_own_file, read_manifest
from avocado_builder.split_files import file_names
from lamp_dataset.formats.ids import check_same_ids
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.formats.questions import read_questions
from lamp_dataset.formats.texts import short
from lamp_dataset.loading.raw_files import PROVENANCE, hash_file
from lamp_dataset.task import SPLITS, Task


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
    found = [split for split in SPLITS if (folder / file_names(split)["questions"]).is_file()]
    if not found:
        raise ValueError(f"{folder}: expected files such as dev_questions.json, found none")
    checked = {split: _check_split(folder, split) for split in found}
    tasks = [task for task, _ in checked.values()]
    names = {task.name for task in tasks} | ({str(manifest["config"])} if manifest else set())
    if len(names) > 1:
        raise ValueError(f"{folder}: expected files of one config, found {' and '.join(sorted(names))}")
    rows = {split: count for split, (_, count) in checked.items()}
    return Verdict(tasks[0], rows, manifest is not None, tuple(_remarks(tasks[0], rows, manifest)))


def _check_files(folder: Path, manifest: dict[str, Any]) -> None:
    """Compare the manifest's files with those in the folder, both ways."""
    for name, facts in built_files(manifest).items():
        path = folder / name
        if not is_own_file(path):
            raise ValueError(f"{path}: the manifest lists this file, but it is missing. Build the folder again")
        if hash_file(path, PROVENANCE) != facts:
            raise ValueError(f"{path}: changed since it was built (its size or SHA-256 differs from the manifest's)")
    if foreign := foreign_names(folder, manifest):
        raise ValueError(f"{folder / foreign[0]}: the manifest does not list it. Move it to another folder")


def _check_split(folder: Path, split: str) -> tuple[Task, int]:
    """The config of a split's files, and their number of rows."""
    names, ids = file_names(split), []
    path, task = folder / names["questions"], None
    for row in read_questions(path):
        where = f"{path}: sample {short(row['id'])}"
        setting = "time" if "user_id" in row else "user"
        if task is None:  # where no config's inputs begin like this one, the first says below what is wrong
            configs = [configs[setting] for configs in GATED.values()]
            task = next((config for config in configs if str(row["input"]).startswith(config.opening)), configs[0])
        if task.setting != setting:
            raise ValueError(f"{where}: some rows have a 'user_id', others do not")
        _check_text(row["input"], task, f"{where}: 'input'")
        if not row["input"].startswith(task.instruction):
            raise ValueError(f"{where}: expected an input that begins with {task.instruction!r}")
        for position, item in enumerate(row["profile"]):
            for field in task.profile_fields:
                text = item.get(field) if isinstance(item, dict) else None
                _check_text(text, task, f"{where}: profile item {position}: {field!r}")
        ids.append(row["id"])
    if "outputs" in names:
        golds = read_outputs(folder / names["outputs"], task)
        check_same_ids(golds.by_id, ids, (golds.name, path.name))
        for sample_id, gold in golds.by_id.items():
            _check_text(gold, task, f"{golds.name}: sample {short(sample_id)}: 'output'")
    return task, len(ids)


def _check_text(text: Any, task: Task, where: str) -> None:
    """Errors never quote the text, which may be that of a mail."""
    if not isinstance(text, str):
        raise ValueError(f"{where}: expected a text, found {type(text).__name__}")
    if task.is_stub(text):
        raise ValueError(f"{where} is still the name of an email: these files have not been built yet")


def _remarks(task: Task, rows: dict[str, int], manifest: dict[str, Any] | None) -> list[str]:
    remarks = [] if manifest else [f"without {MANIFEST} nothing shows whether the files changed since the build"]
    for split in SPLITS:
        published = task.num_samples[split]
        if split not in rows:
            remarks.append(f"not the whole published task: {split} is missing")
        elif published not in (None, rows[split]):
            found = f"{split} has {rows[split]:,} samples, the published one has {published:,}"
            remarks.append(f"not the whole published task: {found}")
    return remarks
