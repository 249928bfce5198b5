"""The benchmark's public id files: questions in which the names of mails stand for their texts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avocado_builder.names import GATED, Needed, is_name
from lamp_dataset.json_list import JsonList
from lamp_dataset.json_text import Number
from lamp_dataset.sources import LAYOUTS
from lamp_dataset.tasks import SPLITS, Task


@dataclass(frozen=True)
class IdFile:
    """One id file, read and checked once.

    Attributes:
        path: where it lies.
        sha256: of its bytes, in hexadecimal.
        rows: number of questions.
        items: number of profile items.
        time_based: whether its rows carry ``user_id``.
    """

    path: Path
    sha256: str
    rows: int
    items: int
    time_based: bool


@dataclass(frozen=True)
class Ids:
    """The id files of a build.

    Attributes:
        task: the config they belong to.
        files: split (train, validation, test) -> id file.
        needed: the mails they name.
    """

    task: Task
    files: Mapping[str, IdFile]
    needed: Needed


def find_id_files(
    folder: str | os.PathLike, splits: tuple[str, ...] = (), setting: str | None = None
) -> dict[str, Path]:
    """Split -> path of its id file in ``folder``.

    Args:
        folder: the folder, in one of the loader's layouts, or with a folder ``train``, ``dev``, ``test`` a split.
        splits: the splits wanted; empty for those that are there.
        setting: ``"user"`` or ``"time"``: which to take where the layout holds both; the first that is there if None.

    Raises:
        FileNotFoundError: there is no folder, no id file in it, or none for a split that was asked for.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        raise FileNotFoundError(f"{folder}: expected the folder of the id files, found {found}")
    for task in [GATED[setting]] if setting else GATED.values():
        for layout in (*LAYOUTS, _folder_per_split):
            paths = {split: folder / layout(task, task.questions_path(split)) for split in splits or SPLITS}
            there = {split: path for split, path in paths.items() if path.is_file()}
            if there and len(there) < len(splits):
                raise FileNotFoundError(_none_found(folder, [split for split in splits if split not in there]))
            if there:
                return there
    raise FileNotFoundError(_none_found(folder, splits or SPLITS))


def _folder_per_split(task: Task, path: str) -> str:
    return os.path.join(*path.split("/")[-2:])


def _none_found(folder: Path, splits: Iterable[str]) -> str:
    names = ", ".join(f"{SPLITS[split]}_questions.json" for split in splits)
    return f"{folder}: expected the id files {names} in it, found none of that name"


def read_ids(paths: Mapping[str, Path], setting: str | None = None) -> Ids:
    """Read the id files once: check their shape, tell the setting, collect the names.

    Args:
        paths: split -> id file.
        setting: ``"user"`` or ``"time"`` where that is known; it must agree.

    Raises:
        ValueError: a file is no id file, or the files are of both settings or of the other one.
        OSError: a file cannot be read.
    """
    needed = Needed()
    files = {split: _read_file(path, needed) for split, path in paths.items()}
    needed.close()
    settings = {split: "time" if file.time_based else "user" for split, file in files.items()}
    for split, found in settings.items():
        expected = setting or next(iter(settings.values()))
        if found != expected:
            raise ValueError(
                f"{files[split].path}: expected an id file of the {expected}-based setting, found one of the "
                f"{found}-based (rows {'with' if found == 'time' else 'without'} 'user_id')"
            )
    return Ids(GATED[next(iter(settings.values()))], files, needed)


def _read_file(path: Path, needed: Needed) -> IdFile:
    rows = items = 0
    time_based: bool | None = None
    seen: set[str] = set()
    for row in id_rows(path):
        if time_based not in (None, "user_id" in row):
            raise ValueError(f"{path}: sample {row['id']!r}: some rows have a 'user_id' and some have none")
        if row["id"] in seen:
            raise ValueError(f"{path}: sample id {row['id']!r} stands twice; ids are unique")
        seen.add(row["id"])
        time_based = "user_id" in row
        needed.add(row["input"])
        for item in row["profile"]:
            needed.add(item["text"])
        rows, items = rows + 1, items + len(row["profile"])
    if time_based is None:
        raise ValueError(f"{path}: expected questions, found an empty list")
    return IdFile(path, sha256_of(path), rows, items, time_based)


def id_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of an id file, one after the other, checked; numbers are as :class:`lamp_dataset.json_text.Number`.

    Raises:
        ValueError: no JSON list, or a row of another shape; the message says what the file seems to be.
    """
    with path.open("rb") as file:
        source = JsonList(file, str(path), ("profile", "input"))
        for number, row in enumerate(source.rows()):
            _check_row(row, f"{path}: row {number}")
            yield row


def _check_row(row: dict[str, Any], where: str) -> None:
    if not isinstance(row.get("id"), str) or isinstance(row["id"], Number):
        raise ValueError(f"{where}: expected a string as 'id', found {_short(row.get('id'))}")
    where = f"{where} (sample {row['id']!r})"
    if "input" not in row or not isinstance(row.get("profile"), list):
        hint = "; is this an outputs file?" if "output" in row else ""
        raise ValueError(f"{where}: expected 'input' and a list as 'profile', found the keys {', '.join(row)}{hint}")
    _check_name(row["input"], f"{where}: 'input'")
    for position, item in enumerate(row["profile"]):
        if not isinstance(item, dict) or "text" not in item:
            raise ValueError(f"{where}: profile item {position}: expected an object with 'text'")
        _check_name(item["text"], f"{where}: profile item {position}: 'text'")


def _check_name(text: Any, where: str) -> None:
    """Errors never quote the text: in a file that is built already it is the text of a mail."""
    if is_name(text):
        return
    found = f"a text of {len(text)} characters" if isinstance(text, str) else type(text).__name__
    near = text.strip().rpartition("/")[2][:18] if isinstance(text, str) else ""
    upper = near[:10] + near[10:].upper().replace(".TXT", ".txt")
    if is_name(upper):
        hint = f"; it looks like {upper!r}, but names must be exact"
    elif isinstance(text, str) and len(text) > 40:
        hint = "; was this file built already? The id files hold names only"
    else:
        hint = ""
    raise ValueError(f"{where}: expected the name of a mail such as '147-000874-EM.txt', found {found}{hint}")


def _short(value: Any) -> str:
    return "none" if value is None else type(value).__name__


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
