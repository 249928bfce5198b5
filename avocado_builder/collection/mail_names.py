"""Names of mails, and those that a build needs: on disk with their texts, so that a million take little memory."""

import os
import re
import sqlite3
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lamp_dataset.formats.json_file import encode
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
