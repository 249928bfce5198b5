"""The first look at the rows: whose they are and what the samples ask. No text is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from lamp_dataset.personalize.history.leaks import marks_of, questions
from lamp_dataset.personalize.users import UserFinder, by_name
from lamp_dataset.task import Task


@dataclass(frozen=True)
class Survey:
    """What is known of the rows.

    Attributes:
        users: the user of each row.
        ids: the id of each row.
        owners: a number for the user of each row, the same in the rows to exclude.
        sizes: the number of items of each row.
        tests: marks of all that the samples ask, see :func:`~lamp_dataset.personalize.history.leaks.marks_of`.
    """

    users: list[str]
    ids: list[str]
    owners: np.ndarray
    sizes: np.ndarray
    tests: np.ndarray

    def by_user(self, content: Callable[[int], int]) -> dict[str, list[int]]:
        """User -> their rows; users and rows in the order of their ids, whatever the order of the rows.

        Args:
            content: gives a number for what is in a row; it tells rows that share an id apart.
        """
        times = Counter(self.ids)
        shared = {row: content(row) for row, name in enumerate(self.ids) if times[name] > 1}
        found: dict[str, list[int]] = {}
        for row in sorted(range(len(self.ids)), key=lambda row: (*by_name(self.ids[row]), shared.get(row, 0))):
            found.setdefault(self.users[row], []).append(row)
        return {user: found[user] for user in sorted(found, key=by_name)}


def survey(task: Task, rows: Iterable[pa.Table], exclude: Iterable[Iterable[pa.Table]] = ()) -> Survey:
    """Read all rows once.

    Args:
        task: whose rows they are.
        rows: in the declared shape.
        exclude: further rows of the same kind, whose questions and golds count as tests.

    Raises:
        ValueError: the rows do not tell their users, or only some do.
    """
    own = _Samples(task)
    for table in rows:
        own.add(table)
    others = _Samples(task, own.named)
    for tables in exclude:
        for table in tables:
            others.add(table)
    users = own.users()
    owners = own.owners(users, others)
    tests = marks_of(owners, np.concatenate([_NONE, *own.asked, *others.asked]))
    return Survey(users, own.ids, owners[: len(users)], np.array(own.sizes, np.int64), tests)


_NONE = np.empty((0, 2), np.uint64)


class _Samples:
    """Ids, users, questions and numbers of items of rows, collected from table to table."""

    def __init__(self, task: Task, named: bool | None = None) -> None:
        self.ids: list[str] = []
        self.asked: list[np.ndarray] = []
        self.sizes: list[int] = []
        self._task = task
        self._users = UserFinder(named)

    def add(self, table: pa.Table) -> None:
        self._users.add(table)
        self.ids += table["id"].to_pylist()
        self.asked.append(questions(self._task, table))
        self.sizes += pc.list_value_length(table["profile"]).to_pylist()

    @property
    def named(self) -> bool:
        return bool(self._users.named)

    def users(self) -> list[str]:
        return self._users.users()

    def owners(self, users: list[str], others: _Samples) -> np.ndarray:
        """A number for the user of each row here, and then there; the same user has the same number."""
        if self.named or not others.ids:
            return np.fromiter(map(_number, [*users, *others.users()]), np.uint64)
        return np.array(self._users.groups(others._users), np.uint64)


def _number(user: str) -> int:
    return xxhash.xxh3_64_intdigest(user.encode("utf-8", "surrogatepass"))
