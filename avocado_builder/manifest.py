"""The manifest: what a built folder holds, how it was made, and what the license means for it."""

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from avocado_builder.id_files import Ids
from avocado_builder.mail.parsing import REPAIRS, RULES, WARNINGS
from avocado_builder.split_files import file_names
from lamp_dataset.atomic import write_whole
from lamp_dataset.formats.json_file import read_json
from lamp_dataset.formats.texts import counted, counted_each, short
from lamp_dataset.task import SPLITS, Task
from lamp_dataset.version import __version__

MANIFEST = "manifest.json"
BUILDER = "avocado-builder"
NOTICE = (
    "These files hold the full text of emails. The collection's license agreement covers them just as it covers the "
    "collection itself: do not publish, upload or share them, and keep them only where and as long as you may keep the "
    "collection."
)


def make_manifest(
    ids: Ids,
    left_out: Mapping[str, str],
    written: Mapping[str, Mapping[str, Any]],
    notes: Mapping[str, list[str]],
    ignored: tuple[str, ...],
) -> dict[str, Any]:
    """The manifest of a build; ``left_out``: split without an id file -> a sentence about it.

    ``written``: split -> ``questions`` and ``outputs`` -> facts of the file. ``notes``: key of
    :data:`avocado_builder.mail.parsing.REPAIRS` or ``WARNINGS`` -> names of mails.
    """
    return {
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


def _counted(kinds: Mapping[str, str], notes: Mapping[str, list[str]]) -> dict[str, dict[str, Any]]:
    return {
        kind: {"meaning": meaning, "count": len(notes.get(kind, ())), "mails": sorted(notes.get(kind, ()))}
        for kind, meaning in kinds.items()
    }


def write_manifest(manifest: Mapping[str, Any], folder: Path) -> None:
    """Write the manifest into the built folder; OSError if the disk is full."""
    with write_whole(folder / MANIFEST, permissions=0o600) as file:
        file.write(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


_FILE = {"file": str, "rows": int, "bytes": int, "sha256": str}
_NOTE = {"meaning": str, "count": int, "mails": list}
#: Each key that is read, with the type of its value.
_SHAPE = {
    "builder": {"name": str},
    "config": str,
    "mails": int,
    "splits": dict,
    "repairs": dict.fromkeys(REPAIRS, _NOTE),
    "warnings": dict.fromkeys(WARNINGS, _NOTE),
}


def is_own_file(path: Path) -> bool:
    """Whether a file is there. ValueError for a link, whose file can change elsewhere, or a folder."""
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        raise ValueError(f"{path}: expected a file, found a link or a folder. Move it and build again")
    return path.exists()


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a built folder; None if it has none. ValueError if it is not one of this builder."""
    path = folder / MANIFEST
    if not is_own_file(path):
        return None
    manifest = read_json(path)
    if _has_shape(manifest, {"builder": {"name": str}}) and manifest["builder"]["name"] != BUILDER:
        raise ValueError(f"{path}: made by {short(manifest['builder']['name'])}, not by {BUILDER}")
    if not _has_shape(manifest, _SHAPE) or not all(
        split in SPLITS and _has_shape(facts, _split_shape(split)) for split, facts in manifest["splits"].items()
    ):
        raise ValueError(f"{path}: expected a manifest of {BUILDER}, found something else")
    return manifest


def _split_shape(split: str) -> dict[str, Any]:
    files = {kind: {**_FILE, "file": name} for kind, name in file_names(split).items()}
    return {"ids": {"rows": int, "profile_items": int}, **files}


def _has_shape(value: Any, shape: Any) -> bool:
    """Whether ``value`` is an instance of ``shape``, equal to it, or a mapping with its keys and such values."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(key in value and _has_shape(value[key], shape[key]) for key in shape)
    return isinstance(value, shape) and not isinstance(value, bool) if isinstance(shape, type) else value == shape


def built_files(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a manifest says about each of its files."""
    return [facts[kind] for split, facts in manifest["splits"].items() for kind in file_names(split)]


def foreign_names(folder: Path, manifest: Mapping[str, Any] | None) -> list[str]:
    """What is in a folder, but was not built by this builder as its manifest says."""
    known = {MANIFEST, *(file["file"] for file in built_files(manifest))} if manifest else set()
    return sorted(set(os.listdir(folder)) - known)


def summary(manifest: Mapping[str, Any], task: Task) -> list[str]:
    """Lines that say what was built."""
    rows = {split: facts["questions"]["rows"] for split, facts in manifest["splits"].items()}
    lines = [f"{task.name}: {counted_each(rows, 'samples')} from {counted(manifest['mails'], 'emails')}"]
    for note in (*manifest["repairs"].values(), *manifest["warnings"].values()):
        if note["count"]:
            names = ", ".join(note["mails"][:3]) + (", …" if note["count"] > 3 else "")
            lines.append(f"{counted(note['count'], 'emails')}: {note['meaning']} ({names})")
    return lines
