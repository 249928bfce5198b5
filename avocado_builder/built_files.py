"""A built folder: its questions and golds byte for byte as by the benchmark's script, its manifest, its check.

The manifest says what the folder holds, how it was made, and what the license means for it.
"""

import json
import os
import platform
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avocado_builder.collection import GATED, NeededMails
from avocado_builder.id_files import CONTENT_LENGTH, Ids, id_rows
from avocado_builder.mail import REPAIRS, RULES, WARNINGS
from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.formats.json_files import Encoded, EntryWriter, encode, read_json
from lamp_dataset.formats.outputs import read_outputs, write_outputs
from lamp_dataset.formats.questions import read_questions
from lamp_dataset.formats.texts import check_same_ids, counted, counted_each, short
from lamp_dataset.loading.raw_files import PROVENANCE, hash_file
from lamp_dataset.task import SPLITS, SPLITS_WITH_GOLDS, Task
from lamp_dataset.version import __version__


def file_names(split: str) -> dict[str, str]:
    """Kind of file -> its name in the built folder, for the kinds that a split has: the golds of test are withheld.

    KeyError for another split.

    >>> file_names("validation")
    {'questions': 'dev_questions.json', 'outputs': 'dev_outputs.json'}
    """
    kinds = ("questions", "outputs") if split in SPLITS_WITH_GOLDS else ("questions",)
    return {kind: f"{SPLITS[split]}_{kind}.json" for kind in kinds}


def write_split(split: str, ids: Path, task: Task, mails: NeededMails, folder: Path) -> dict[str, dict[str, Any]]:
    """Write the questions of a split, from its id file, and, if the benchmark publishes them, its golds.

    Questions are a bare list in every split. The benchmark's script wraps those of test like outputs, which none of
    its other scripts can read. The result gives name, number of entries, size and SHA-256 of each file.
    """
    paths = {kind: folder / name for kind, name in file_names(split).items()}
    with ExitStack() as stack:
        files = {kind: stack.enter_context(write_whole(path, "wb", PRIVATE)) for kind, path in paths.items()}
        writers = {"questions": stack.enter_context(EntryWriter(files["questions"]))}
        if "outputs" in files:
            writers["outputs"] = stack.enter_context(write_outputs(files["outputs"], task.official_name))
        for row in id_rows(ids, task):
            for writer, entry in zip(writers.values(), expand(row, task, mails), strict=False):
                writer.add(entry)
    facts = {}
    for kind, path in paths.items():
        size, sha256 = hash_file(path, PROVENANCE)
        facts[kind] = {"file": path.name, "rows": writers[kind].count, "bytes": size, "sha256": sha256}
    return facts


def expand(row: Mapping[str, Any], task: Task, mails: NeededMails) -> tuple[dict[str, Any], dict[str, Any]]:
    """A question and its gold: the row with its names of mails replaced by texts, which are JSON already.

    The input is the task's instruction, a space and the body; the gold is the subject. For a task that completes mails,
    the input has the subject and so many words of the body, and the gold has the others. The keys of a row are id,
    input, profile and, in the time-based setting, user_id. A profile item keeps its keys in their order; ``text``
    becomes the body, and ``title``, the subject, comes last.
    """
    body, subject = mails.get(row["input"])
    text, gold = Encoded(encode(f"{task.instruction} ")[:-1] + body[1:]), Encoded(subject)
    if task.completes_texts:
        words, length = json.loads(body).split(), int(row[CONTENT_LENGTH])
        text = f"{task.pair.asks.format(title=json.loads(subject))} {' '.join(words[:length])}"
        gold = " ".join(words[length:])
    items = [
        item | dict(zip(("text", "title"), map(Encoded, mails.get(item["text"])), strict=True))
        for item in row["profile"]
    ]
    question = {"id": row["id"], "input": text, "profile": items}
    if task.names_users:
        question["user_id"] = row["user_id"]
    return question, {"id": row["id"], "output": gold}


