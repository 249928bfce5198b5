"""One row of a questions file, checked: pure functions on what the JSON decoder gave.

Standard library only.
"""

from __future__ import annotations

from typing import Any

from lamp_dataset.formats.json_text import Number
from lamp_dataset.task import NULLABLE_FIELDS, NUMERIC_FIELDS, Task
from lamp_dataset.tasks import TASKS

_HELP = 'A questions file holds [{"id", "input", "profile": [{…, "id"}, …]}, …].'


def checked_row(row: dict, task: Task, name: str, number: int) -> dict:
    """The row in the declared shape: the task's fields and no others, numbers as strings where they are allowed.

    Args:
        row: the decoded object, numbers as :class:`Number`.
        task: the config it is read as.
        name: the file's name, for messages.
        number: the row's position in the file, from 0, for messages.

    Raises:
        ValueError: something is missing, of another type, or cannot be text.
    """
    if not isinstance(row.get("id"), str) or isinstance(row["id"], Number):
        found = short(row["id"]) if "id" in row else f"the keys {_keys(row)}"
        raise ValueError(f"{name}: row {number}: expected a string as 'id', found {found}")
    where = f"{name}: sample {short(row['id'])}"
    check_no_stub(row.get("input"), name, task)
    if not task.time_based and row.get("user_id") is not None:
        raise ValueError(f"{where} has a 'user_id': this is a file of the time-based setting, {task.base}_time")
    if task.time_based and row.get("user_id") is None:
        raise ValueError(f"{where} has no 'user_id': is this a file of the user-based setting, {task.base}?")
    if not isinstance(row.get("profile"), list):
        raise ValueError(f"{where}: expected a list as 'profile', found {_found(row, 'profile')}. {_HELP}")
    checked = {field: _text(row, field, where, task) for field in task.row_fields}
    looks = looks_like(checked["input"], task)
    checked["profile"] = [
        _item(item, f"{where}: profile item {position}", task, looks) for position, item in enumerate(row["profile"])
    ]
    return checked


def _item(item: Any, where: str, task: Task, looks: str) -> dict:
    if not isinstance(item, dict):
        raise ValueError(f"{where}: expected an object, found {short(item)}. {_HELP}")
    return {field: _text(item, field, where, task, looks) for field in task.item_fields}


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
    if field in holder:
        return f"the number {holder[field]}" if isinstance(holder[field], Number) else short(holder[field])
    hint = "; this looks like an outputs file" if "output" in holder and "input" not in holder else ""
    return f"the keys {_keys(holder)}{hint}"


def _keys(holder: dict) -> str:
    return ", ".join(map(short, list(holder)[:8])) or "none"


def short(value: object) -> str:
    """``repr`` for messages, cut where it gets long."""
    shown = repr(value[:200] if isinstance(value, str) else value)
    return shown if len(shown) <= 82 else f"{shown[:78]} …"


def of_labels(label: str) -> str:
    """A hint for messages: which tasks have this label; empty if none has."""
    names = [task.name for task in TASKS.values() if label in task.labels and not task.time_based]
    return f" ({short(label)} is a label of {' and '.join(names)})" if names else ""


def looks_like(text: str | None, task: Task) -> str:
    """A hint for messages: which other task has inputs that begin like this one; empty if none has."""
    others = [other for other in TASKS.values() if other.setting == task.setting and other.name != task.name]
    names = [other.name for other in others if text is not None and text.startswith(other.opening)]
    return f" (the input begins like those of {names[0]})" if names else ""


def check_no_stub(text: Any, name: str, task: Task) -> None:
    """Raise ValueError if the text is still the file name that stands for a gated text."""
    if task.is_stub(text):
        raise ValueError(
            f"{name}: {task.name} needs the texts, found file names that stand for them, first {short(text)}. "
            "Build the files first: avocado-builder build --help"
        )


def check_encodable(text: str, where: str, field: str) -> None:
    """Raise ValueError if the text holds half of a character, which JSON can write and Arrow cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{where}: {field!r} holds a lone surrogate, {text[error.start]!r} at character {error.start}: "
            "half of a character, which is no text and cannot be stored"
        ) from None
