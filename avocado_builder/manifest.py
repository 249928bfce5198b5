"""The manifest: what a built folder holds, how it was made, and what the license means for it."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from avocado_builder.id_files import Ids
from avocado_builder.mail.parsing import REPAIRS, RULES, WARNINGS
from lamp_dataset import __version__
from lamp_dataset.atomic import write_whole
from lamp_dataset.formats.json_file import read_json
from lamp_dataset.formats.texts import counted, counted_each, short
from lamp_dataset.task import Task

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
        "splits": {split: {"ids": _facts(ids, split), **files} for split, files in written.items()},
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


def _facts(ids: Ids, split: str) -> dict[str, Any]:
    file = ids.files[split]
    return {"file": file.path.name, "rows": file.rows, "profile_items": file.items, "sha256": file.sha256}


def write_manifest(manifest: Mapping[str, Any], folder: Path) -> None:
    """Write the manifest into the built folder; OSError if the disk is full."""
    with write_whole(folder / MANIFEST, permissions=0o600) as file:
        file.write(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a built folder; None if it has none. ValueError if it is not one of this builder.

    Folders that were built before the key ``licence`` became ``license`` are read as well.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    manifest = read_json(path)
    try:
        if manifest["builder"]["name"] != BUILDER:
            raise ValueError(f"{path}: made by {short(manifest['builder']['name'])}, not by {BUILDER}")
        for file in built_files(manifest):
            _ = file["file"], file["rows"], file["sha256"]
        if "licence" in manifest:
            manifest["license"] = manifest.pop("licence")
    except (KeyError, TypeError, AttributeError):
        raise ValueError(f"{path}: expected a manifest of {BUILDER}, found something else") from None
    return manifest


def built_files(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a manifest says about each of its files."""
    return [split[kind] for split in manifest["splits"].values() for kind in ("questions", "outputs") if kind in split]


def summary(manifest: Mapping[str, Any], task: Task) -> list[str]:
    """The lines that tell the user what was built."""
    rows = {split: facts["questions"]["rows"] for split, facts in manifest["splits"].items()}
    lines = [f"{task.name}: {counted_each(rows, 'samples')} from {counted(manifest['mails'], 'emails')}"]
    for note in (*manifest["repairs"].values(), *manifest["warnings"].values()):
        if note["count"]:
            names = ", ".join(note["mails"][:3]) + (", …" if note["count"] > 3 else "")
            lines.append(f"{counted(note['count'], 'emails')}: {note['meaning']} ({names})")
    return lines
