"""Rows in any form that callers have them in: data sets, streams, Arrow tables, dicts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from lamp_dataset.formats.texts import short

#: The columns of rows as they are loaded.
KNOWN = ("id", "user_id", "input", "output", "profile")
#: Rows at a time.
BATCH = 256


class RowsError(ValueError):
    """Rows that lack what is needed; the message says which row, but not which file."""


def batches(rows: Any) -> Iterator[pa.Table | list[Any]]:
    """The rows as Arrow tables, or where they are Python objects as lists of them, up to :data:`BATCH` at a time.

    Raises:
        RowsError: something else than rows of one split.
    """
    if isinstance(rows, pa.Table):
        yield from (rows.slice(start, BATCH) for start in range(0, len(rows), BATCH))
    elif isinstance(rows, (str, bytes, Mapping)) or not hasattr(rows, "__iter__"):
        raise RowsError(f"expected the rows of one split, found {type(rows).__name__}")
    elif hasattr(rows, "with_format"):  # a data set, in memory, mapped or streamed
        yield from rows.with_format("arrow").iter(BATCH)
    else:
        given = iter(rows)
        while batch := list(itertools.islice(given, BATCH)):
            yield batch


def tables(rows: Any, user: str = "user_id") -> Iterator[pa.Table]:
    """The rows as such tables, what is Arrow already without copying it, the rest without its texts.

    ``user`` is the column that may name a row's user.

    Raises:
        RowsError: as for :func:`batches`, or a row has neither ``user`` nor ``profile``, or another shape.
    """
    number = 0
    for batch in batches(rows):
        if isinstance(batch, pa.Table):
            yield batch
        else:
            yield pa.Table.from_pylist([_needed(row, user, f"row {number + place}") for place, row in enumerate(batch)])
        number += len(batch)


def _needed(row: Any, user: str, where: str) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise RowsError(f"{where}: expected a dict with 'id' and 'profile', found {type(row).__name__}")
    if row.get(user) is None and "profile" not in row:
        raise RowsError(f"{where}: expected {user!r} or 'profile', found the keys {', '.join(row) or 'none'}")
    others = {name: value for name, value in row.items() if name not in KNOWN and isinstance(value, (str, int))}
    return {**others, "id": row.get("id"), user: row.get(user), "profile": items_of(row.get("profile"), where)}


def items_of(profile: Any, where: str) -> list[Mapping[str, Any]]:
    """The items of a profile, none if it is None; RowsError names ``where`` if it is not a list of dicts."""
    if isinstance(profile, (str, Mapping)) or not isinstance(profile, Iterable | None):
        raise RowsError(f"{where}: expected a list of dicts as profile, found {short(profile)}")
    items = [] if profile is None else list(profile)
    for item in items:
        if not isinstance(item, Mapping):
            raise RowsError(f"{where}: expected a list of dicts as profile, found {short(item)} in it")
    return items
