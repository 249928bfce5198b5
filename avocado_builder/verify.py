"""Check that a folder is a complete build: its files against the manifest, its rows against the task."""

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avocado_builder.collection.mail_names import GATED
from avocado_builder.id_files import file_sha256
from avocado_builder.manifest import MANIFEST, built_files, foreign_names, is_own_file, read_manifest
from avocado_builder.split_files import file_names
from lamp_dataset.formats.ids import check_same_ids
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.formats.questions import read_questions
from lamp_dataset.formats.texts import short
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
    tasks = [content.task for content in checked.values()]
    names = {task.name for task in tasks}
    if manifest is not None:
        _check_numbers(folder / MANIFEST, manifest, checked)
        names.add(manifest["config"])
    if len(names) > 1:
        raise ValueError(f"{folder}: expected files of one config, found {' and '.join(sorted(names))}")
    rows = {split: len(content.ids) for split, content in checked.items()}
    return Verdict(tasks[0], rows, manifest is not None, tuple(_remarks(tasks[0], rows, manifest)))


def _check_files(folder: Path, manifest: dict[str, Any]) -> None:
    """Compare the manifest's files with those in the folder, both ways."""
    for facts in built_files(manifest):
        path = folder / facts["file"]
        if not is_own_file(path):
            raise ValueError(f"{path}: the manifest lists this file, but it is missing. Build the folder again")
        if (path.stat().st_size, file_sha256(path)) != (facts["bytes"], facts["sha256"]):
            raise ValueError(f"{path}: changed since it was built (its size or SHA-256 differs from the manifest's)")
    if foreign := foreign_names(folder, manifest):
        raise ValueError(f"{folder / foreign[0]}: the manifest does not list it. Move it to another folder")


@dataclass
class _Content:
    """What the files of a split hold: ids, numbers of rows and profile items, hashes of the mails' bodies."""

    task: Task
    ids: list[str] = dataclasses.field(default_factory=list)
    items: int = 0
    bodies: set[int] = dataclasses.field(default_factory=set)

    def add(self, row: dict[str, Any]) -> None:
        self.ids.append(row["id"])
        self.items += len(row["profile"])
        whole = [] if self.task.completes_texts else [row["input"][len(self.task.instruction) + 1 :]]
        self.bodies.update(map(hash, [*whole, *(item["text"] for item in row["profile"])]))


def _check_numbers(path: Path, manifest: dict[str, Any], checked: dict[str, _Content]) -> None:
    for split, content in checked.items():
        facts = manifest["splits"][split]
        rows, items = {facts[kind]["rows"] for kind in ("ids", *file_names(split))}, {facts["ids"]["profile_items"]}
        for name, said, found in (("rows", rows, len(content.ids)), ("profile items", items, content.items)):
            if others := said - {found}:
                raise ValueError(f"{path}: {split}: expected {found:,} {name} as in the files, found {max(others)}")
    # different mails may have the same body
    least = len(set().union(*(content.bodies for content in checked.values())))
    most = sum(len(content.ids) + content.items for content in checked.values())
    if not least <= manifest["mails"] <= most:
        raise ValueError(f"{path}: expected {least:,} to {most:,} 'mails' as in the files, found {manifest['mails']}")


def _check_split(folder: Path, split: str) -> _Content:
    names = file_names(split)
    path = folder / names["questions"]
    content: _Content | None = None
    for row in read_questions(path):
        where = f"{path}: sample {short(row['id'])}"
        task = _task_of(row["input"], "time" if "user_id" in row else "user")
        content = content or _Content(task)
        if content.task != task:
            raise ValueError(f"{where}: some rows have a 'user_id', others do not")
        _check_text(row["input"], task, f"{where}: 'input'")
        if not row["input"].startswith(task.instruction):
            raise ValueError(f"{where}: expected an input that begins with {task.instruction!r}")
        for position, item in enumerate(row["profile"]):
            for field in task.profile_fields:
                text = item.get(field) if isinstance(item, dict) else None
                _check_text(text, task, f"{where}: profile item {position}: {field!r}")
        content.add(row)
    if "outputs" in names:
        golds = read_outputs(folder / names["outputs"], content.task)
        check_same_ids(golds.by_id, content.ids, (golds.name, path.name))
        for sample_id, gold in golds.by_id.items():
            _check_text(gold, content.task, f"{golds.name}: sample {short(sample_id)}: 'output'")
    return content


def _task_of(text: str, setting: str) -> Task:
    """The config whose inputs begin as this one; else the first, whose check says what is wrong."""
    tasks = [configs[setting] for configs in GATED.values()]
    return next((task for task in tasks if text.startswith(task.opening)), tasks[0])


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
