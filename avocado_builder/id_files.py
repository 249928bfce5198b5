"""The benchmark's public id files: questions files with names of mails in place of texts, in a folder or fetched."""

import logging
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avocado_builder.collection import NeededMails, configs_of, is_name
from lamp_dataset.formats.files import is_url, question_places, urls
from lamp_dataset.formats.json_files import HEAD_BYTES, describe, looks_like_html
from lamp_dataset.formats.questions import read_questions
from lamp_dataset.formats.texts import short
from lamp_dataset.loading.raw_files import PROVENANCE, fetching, hash_file, open_raw
from lamp_dataset.task import SETTINGS, SPLITS, Task
from lamp_dataset.tasks import BASE_URL

log = logging.getLogger(__name__)

#: Key of a row: how many words of the mail the input gives away.
CONTENT_LENGTH = "content_length"


@dataclass(frozen=True)
class IdFile:
    """An id file that was read and checked: its SHA-256 in hexadecimal, its numbers of questions and profile items."""

    path: Path
    sha256: str
    rows: int
    items: int
    setting: str


@dataclass(frozen=True)
class Ids:
    """The id files of a build by split, the config they belong to, and the mails that they name."""

    task: Task
    files: Mapping[str, IdFile]
    needed: NeededMails


def find_id_files(
    folder: str | os.PathLike, splits: tuple[str, ...] = (), setting: str | None = None, task: str | None = None
) -> tuple[dict[str, Path], dict[str, str]]:
    """Find the id files in ``folder``, which has one of the loader's layouts.

    The first setting and layout that has any id file is taken, whatever ``splits`` says. So a missing file is never
    replaced by one of the other setting. Without ``splits``, all splits are taken that have an id file; without
    ``setting``, the user-based files if the folder has both. ``task`` is one of ``GATED``, by default the first.

    The result is split -> id file, and split without one -> a sentence about it. FileNotFoundError if the folder does
    not exist, holds no id file, or none for a wanted split.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        raise FileNotFoundError(f"{folder}: expected the folder of the id files, found {found}")
    wanted = splits or tuple(SPLITS)
    missing = {split: f"{SPLITS[split]}_questions.json" for split in wanted}
    for candidate in [setting] if setting else SETTINGS:
        for names in question_places(configs_of(task)[candidate]):
            there = {split: folder / name for split, name in names.items() if (folder / name).is_file()}
            if not there:
                continue
            missing = {split: names[split] for split in wanted if split not in there}
            if splits and missing:
                raise _none_found(folder, missing.values())
            return {split: there[split] for split in wanted if split in there}, {
                split: f"no id file for {split}: looked for {name}; that split is left out"
                for split, name in missing.items()
            }
    raise _none_found(folder, missing.values())


def _none_found(folder: Path, names: Iterable[str]) -> FileNotFoundError:
    return FileNotFoundError(f"{folder}: expected the id files {', '.join(names)}, found none with that name")


def read_ids(
    paths: Mapping[str, Path], setting: str | None = None, task: str | None = None, folder: Path | None = None
) -> Ids:
    """Read the id files once: check their shape, find out their setting, keep the names of mails on disk in ``folder``.

    ValueError if a file is not an id file, or the files are of different settings or not of the given one.
    """
    needed = NeededMails(folder)
    configs = configs_of(task)
    files = {split: _read_file(path, needed, configs["user"]) for split, path in paths.items()}
    for file in files.values():
        setting, found = setting or file.setting, file.setting
        if found != setting:
            rows = f"{found}-based (rows {'with' if found == 'time' else 'without'} 'user_id')"
            raise ValueError(
                f"{file.path}: expected an id file of the {setting}-based setting, found one of the {rows}"
            )
    return Ids(configs[setting], files, needed)


def _read_file(path: Path, needed: NeededMails, task: Task) -> IdFile:
    rows, items, settings = 0, 0, set()
    for row in id_rows(path, task):
        settings.add("time" if "user_id" in row else "user")
        if len(settings) > 1:
            raise ValueError(f"{path}: sample {short(row['id'])}: some rows have a 'user_id', others do not")
        for name in (row["input"], *(item["text"] for item in row["profile"])):
            needed.add(name)
        rows, items = rows + 1, items + len(row["profile"])
    return IdFile(path, hash_file(path, PROVENANCE)[1], rows, items, settings.pop())


def id_rows(path: Path, task: Task) -> Iterator[dict[str, Any]]:
    """The rows of an id file one by one, checked; numbers as :class:`~lamp_dataset.formats.texts.Number`.

    ValueError if it is not a questions file, see :func:`read_questions`, texts are not names of mails, or a row of a
    task that completes mails does not say how many words are given.
    """
    for row in read_questions(path):
        where = f"{path}: sample {short(row['id'])}"
        _check_name(row["input"], f"{where}: 'input'")
        expected = "a whole number" if task.completes_texts else "nothing"
        given = row.get(CONTENT_LENGTH)
        if not (str(given).isdecimal() if task.completes_texts else given is None):
            raise ValueError(f"{where}: expected {expected} as {CONTENT_LENGTH!r} ({task.base}), found {short(given)}")
        for position, item in enumerate(row["profile"]):
            if not isinstance(item, dict) or "text" not in item:
                raise ValueError(f"{where}: profile item {position}: expected an object with 'text'")
            _check_name(item["text"], f"{where}: profile item {position}: 'text'")
        yield row


def _check_name(text: Any, where: str) -> None:
    """Errors never quote the text: in a file that is built already, it is the text of a mail."""
    if not is_name(text):
        found, hint = type(text).__name__, ""
        if isinstance(text, str):
            found = f"a text of {len(text)} characters"
            hint = "; has this file already been built? Id files hold only names" if len(text) > 40 else ""
        raise ValueError(f"{where}: expected the name of an email such as '147-000874-EM.txt', found {found}{hint}")


_BY_HAND = "Download it yourself and pass its folder: --ids-dir (in Python, ids_dir)"


def fetch_ids(task: Task, splits: tuple[str, ...], folder: Path, base_url: str = BASE_URL) -> dict[str, Path]:
    """Fetch the questions files of ``splits`` (of all, if empty) into ``folder``: split -> path.

    The site answers some wrong paths with status 200 and a web page, so the content is checked, not the status. OSError
    if the site cannot be reached, answers with an error or cuts the transfer off; ValueError for a web page or no data.
    """
    paths = {}
    for split, files in urls(task, splits or tuple(SPLITS), base_url).items():
        url, path = files.questions, folder / f"{SPLITS[split]}_questions.json"
        if not is_url(url):
            raise ValueError(f"{url}: expected a URL that begins with http:// or https://")
        log.info("fetching %s", url)
        with fetching(url, _BY_HAND), open_raw(url) as source, path.open("wb") as file:
            shutil.copyfileobj(source, file)
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if looks_like_html(head) or not head.strip():
            raise ValueError(f"{url}: expected JSON, the site sent {describe(head)}. {_BY_HAND}")
        paths[split] = path
    return paths
