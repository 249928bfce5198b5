"""What only the whole split tells: whose its rows are, and what the users' samples ask."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from lamp_dataset.personalize.history.items import Item
from lamp_dataset.personalize.history.leaks import questions
from lamp_dataset.personalize.stored import ROWS
from lamp_dataset.personalize.users.inference import UserFinder, by_name
from lamp_dataset.task import Task

if TYPE_CHECKING:
    import datasets


class Split:
    """The rows of a split by user, and what they ask; profiles stay on disk.

    Args:
        task: whose rows they are.
        rows: as :func:`~lamp_dataset.personalize.stored.stored` gives them.
        exclude: further splits of that form, whose questions and golds count as leaks, too.

    Raises:
        ValueError: the rows do not tell their users, or only some do.
    """

    def __init__(self, task: Task, rows: datasets.Dataset, exclude: Sequence[datasets.Dataset]) -> None:
        """Read all rows once."""
        self._task, self._ids = task, rows["id"][:]
        self._profiles = rows.select_columns(["profile"]).with_format("arrow")
        users, owners = _owners(rows, exclude)
        self._numbers: dict[str, list[int]] = defaultdict(list)
        for number, user in enumerate(users):
            self._numbers[user].append(number)
        self._owners = dict(zip(users, owners, strict=False))
        self._asked: dict[Hashable, set[tuple[str, str]]] = defaultdict(set)
        asking = (split.select_columns(["input", "output"]) for split in (rows, *exclude))
        for owner, row in zip(owners, itertools.chain.from_iterable(asking), strict=True):
            self._asked[owner].update(questions(task, row))

    def users(self) -> list[str]:
        """The users, in the order of their ids."""
        return sorted(self._numbers, key=by_name)

    def profiles_of(self, user: str) -> Iterator[tuple[str, pa.StructArray]]:
        """The id and the items of each row of a user, in the order of the ids; equal ids in the order of the items."""
        numbers = sorted(self._numbers[user], key=lambda number: by_name(self._ids[number]))
        for name, same in itertools.groupby(numbers, key=self._ids.__getitem__):
            found = [self._profiles[number]["profile"][0].values for number in same]
            found = [profile for profile in found if profile is not None]
            if len(found) > 1:
                found.sort(key=lambda profile: repr(profile.to_pylist()))
            yield from ((name, profile) for profile in found)

    def is_leak(self, user: str, item: Item) -> bool:
        """Whether an item is what a sample of the user asks about or, where that counts, its gold."""
        asked, pair = self._asked[self._owners[user]], self._task.pair
        return (pair.text, item.text) in asked or (pair.output, item.output) in asked


def _owners(rows: datasets.Dataset, exclude: Sequence[datasets.Dataset]) -> tuple[list[str], list[Hashable]]:
    """The users of the rows, and what identifies the user of each row and then of each row to exclude."""
    own = UserFinder()
    for table in rows.with_format("arrow").iter(ROWS):
        own.add(table)
    others = UserFinder(bool(own.named))
    for split in exclude:
        for table in split.with_format("arrow").iter(ROWS):
            others.add(table)
    users = own.users()
    return users, [*users, *others.users()] if own.named else own.groups(others)
