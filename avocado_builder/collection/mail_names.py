"""Names of mails, and the set of those that a build needs, packed so that a million of them stay small."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left

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


class NeededMails:
    """The names of the mails that a build needs, once closed at four bytes a name.

    Add all names, then :meth:`close`, then look up. The key of a mail is its position among all names, sorted.
    """

    def __init__(self) -> None:
        self._added: set[int] = set()
        self._numbers = array("I")

    def add(self, name: str) -> None:
        """Add a name for which :func:`is_name` holds."""
        self._added.add(_number(name))

    def close(self) -> None:
        """Sort the names; after that none can be added."""
        self._numbers = array("I", sorted(self._added))
        self._added.clear()

    def __len__(self) -> int:
        return len(self._numbers)

    def key(self, name: str) -> int | None:
        """The key of the mail ``name``; None if it is not needed, or not the name of a mail."""
        if not is_name(name):
            return None
        number = _number(name)
        key = bisect_left(self._numbers, number)
        return key if key < len(self) and self._numbers[key] == number else None

    def name(self, key: int) -> str:
        """The name of the mail with this key."""
        account, number = divmod(self._numbers[key], _ACCOUNT)
        return f"{account:03}-{number:06}-EM.txt"


#: A name as a number: its account's, times this, plus that of the mail.
_ACCOUNT = 1_000_000


def _number(name: str) -> int:
    return int(name[:3]) * _ACCOUNT + int(name[4:10])
