"""Questions files: ``[{"id", "input", "profile": [{"id", …}, …]}, …]``, one JSON list of rows.

Rows of the time-based setting also have ``user_id``, and their profile items ``date``. Standard library only.
"""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import repeat
from pathlib import Path
from typing import BinaryIO

from lamp_dataset.formats.files import RowFiles
from lamp_dataset.formats.json_files import BLOCK_BYTES, JsonList
from lamp_dataset.formats.task_of_file import looks_like
from lamp_dataset.formats.texts import Number, UniqueIds, check_encodable, check_no_stub, short
from lamp_dataset.registry import other_setting
from lamp_dataset.task import NULLABLE_FIELDS, NUMERIC_FIELDS, Task
from lamp_dataset.tasks import official_hint

#: Keys that rows have and profile items do not.
ROW_KEYS = ("input", "profile", "user_id")

_HELP = 'A questions file holds [{"id", "input", "profile": [{…, "id"}, …]}, …].'


def read_questions(
    path: str | os.PathLike | RowFiles, task: Task | None = None, profiles: bool = True
) -> Iterator[dict]:
    """The rows of a questions file one by one, checked, in flat memory.

    ``path`` may also be files as the Hub has them. With ``task`` rows come in its declared shape, see
    :func:`checked_row`. Without it, rows of any config, or with file names in place of texts, come as they are, see
    :func:`check_row`, and JSON numbers as :class:`~lamp_dataset.formats.texts.Number`.

    DuplicateIdError if an id occurs more than once; ValueError if the file is not a JSON list or is empty, or if a row
    has another shape, such as that of an outputs file.
    """
    name, ids = str(path), UniqueIds(str(path))
    with nullcontext(path) if isinstance(path, RowFiles) else Path(path).open("rb") as file:
        is_rows = isinstance(file, RowFiles)
        rows = file.rows(profiles) if is_rows else zip(open_questions(file, name, task).rows(), repeat(name))
        for number, (row, name) in enumerate(rows):
            if task is None:
                check_row(row, name, number, profiles)
            else:
                row = checked_row(row, task, name, number)
            ids.add(row["id"])
            yield row
    if not ids:
        raise ValueError(f"{name}: expected samples, found an empty list")


def open_questions(file: BinaryIO, name: str, task: Task | None = None, block_bytes: int = BLOCK_BYTES) -> JsonList:
    """The list in a questions file, whose rows are not checked yet; :func:`read_questions` checks them, too.

    ValueError if the file does not begin with a list, or if a wrapper around the list names another task than ``task``.
    """

    def check_task(found: str) -> None:
        if task is not None and found != task.official_name:
            hint = official_hint(found)
            raise ValueError(f"{name}: expected questions of task {task.official_name!r}, found {short(found)}{hint}")

    return JsonList(file, name, ROW_KEYS, block_bytes, check_task)


def read_question_ids(path: str | os.PathLike | RowFiles) -> list[str]:
    """The sample ids of a questions file; rows may lack their profiles. Errors as for :func:`read_questions`."""
    return [row["id"] for row in read_questions(path, profiles=False)]


def read_user_column(path: str | os.PathLike | RowFiles, column: str) -> dict[str, str]:
    """Sample id -> user, of a questions file whose rows name their users under another key than ``user_id``.

    ValueError for a row that does not, and otherwise as for :func:`read_questions`.
    """
    users = {}
    for row in read_questions(path, profiles=False):
        if not isinstance(row.get(column), str) or not row[column]:
            found = _found(row, column)
            raise ValueError(f"{path}: sample {short(row['id'])}: expected the user as {column!r}, found {found}")
        users[row["id"]] = str(row[column])
    return users


def check_row(row: dict, name: str, number: int, profiles: bool = True) -> None:
    """Check that a decoded row has what every row of a questions file has: a string as ``id``, ``input`` and a profile.

    ``name`` and ``number``, the file and the row's position in it, are for messages. ValueError if something is
    missing or of another type, as in an outputs file.
    """
    if type(row.get("id")) is not str:
        raise ValueError(f"{name}: row {number}: expected a string as 'id', found {_found(row, 'id')}")
    where = f"{name}: sample {short(row['id'])}"
    if "output" in row and "input" not in row:
        keys = f"sample {short(row['id'])} has the keys {_keys(row)}"
        raise ValueError(f"{name}: expected a questions file, found an outputs file: {keys}")
    if "input" not in row:
        raise ValueError(f"{where}: expected a string as 'input', found {_found(row, 'input')}. {_HELP}")
    if profiles and not isinstance(row.get("profile"), list):
        raise ValueError(f"{where}: expected a list as 'profile', found {_found(row, 'profile')}. {_HELP}")


def checked_row(row: dict, task: Task, name: str, number: int) -> dict:
    """The row in the declared shape: only the task's fields, numbers as strings where numbers are allowed.

    Arguments and errors as for :func:`check_row`. ValueError also if a field is missing, has another type, cannot be
    stored, or is a stub; or if the row is of the other setting.
    """
    check_row(row, name, number)
    where = f"{name}: sample {short(row['id'])}"
    check_no_stub(row["input"], name, task)
    has_user, other = row.get("user_id") is not None, other_setting(task, ", ")
    if has_user and not task.names_users:
        raise ValueError(f"{where} has a 'user_id': this is a file of the time-based setting{other}")
    if task.names_users and not has_user:
        raise ValueError(f"{where} has no 'user_id': is this a file of the user-based setting{other}?")
    checked = {field: _text(row, field, where, task) for field in task.row_fields}
    looks, checked["profile"] = looks_like(checked["input"], task), []
    for position, item in enumerate(row["profile"]):
        place = f"{where}: profile item {position}"
        if not isinstance(item, dict):
            raise ValueError(f"{place}: expected an object, found {short(item)}. {_HELP}")
        checked["profile"].append({field: _text(item, field, place, task, looks) for field in task.item_fields})
    return checked


def _text(holder: dict, field: str, where: str, task: Task, looks: str = "") -> str | None:
    value = holder.get(field)
    if value is None and field in NULLABLE_FIELDS:
        return None
    if not isinstance(value, str) or (isinstance(value, Number) and field not in NUMERIC_FIELDS):
        raise ValueError(
            f"{where}: expected a string as {field!r} ({task.name}), found {_found(holder, field)}{looks}. {_HELP}"
        )
    check_encodable(value, where, field)
    return str(value)


def _found(holder: dict, field: str) -> str:
    if field not in holder:
        return f"the keys {_keys(holder)}"
    return f"the number {holder[field]}" if isinstance(holder[field], Number) else short(holder[field])


def _keys(holder: dict) -> str:
    return ", ".join(map(short, list(holder)[:8])) or "none"
