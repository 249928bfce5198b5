"""Names of mails, and the set of those that a build needs, packed so that a million of them stay small."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from lamp_dataset.task import SETTINGS, Task
from lamp_dataset.tasks import TASKS

#: Setting -> the config whose texts come from the collection.
GATED: dict[str, Task] = {task.setting: task for task in TASKS.values() if task.gated}
_NAME = re.compile(f"(?:{GATED[SETTINGS[0]].stub_pattern})")


class MailKey(NamedTuple):
    """A needed mail: its account, and its position among the needed mails of that account, sorted by name."""

    account: str
    position: int


def is_name(text: object) -> bool:
    """Whether ``text`` is exactly the name of a mail.

    >>> is_name("147-000874-EM.txt"), is_name("147-000874-em.txt")
    (True, False)
    """
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def name_of(account: str, number: int) -> str:
    """The name of a mail from its parts.

    >>> name_of("147", 874)
    '147-000874-EM.txt'
    """
    return f"{account}-{number:06}-EM.txt"


class NeededMails:
    """The names of the mails that a build needs, at four bytes a name.

    Add all names, then :meth:`close`, then look up.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, array] = {}
        self._limits: dict[str, int] = {}

    def add(self, name: str) -> None:
        """Add a name for which :func:`is_name` holds."""
        account = name[:3]
        numbers = self._numbers.setdefault(account, array("I"))
        numbers.append(int(name[4:10]))
        if len(numbers) > self._limits.get(account, 4096):
            self._pack(account)

    def close(self) -> None:
        """Sort the names; after that none can be added."""
        for account in sorted(self._numbers):
            self._pack(account)
            self._numbers[account] = self._numbers.pop(account)

    def _pack(self, account: str) -> None:
        packed = array("I", sorted(set(self._numbers[account])))
        self._numbers[account] = packed
        self._limits[account] = 2 * len(packed) + 4096

    def __len__(self) -> int:
        return sum(map(len, self._numbers.values()))

    def accounts(self) -> dict[str, int]:
        """Account -> number of its needed mails, sorted by account."""
        return {account: len(numbers) for account, numbers in self._numbers.items()}

    def key(self, name: str) -> MailKey | None:
        """The key of the mail ``name``; None if it is not needed, or not the name of a mail."""
        return self.key_of_mail(name) if _NAME.fullmatch(name) else None

    def key_of_mail(self, name: str) -> MailKey | None:
        """As :meth:`key`, for a text that is known to be the name of a mail."""
        if name[:3] not in self._numbers:
            return None
        numbers, number = self._numbers[name[:3]], int(name[4:10])
        position = bisect_left(numbers, number)
        found = position < len(numbers) and numbers[position] == number
        return MailKey(name[:3], position) if found else None

    def name(self, key: MailKey) -> str:
        """The name of the mail with this key."""
        return name_of(key.account, self._numbers[key.account][key.position])

    def names(self) -> Iterator[str]:
        """All names, sorted."""
        for account, numbers in self._numbers.items():
            yield from (name_of(account, number) for number in numbers)
