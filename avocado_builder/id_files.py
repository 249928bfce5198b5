"""The benchmark's public id files: questions in which the names of mails stand for their texts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from avocado_builder.collection.names import GATED, Needed, is_name
from lamp_dataset.formats.json_list import JsonList
from lamp_dataset.formats.json_text import Number
from lamp_dataset.formats.layout import LAYOUTS
from lamp_dataset.task import SETTINGS, SPLITS, Task


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


class Found(NamedTuple):
    """What a folder of id files holds, see :func:`find_id_files`.

    Attributes:
        paths: split -> id file.
        missing: split -> the path below the folder where its id file was looked for.
    """

    paths: dict[str, Path]
    missing: dict[str, str]

    def left_out(self) -> dict[str, str]:
        """Split without an id file -> a sentence on it."""
        return {
            split: f"no id file for {split}: looked for {path}; that split is left out"
            for split, path in self.missing.items()
        }


def find_id_files(folder: str | os.PathLike, splits: tuple[str, ...] = (), setting: str | None = None) -> Found:
    """Find the id files in ``folder``.

    Which setting and layout is taken does not depend on ``splits``: the first that has any id file. So a file that is
    missing is never replaced by one of the other setting.

    Args:
        folder: the folder, in one of the loader's layouts.
        splits: the splits wanted; empty for those that are there.
        setting: ``"user"`` or ``"time"``: which to take; None takes the user-based where the folder holds both.

    Raises:
        FileNotFoundError: there is no folder, no id file in it, or none for a split that was asked for.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        raise FileNotFoundError(f"{folder}: expected the folder of the id files, found {found}")
    for candidate in [setting] if setting else SETTINGS:
        found = _find(folder, candidate, splits)
        if found is None:
            continue
        if splits and found.missing:
            hint = _time_hint(folder, found.missing) if setting is None and candidate == SETTINGS[0] else ""
            raise FileNotFoundError(f"{_none_found(folder, found.missing.values())}{hint}")
        return found
    raise FileNotFoundError(_none_found(folder, (f"{SPLITS[split]}_questions.json" for split in splits or SPLITS)))


def _find(folder: Path, setting: str, splits: tuple[str, ...] = ()) -> Found | None:
    """What is there of the wanted splits, in the first layout of the setting that holds an id file of any split."""
    task = GATED[setting]
    for layout in LAYOUTS:
        names = {split: layout(task, task.questions_path(split)) for split in SPLITS}
        there = {split: folder / name for split, name in names.items() if (folder / name).is_file()}
        if there:
            wanted = splits or tuple(SPLITS)
            return Found(
                {split: there[split] for split in wanted if split in there},
                {split: names[split] for split in wanted if split not in there},
            )
    return None


def _time_hint(folder: Path, missing: Iterable[str]) -> str:
    """A hint where time-based files of the missing splits lie in a place for time-based files only."""
    found = _find(folder, "time")
    places = found.paths if found else {}
    if not any(split in places and places[split] not in _places(folder, "user", split) for split in missing):
        return ""
    return '. The folder holds time-based id files, too: --setting time (setting="time") takes them'


def _places(folder: Path, setting: str, split: str) -> list[Path]:
    """Where the id file of a split may lie, in the order of the layouts."""
    path = GATED[setting].questions_path(split)
    return [folder / layout(GATED[setting], path) for layout in LAYOUTS]


def _none_found(folder: Path, names: Iterable[str]) -> str:
    return f"{folder}: expected the id files {', '.join(names)} in it, found none of that name"


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
    """The rows of an id file, one after the other, checked; numbers as :class:`~lamp_dataset.formats.json_text.Number`.

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