MANIFEST = "manifest.json"
BUILDER = "avocado-builder"
NOTICE = (
    "These files hold the full text of emails. The collection's license agreement covers them just as it covers the "
    "collection itself: do not publish, upload or share them, and keep them only where and as long as you may keep the "
    "collection."
)


def write_manifest(
    folder: Path,
    ids: Ids,
    left_out: Mapping[str, str],
    written: Mapping[str, Mapping[str, Any]],
    notes: Mapping[str, list[str]],
    ignored: tuple[str, ...],
) -> dict[str, Any]:
    """Write the manifest into the built folder, and return it; OSError if the disk is full.

    ``left_out``: split without an id file -> a sentence about it. ``written``: split -> ``questions`` and ``outputs``
    -> facts of the file. ``notes``: key of :data:`avocado_builder.mail.REPAIRS` or ``WARNINGS`` -> names of
    mails.
    """
    manifest = {
        "builder": {"name": BUILDER, "version": __version__, "rules": RULES, "python": platform.python_version()},
        "task": ids.task.official_name,
        "config": ids.task.name,
        "setting": ids.task.setting,
        "source": ids.task.source,
        "license": ids.task.license,
        "notice": NOTICE,
        "mails": len(ids.needed),
        "splits": {
            split: {
                "ids": {"file": file.path.name, "rows": file.rows, "profile_items": file.items, "sha256": file.sha256},
                **written[split],
            }
            for split, file in ids.files.items()
        },
        "left_out": dict(left_out),
        "repairs": _counted(REPAIRS, notes),
        "warnings": _counted(WARNINGS, notes),
        "ignored": list(ignored),
    }
    with write_whole(folder / MANIFEST, permissions=0o600) as file:
        file.write(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    return manifest


def _counted(kinds: Mapping[str, str], notes: Mapping[str, list[str]]) -> dict[str, dict[str, Any]]:
    return {
        kind: {"meaning": meaning, "count": len(notes.get(kind, ())), "mails": sorted(notes.get(kind, ()))}
        for kind, meaning in kinds.items()
    }


def is_own_file(path: Path) -> bool:
    """Whether a file is there. ValueError for a folder, or for a link, whose file can change elsewhere."""
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        raise ValueError(f"{path}: expected a file, found a link or a folder. Move it and build again")
    return path.exists()


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a built folder; None if it has none. ValueError if it is not one of this builder."""
    path = folder / MANIFEST
    if not is_own_file(path):
        return None
    manifest = read_json(path)
    with suppress(KeyError, TypeError):
        if manifest["builder"]["name"] == BUILDER and manifest["config"] and built_files(manifest) is not None:
            return manifest
    raise ValueError(f"{path}: expected a manifest of {BUILDER}, found something else")


def built_files(manifest: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
    """Name of each built file -> its size and SHA-256 by a manifest; KeyError or TypeError if it has another shape."""
    return {
        name: (manifest["splits"][split][kind]["bytes"], manifest["splits"][split][kind]["sha256"])
        for split in manifest["splits"]
        for kind, name in file_names(split).items()
    }


def foreign_names(folder: Path, manifest: Mapping[str, Any] | None) -> list[str]:
    """What is in a folder, but was not built by this builder as its manifest says."""
    return sorted(set(os.listdir(folder)) - ({MANIFEST, *built_files(manifest)} if manifest else set()))


def summary(manifest: Mapping[str, Any], task: Task) -> list[str]:
    """Lines that say what was built."""
    rows = {split: facts["questions"]["rows"] for split, facts in manifest["splits"].items()}
    lines = [f"{task.name}: {counted_each(rows, 'samples')} from {counted(manifest['mails'], 'emails')}"]
    for note in (*manifest["repairs"].values(), *manifest["warnings"].values()):
        if note["count"]:
            names = ", ".join(note["mails"][:3]) + (", …" if note["count"] > 3 else "")
            lines.append(f"{counted(note['count'], 'emails')}: {note['meaning']} ({names})")
    return lines


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
