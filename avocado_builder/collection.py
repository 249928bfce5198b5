"""The licensed collection, only read, never unpacked: its accounts, the names of its mails, and where each mail is.

The mails that a build needs are kept on disk with their texts, so that a million take little memory.
"""

import errno
import logging
import os
import re
import sqlite3
import tempfile
import weakref
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from lamp_dataset.formats.json_files import encode
from lamp_dataset.task import Task
from lamp_dataset.tasks import TASKS

#: Task whose texts come from the collection -> setting -> config. The first is the one that is built by default.
GATED: dict[str, dict[str, Task]] = {}
for _task in TASKS.values():
    if _task.gated:
        GATED.setdefault(_task.base, {})[_task.setting] = _task
_NAME = re.compile("|".join(f"(?:{task.stub_pattern})" for tasks in GATED.values() for task in tasks.values()))


def configs_of(task: str | None) -> dict[str, Task]:
    """Setting -> config of a task of :data:`GATED`, by default of the first; ValueError for another name."""
    task = next(iter(GATED)) if task is None else task
    if task not in GATED:
        raise ValueError(f"task: expected one of {', '.join(GATED)}, found {task!r}")
    return GATED[task]


def is_name(text: object) -> bool:
    """Whether ``text`` is exactly the name of a mail.

    >>> is_name("147-000874-EM.txt"), is_name("147-000874-em.txt")
    (True, False)
    """
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


_TABLES = """
PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
CREATE TABLE needed (name TEXT PRIMARY KEY, found INTEGER DEFAULT 0) WITHOUT ROWID;
CREATE TABLE texts (name TEXT PRIMARY KEY, body BLOB, subject BLOB);
BEGIN;
"""


class NeededMails:
    """The mails that a build needs: their names, which of them were found, and their texts, each as JSON.

    They are in a database in ``folder``, or in the system's folder for temporary files. Its file is unlinked as soon as
    it is open, and only its owner can read it before. So a killed run leaves no text. OSError if the disk is full.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or tempfile.gettempdir()
        descriptor, path = tempfile.mkstemp(dir=folder)
        os.close(descriptor)
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._database.close)
        self._database.executescript(_TABLES)
        os.unlink(path)

    def _do(self, statement: str, *values: Any) -> sqlite3.Cursor:
        try:
            return self._database.execute(statement, values)
        except sqlite3.Error as error:
            raise OSError(f"{self._folder}: {error}") from error

    def add(self, name: str) -> None:
        """Add a name for which :func:`is_name` holds."""
        self._do("INSERT OR IGNORE INTO needed (name) VALUES (?)", name)

    def __len__(self) -> int:
        return self._do("SELECT count(*) FROM needed").fetchone()[0]

    def __iter__(self) -> Iterator[str]:
        """The names, sorted."""
        return (name for (name,) in self._do("SELECT name FROM needed ORDER BY name"))

    def __contains__(self, name: str) -> bool:
        return is_name(name) and self._do("SELECT 1 FROM needed WHERE name = ?", name).fetchone() is not None

    def find(self, name: str) -> bool:
        """Note that a mail was found; False if it was found before."""
        return self._do("UPDATE needed SET found = 1 WHERE name = ? AND NOT found", name).rowcount > 0

    def missing(self) -> list[str]:
        """Names of mails that were not found, sorted."""
        return [name for (name,) in self._do("SELECT name FROM needed WHERE NOT found ORDER BY name")]

    def put(self, name: str, subject: str, body: str) -> None:
        """Store the texts of a mail."""
        self._do("INSERT INTO texts VALUES (?, ?, ?)", name, encode(body), encode(subject))

    def get(self, name: str) -> tuple[bytes, bytes]:
        """Body and subject of a mail, each as a JSON string with its quotation marks."""
        return self._do("SELECT body, subject FROM texts WHERE name = ?", name).fetchone()


log = logging.getLogger(__name__)

#: A zip with a longer mail is taken for damaged or hostile.
MAX_MAIL_BYTES = 256 << 20


class ZipAccount:
    """An account as ``NNN.zip``."""

    def __init__(self, path: Path) -> None:
        self.path, self.account = path, path.name[:3]

    def _open(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.path)
        except Exception as error:  # zipfile raises many kinds of errors on damage, struct.error among them
            if isinstance(error, OSError) and error.filename is not None:
                raise
            raise ValueError(f"{self.path}: not a readable zip, damaged or cut off ({error}). Copy it again") from error

    def members(self) -> Iterator[tuple[str, str]]:
        """Each member's name, such as ``"147/147-000874-EM.txt"``, and why it cannot be read, or "".

        The zip's central directory says that; no mail is read. ValueError if the zip is damaged.
        """
        with self._open() as archive:
            for info in archive.infolist():
                yield info.filename, _trouble(info)

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Names and bytes of members. ValueError names a damaged member and its zip."""
        with self._open() as archive:
            for name in names:
                yield name, self._data(archive, name)

    def _data(self, archive: zipfile.ZipFile, name: str) -> bytes:
        try:
            with archive.open(name) as file:
                return file.read(archive.getinfo(name).file_size + 1)  # never more, whatever is packed there
        except Exception as error:
            if isinstance(error, OSError) and error.errno != errno.EINVAL:  # a place before the start of the file
                raise OSError(error.errno, error.strerror, str(self.path)) from error
            raise ValueError(f"{self.path}: member {name} is damaged ({error})") from None


