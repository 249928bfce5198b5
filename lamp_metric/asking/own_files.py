"""Files and folders that a run continues: only those that it, or an earlier run like it, made."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamp_dataset.atomic import write_whole
from lamp_dataset.formats.texts import short

if TYPE_CHECKING:
    import datasets

#: The value of "format" in the settings of a folder.
RUN = "lamp run 1"
#: The largest first line, in bytes.
_LONGEST = 1 << 20


def parsed(line: bytes) -> dict[str, Any]:
    """The JSON object in a line; an empty one for anything else."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def own_content(path: str | os.PathLike[str], form: str) -> bytes:
    """The content of a file that a run made; empty if the file is empty or does not exist.

    Args:
        path: of the file.
        form: the value of ``"format"`` in the JSON object of its first line, which says what made it.

    Raises:
        ValueError: another program made the file.
        OSError: it cannot be read.
    """
    if not os.path.lexists(path):
        return b""
    first = b""
    if os.path.isfile(path):
        with open(path, "rb") as file:
            first = file.readline(_LONGEST)
            if not first or parsed(first).get("format") == form:
                return first + file.read()
    expected, found = json.dumps({"format": form})[:-1], short(first.decode(errors="replace").strip())
    message = f"expected a file of an earlier run, which begins with {expected}, found one with {found}"
    raise ValueError(f"{path}: {message}; it was left as it is: move it or choose another output")


def own_folder(folder: str | os.PathLike[str], settings: Mapping[str, Any]) -> None:
    """Take a folder for a run: a new or empty one, or that of an earlier run with the same settings.

    Args:
        folder: made if there is none; the run's settings are in its ``settings.json``.
        settings: what the run's files depend on; values of JSON's types.

    Raises:
        ValueError: the folder holds another run, or files that no run made.
        OSError: the folder cannot be made or written.
    """
    path, line = Path(folder, "settings.json"), {"format": RUN, **settings}
    path.parent.mkdir(parents=True, exist_ok=True)
    found = parsed(own_content(path, RUN))
    others = [name for name in os.listdir(path.parent) if name != path.name and not name.startswith(".")]
    if others and not found:
        raise ValueError(f"{folder}: holds files that no run made, such as {min(others)}; choose another output")
    if others and found != line:
        other = {name: value for name, value in found.items() if line.get(name) != value}
        raise ValueError(f"{folder} holds another run, made with {other}; choose another output")
    if found != line:
        with write_whole(path) as file:
            json.dump(line, file)


def content_digest(*tables: datasets.Dataset) -> str:
    """A digest of the rows of some tables, for the settings of a run."""
    digest = hashlib.sha256()
    for batch in (batch for table in tables for batch in table.iter(1000)):
        digest.update(json.dumps(batch).encode())
    return digest.hexdigest()
