"""The history of each user, united from the profiles of all their rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from lamp_dataset.personalize.hashes import joined, text_hashes
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
        keys: for each item the hash of what it asks about, see :func:`item_keys`.
        lacking: whether an item has no text or no output.
        items: the items. Of several copies it is the first of the row with the smallest id.
        copies: how many items are copies of these within one profile. Copies in a user's other profiles are what
            profiles are made of, and do not count.
    """

    users: list[str]
    user_of: np.ndarray
    owners: np.ndarray
    keys: np.ndarray
    lacking: np.ndarray
    items: pa.StructArray
    copies: int


def histories(task: Task, found: Survey, stored: StoredRows) -> Iterator[Histories]:
    """The histories of all users, in the order of the users' ids, some users at a time."""
    most = min(ITEMS, 1 + BYTES * int(found.sizes.sum()) // max(1, stored.num_bytes))

    def content(row: int) -> int:
        return xxhash.xxh3_64_intdigest(item_keys(task, stored.items([row]))[0].tobytes())

    rows: list[int] = []
    items = 0
    for of_user in found.by_user(content).values():
        rows += of_user
        items += int(found.sizes[of_user].sum())
        if items >= most:
            yield _unite(task, found, stored, rows)
            rows, items = [], 0
    if rows:
        yield _unite(task, found, stored, rows)


def _unite(task: Task, found: Survey, stored: StoredRows, rows: list[int]) -> Histories:
    users = {user: number for number, user in enumerate(dict.fromkeys(found.users[row] for row in rows))}
    sizes, items = found.sizes[rows], stored.items(rows)
    user_of = np.repeat(np.array([users[found.users[row]] for row in rows], np.int64), sizes)
    keys, lacking = item_keys(task, items)
    kept, number = _distinct(joined(user_of, keys), np.repeat(np.arange(len(rows)), sizes))
    return Histories(
        list(users),
        user_of[kept],
        np.repeat(found.owners[rows], sizes)[kept],
        keys[kept],
        lacking[kept],
        _picked_items(items, kept),
        number - len(kept),
    )


def item_keys(task: Task, items: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """A key of each item, and whether it lacks its text or its output.

    Items of one user with the same key count as one. It is the hash of what the item asks about, stripped; of an item
    that lacks something, the hash of both, so that it never takes the place of a whole one.
    """
    texts, outputs = (pc.struct_field(items, name) for name in (task.pair.text, task.pair.output))
    # Most items are copies. pyarrow finds the distinct texts without Python's lock, and only these are hashed.
    encoded = pc.dictionary_encode(texts, null_encoding="encode")
    places = np.concatenate([[], *(chunk.indices for chunk in encoded.chunks)]).astype(np.int32)
    distinct = stripped(encoded.chunk(0).dictionary) if len(places) else texts
    keys = text_hashes(distinct)[places]
    lacking = pc.equal(distinct, "").to_numpy(zero_copy_only=False)[places] | _blank(outputs)
    if lacking.any():
        keys[lacking] = joined(keys[lacking], text_hashes(stripped(outputs.filter(pa.array(lacking)))))
    return keys, lacking


def stripped(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The texts without white space around them; None is empty."""
    return pc.fill_null(pc.utf8_trim_whitespace(texts), "")


def _blank(texts: pa.ChunkedArray) -> np.ndarray:
    """Whether nothing is left of each text once it is stripped."""
    empty = pc.or_(pc.equal(pc.binary_length(texts), 0), pc.utf8_is_space(texts))
    return pc.fill_null(empty, True).to_numpy()


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


def _picked_items(items: pa.ChunkedArray, kept: np.ndarray) -> pa.StructArray:
    """The items at some positions in ascending order. Not ``take``, which makes one array of all items first."""
    starts = np.cumsum([0, *map(len, items.chunks)])
    bounds = np.searchsorted(kept, starts)
    parts = [
        picked(chunk, kept[low:high] - start)
        for chunk, start, low, high in zip(items.chunks, starts, bounds, bounds[1:], strict=False)
    ]
    return pa.concat_arrays(parts) if parts else pa.array([], items.type)


def picked(values: pa.Array, positions: np.ndarray) -> pa.Array:
    """The values at some positions; those of neighbors are not copied."""
    if len(positions) and positions[-1] - positions[0] == len(positions) - 1 and (np.diff(positions) == 1).all():
        return values.slice(positions[0], len(positions))
    return values.take(pa.array(positions))