def _trouble(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 1:
        return " is encrypted; use the collection as LDC delivers it"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f": expected compression method 0 or 8, found {info.compress_type}"
    return f": {info.file_size:,} bytes are too many for an email" if info.file_size > MAX_MAIL_BYTES else ""


class FolderAccount:
    """An account as a folder ``NNN`` of extracted files, with the methods of :class:`ZipAccount`."""

    def __init__(self, path: Path) -> None:
        self.path, self.account = path, path.name

    def members(self) -> Iterator[tuple[str, str]]:
        """All files, also those in subfolders; their names are paths relative to the folder's parent."""
        for folder, _, names in os.walk(self.path):
            below = Path(folder).relative_to(self.path.parent).as_posix()
            for name in names:
                regular = os.path.isfile(os.path.join(folder, name))
                yield f"{below}/{name}", "" if regular else " is not a regular file"

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Names and bytes of files."""
        for name in names:
            yield name, (self.path.parent / name).read_bytes()


Account = ZipAccount | FolderAccount

#: Where the account zips are below the folder that a user names: data/text, data, the collection, or its parent.
_BELOW = ("", "text", "data/text", "avocado-1.0.2/data/text")
_ACCOUNT = re.compile(r"[0-9]{3}(?:\.zip)?")
_SHOWN = 20


@dataclass(frozen=True)
class Collection:
    """The folder that holds the accounts, the accounts, one per person, and names of whatever else is there, sorted.

    ``root`` is the topmost folder of the collection that is known; nothing may be written below it.
    """

    path: Path
    root: Path
    accounts: tuple[Account, ...]
    ignored: tuple[str, ...]


def open_collection(path: str | os.PathLike) -> Collection:
    """Find the accounts in the collection's folder (``avocado-1.0.2``), its ``data`` or ``data/text``.

    Extracted accounts, folders ``NNN``, do as well. One that is there both as a zip and as a folder is read from the
    zip. OSError or ValueError says what is there if the folder does not exist or holds no account.
    """
    root = Path(path).expanduser()
    if not root.exists():
        raise FileNotFoundError(f"{root}: expected the Avocado collection's folder, found nothing")
    if not root.is_dir():
        raise NotADirectoryError(f"{root}: expected the Avocado collection's folder, found a file; unpack it first")
    for below in _BELOW:
        folder = root / below
        if folder.is_dir():
            collection = _accounts_in(folder, root / "avocado-1.0.2" if below == _BELOW[-1] else root)
            if collection.accounts:
                return collection
    found = ", ".join(sorted(os.listdir(root))[:5]) or "nothing"
    raise ValueError(f"{root}: expected account files such as 147.zip in it or in its data/text, found {found}")


def _accounts_in(folder: Path, root: Path) -> Collection:
    accounts: dict[str, Account] = {}
    ignored = []
    for entry in sorted(folder.iterdir(), key=lambda path: path.name):
        if not _ACCOUNT.fullmatch(entry.name) or entry.is_dir() == (entry.suffix == ".zip"):
            ignored.append(entry.name)
        elif entry.is_dir():
            accounts[entry.name] = FolderAccount(entry)
        else:
            if entry.stem in accounts:
                ignored.append(entry.stem)
            accounts[entry.stem] = ZipAccount(entry)
    return Collection(folder, root, tuple(accounts[name] for name in sorted(accounts)), tuple(sorted(ignored)))


def read_mails(collection: Collection, needed: NeededMails) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the needed mails, sorted by name."""
    accounts = {account.account: account for account in collection.accounts}
    for account, names in groupby(needed, lambda name: name[:3]):
        for member, data in accounts[account].read([f"{account}/{name}" for name in names]):
            yield member[4:], data


def locate(collection: Collection, needed: NeededMails) -> None:
    """Find every needed mail by the directories of the zips alone: that takes seconds, and no mail is read.

    A mail is exactly the member ``NNN/NAME`` of the account ``NNN``. A copy elsewhere does no harm if it is the same.
    ValueError if mails are missing (the message counts them and names the first twenty), cannot be read, are twice in
    their zip or elsewhere with other contents, or if a zip is damaged.
    """
    if collection.ignored:
        shown = ", ".join(collection.ignored[:5]) + (", …" if len(collection.ignored) > 5 else "")
        log.warning("%s: ignored because they are not accounts of the collection: %s", collection.path, shown)
    copies: list[tuple[Account, str, str]] = []
    for account in collection.accounts:
        for member, trouble in account.members():
            name = member.rpartition("/")[2]
            if name not in needed:
                continue
            if name[:3] != account.account or member != f"{name[:3]}/{name}":
                copies.append((account, member, name))
            elif trouble or not needed.find(name):
                raise ValueError(f"{account.path}: member {member}{trouble or ' is there twice; which is the email?'}")
    if missing := needed.missing():
        raise ValueError(_of_missing(collection, needed, missing, copies))
    accounts = {account.account: account for account in collection.accounts}
    for account, member, name in copies:
        own, member_of_own = accounts[name[:3]], f"{name[:3]}/{name}"
        if next(own.read([member_of_own]))[1] != next(account.read([member]))[1]:
            raise ValueError(
                f"{own.path} has {member_of_own}, and {account.path} has {member} with other contents: which one is "
                "the email? Restore the collection as LDC delivers it"
            )


def _of_missing(collection: Collection, needed: NeededMails, missing: list[str], copies: list) -> str:
    shown = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
    absent = sorted({name[:3] for name in missing} - {account.account for account in collection.accounts})
    hint = f" There are no files for the accounts {', '.join(absent[:_SHOWN])}." if absent else ""
    for account, member, name in [copy for copy in copies if copy[2] in missing[:_SHOWN]][:1]:
        hint += f" {account.path} has {member}; expected it as {name[:3]}/{name} in that account."
    return (
        f"{collection.path}: {len(missing):,} of {len(needed):,} emails named in the id files are missing: "
        f"{shown}.{hint} Is the copy complete?"
    )
