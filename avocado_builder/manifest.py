"""The manifest: what a built folder holds, how it was made, and what the license means for it."""

import json
import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from avocado_builder.id_files import Ids
from avocado_builder.mail.parsing import REPAIRS, RULES, WARNINGS
from avocado_builder.split_files import file_names
from lamp_dataset.atomic import write_whole
from lamp_dataset.formats.json_file import read_json
from lamp_dataset.formats.texts import counted, counted_each
from lamp_dataset.task import Task
from lamp_dataset.version import __version__

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
    -> facts of the file. ``notes``: key of :data:`avocado_builder.mail.parsing.REPAIRS` or ``WARNINGS`` -> names of
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
