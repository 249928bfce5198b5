"""The history of each user, united from the profiles of all their rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lamp_dataset.personalize.hashes import joined
from lamp_dataset.personalize.history.declared import declared_items, profile_type
from lamp_dataset.personalize.history.stored import StoredRows
from lamp_dataset.personalize.history.survey import Survey
from lamp_dataset.task import Task

#: Users are united together until their profiles have so many items or, by the mean, bytes; copies included.
ITEMS, BYTES = 20_000, 8_000_000


@dataclass(frozen=True)
class Histories:
    """The distinct items of some users, one user after the other.

    Attributes:
        users: the users.
        user_of: for each item the position of its user in ``users``.
        owners: for each item the number of its user, see :class:`~lamp_dataset.personalize.history.survey.Survey`.
        keys: for each item the hash of what it asks about, see
            :func:`~lamp_dataset.personalize.history.survey.item_keys`.
        items: the items. Of several copies it is the first of the row with the smallest id.
        copies: how many items are copies of these within one profile. Copies in a user's other profiles are what
            profiles are made of, and do not count.
    """

    users: list[str]
    user_of: np.ndarray
    owners: np.ndarray
    keys: np.ndarray
    items: pa.StructArray
    copies: int


def histories(task: Task, found: Survey, stored: StoredRows) -> Iterator[Histories]:
    """The histories of all users, in the order of the users' ids, some users at a time."""
    most = min(ITEMS, 1 + BYTES * sum(map(len, found.keys)) // max(1, stored.num_bytes))
    rows: list[int] = []
    items = 0
    for of_user in found.by_user().values():
        rows += of_user
        items += sum(len(found.keys[row]) for row in of_user)
        if items >= most:
            yield _unite(task, found, stored, rows)
            rows, items = [], 0
    if rows:
        yield _unite(task, found, stored, rows)


def _unite(task: Task, found: Survey, stored: StoredRows, rows: list[int]) -> Histories:
    sizes = [len(found.keys[row]) for row in rows]
    users = {user: number for number, user in enumerate(dict.fromkeys(found.users[row] for row in rows))}
    user_of = np.repeat(np.array([users[found.users[row]] for row in rows], np.int64), sizes)
    keys = np.concatenate([found.keys[row] for row in rows])
    kept, number = _distinct(joined(user_of, keys), np.repeat(np.arange(len(rows)), sizes))
    return Histories(
        list(users),
        user_of[kept],
        np.repeat(found.owners[rows], sizes)[kept],
        keys[kept],
        _items(task, stored, rows, np.cumsum([0, *sizes]), kept),
        number - len(kept),
    )


def _distinct(keys: np.ndarray, row_of: np.ndarray) -> tuple[np.ndarray, int]:
    """Where each key comes first, and how many items there are if each counts as often as in the row with most of it.

    Args:
        keys: of items, row by row.
        row_of: the row of each.
    """
    if not len(keys):
        return np.array([], np.int64), 0
    order = np.argsort(keys, kind="stable")
    new_key = np.diff(keys[order], prepend=~keys[order[0]]) != 0
    new_row = new_key | (np.diff(row_of[order], prepend=-1) != 0)
    times = np.diff(np.flatnonzero(new_row), append=len(keys))
    most = np.maximum.reduceat(times, np.flatnonzero(new_key[new_row]))
    return np.sort(order[new_key]), int(most.sum())


def _items(task: Task, stored: StoredRows, rows: list[int], starts: np.ndarray, kept: np.ndarray) -> pa.StructArray:
    """The kept items, which are numbered through all profiles of these rows."""
    bounds = np.searchsorted(kept, starts)
    parts = [
        picked(stored.items(row), kept[low:high] - start)
        for row, start, low, high in zip(rows, starts, bounds, bounds[1:], strict=False)
        if low < high
    ]
    items = pa.concat_arrays(parts) if parts else pa.array([], profile_type(task).value_type)
    return declared_items(task, items, "the profiles")


def picked(values: pa.Array, positions: np.ndarray) -> pa.Array:
    """The values at some positions; those of neighbors are not copied."""
    if len(positions) and positions[-1] - positions[0] == len(positions) - 1 and (np.diff(positions) == 1).all():
        return values.slice(positions[0], len(positions))
    return values.take(pa.array(positions))
