"""The benchmark's public id files: questions files with names of mails in place of texts, in a folder or fetched."""

import hashlib
import http.client
import logging
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from avocado_builder.collection.mail_names import NeededMails, configs_of, is_name
from lamp_dataset.formats.json_file import HEAD_BYTES, describe, looks_like_html
from lamp_dataset.formats.layout import question_places
from lamp_dataset.formats.questions import read_questions
from lamp_dataset.formats.texts import short
from lamp_dataset.task import SETTINGS, SPLITS, Task
from lamp_dataset.tasks import BASE_URL
from lamp_dataset.version import __version__

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


class IdFilePaths(NamedTuple):
    """Split -> id file; and split without one -> the path below the folder where it was looked for."""

    paths: dict[str, Path]
    missing: dict[str, str]

    def left_out(self) -> dict[str, str]:
        """Split without an id file -> a sentence about it."""
        return {
            split: f"no id file for {split}: looked for {path}; that split is left out"
            for split, path in self.missing.items()
        }


def find_id_files(
    folder: str | os.PathLike, splits: tuple[str, ...] = (), setting: str | None = None, task: str | None = None
) -> IdFilePaths:
    """Find the id files in ``folder``, which has one of the loader's layouts.

    The first setting and layout that has any id file is taken, whatever ``splits`` says. So a missing file is never
    replaced by one of the other setting. Without ``splits``, all splits are taken that have an id file; without
    ``setting``, the user-based files if the folder has both. ``task`` is one of ``GATED``, by default the first.

    FileNotFoundError if the folder does not exist, holds no id file, or none for a wanted split.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        raise FileNotFoundError(f"{folder}: expected the folder of the id files, found {found}")
    for candidate in [setting] if setting else SETTINGS:
        found = _find(folder, configs_of(task)[candidate], splits)
        if found is None:
            continue
        if splits and found.missing:
            hint = _time_hint(folder, found.missing, task) if setting is None and candidate == SETTINGS[0] else ""
            raise FileNotFoundError(f"{_none_found(folder, found.missing.values())}{hint}")
        return found
    raise FileNotFoundError(_none_found(folder, (f"{SPLITS[split]}_questions.json" for split in splits or SPLITS)))


def _find(folder: Path, task: Task, splits: tuple[str, ...] = ()) -> IdFilePaths | None:
    """The wanted splits, in the first layout of the config that has an id file of any split."""
    for names in question_places(task):
        existing = {split: folder / name for split, name in names.items() if (folder / name).is_file()}
        if existing:
            wanted = splits or tuple(SPLITS)
            return IdFilePaths(
                {split: existing[split] for split in wanted if split in existing},
                {split: names[split] for split in wanted if split not in existing},
            )
    return None


def _time_hint(folder: Path, missing: Iterable[str], name: str | None) -> str:
    """A hint if time-based files of the missing splits are where only time-based files can be."""
    found = _find(folder, configs_of(name)["time"])
    paths = found.paths if found else {}
    of_users = {folder / names[split] for names in question_places(configs_of(name)["user"]) for split in missing}
    if not any(split in paths and paths[split] not in of_users for split in missing):
        return ""
    return '. The folder also holds time-based id files: --setting time (setting="time") takes them'


def _none_found(folder: Path, names: Iterable[str]) -> str:
    return f"{folder}: expected the id files {', '.join(names)}, found none with that name"


def read_ids(
    paths: Mapping[str, Path], setting: str | None = None, task: str | None = None, folder: Path | None = None
) -> Ids:
    """Read the id files once: check their shape, find out their setting, collect the names of mails in ``folder``.

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
    return IdFile(path, file_sha256(path), rows, items, settings.pop())


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
    """Errors never quote the text: in a file that is built already it is the text of a mail."""
    if is_name(text):
        return
    found = f"a text of {len(text)} characters" if isinstance(text, str) else type(text).__name__
    near = text.strip().rpartition("/")[2][:18] if isinstance(text, str) else ""
    exact = near[:10] + near[10:].upper().replace(".TXT", ".txt")
    hint = f"; it looks like {exact!r}, but names must be exact" if is_name(exact) else ""
    if isinstance(text, str) and len(text) > 40:
        hint = "; has this file already been built? Id files hold only names"
    raise ValueError(f"{where}: expected the name of an email such as '147-000874-EM.txt', found {found}{hint}")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 60
_BY_HAND = "Download it yourself and pass its folder: --ids-dir (in Python, ids_dir)"


def fetch_ids(task: Task, splits: tuple[str, ...], folder: Path, base_url: str = BASE_URL) -> dict[str, Path]:
    """Fetch the questions files of ``splits`` (of all, if empty) into ``folder``: split -> path.

    The site answers some wrong paths with status 200 and a web page, so the content is checked, not the status. OSError
    if the site cannot be reached, answers with an error or cuts the transfer off; ValueError for a web page or no data.
    """
    paths = {}
    for split in splits or tuple(SPLITS):
        url = f"{base_url.rstrip('/')}/{task.questions_path(split)}"
        log.info("fetching %s", url)
        paths[split] = folder / f"{SPLITS[split]}_questions.json"
        _fetch(url, paths[split])
    return paths


def _fetch(url: str, path: Path) -> None:
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url}: expected a URL that begins with http:// or https://")
    request = urllib.request.Request(url, headers={"User-Agent": f"lamp-hf/{__version__}"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response, path.open("wb") as file:
            shutil.copyfileobj(response, file)
            left = response.length  # of the promised bytes
    except urllib.error.HTTPError as error:
        raise OSError(f"{url}: the site answers {error.code} {error.reason}. {_BY_HAND}") from None
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise OSError(f"{url}: cannot be fetched ({getattr(error, 'reason', error)}). {_BY_HAND}") from None
    if left:
        raise OSError(f"{url}: cut off, the last {left:,} bytes are missing. Try again")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if looks_like_html(head) or not head.strip():
        raise ValueError(f"{url}: expected JSON, the site sent {describe(head)}. {_BY_HAND}")
