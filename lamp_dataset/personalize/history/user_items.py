"""The items of some users as an Arrow table, in which no text becomes a Python string: most items are copies.

Its columns:

* ``user``: the number of the item's user among those looked at, in ascending order.
* ``row``, ``sample``, ``position``: number and id of the row that the item is in, and where in its profile.
* ``times``: how often one profile has it, at most.
* ``text``, ``output``: what it asks and answers, without white space around them; ``""`` for None.
* ``item``: its fields as stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.task import Task

_COLUMNS = ["user", "row", "sample", "position", "text", "output", "item", "times"]


def items_of(task: Task, users: np.ndarray, rows: np.ndarray, samples: pa.Array, profiles: pa.ChunkedArray) -> pa.Table:
    """All items of some rows, given the number of each row's user, its own number, its id and its profile."""
    lengths = pc.fill_null(pc.list_value_length(profiles), 0).to_numpy()
    place, items = np.repeat(np.arange(len(lengths)), lengths), pc.list_flatten(profiles).combine_chunks()
    text, output = (
        pc.utf8_trim_whitespace(pc.fill_null(pc.struct_field(items, field), ""))
        for field in (task.pair.text, task.pair.output)
    )
    positions = np.arange(len(items)) - np.repeat(lengths.cumsum() - lengths, lengths)
    columns = [users[place], rows[place], samples.take(pa.array(place)), positions]
    return pa.table([*columns, text, output, items, np.ones(len(items), np.int64)], _COLUMNS)


def distinct(items: pa.Table) -> pa.Table:
    """The distinct items of each user.

    Items with the same text are one, the first. Those that lack text or output are one only if both are the same, so
    that they never take the place of a whole one. Copies in the user's other profiles do not count as further times:
    profiles are made of them.
    """
    keys = ["user", "text", "incomplete"]
    looked_at = items.select(["user", "row", "times", "text"]).append_column("place", pa.array(np.arange(len(items))))
    looked_at = looked_at.append_column("incomplete", pc.if_else(has_both(items), None, items["output"]))
    by_row = looked_at.group_by([*keys, "row"], use_threads=False).aggregate([("times", "sum"), ("place", "min")])
    found = by_row.group_by(keys, use_threads=False).aggregate([("times_sum", "max"), ("place_min", "min")])
    found = found.sort_by("place_min_min")
    times = found["times_sum_max"]
    return items.take(found["place_min_min"]).drop_columns("times").append_column("times", times)


def has_both(items: pa.Table) -> pa.ChunkedArray:
    """Whether each item has a text and an output."""
    return pc.and_(pc.not_equal(items["text"], ""), pc.not_equal(items["output"], ""))


def pair_ids(users: Sequence[str], items: pa.Table) -> pa.Array:
    """``user/item``, percent-encoded, so that no two are alike; ``user/item/2`` for a second item of the same id.

    The ids do not depend on what is left out of the pairs.
    """
    owners = pa.array(map(_quoted, users), pa.string()).take(items["user"].combine_chunks())
    ids = pc.fill_null(pc.struct_field(items["item"].combine_chunks(), "id"), "")
    if pc.any(pc.match_substring_regex(ids, "[^0-9A-Za-z]")).as_py():
        ids = pa.array(map(_quoted, ids.to_pylist()), pa.string())
    names = pc.binary_join_element_wise(owners, ids, "/")
    return names if pc.count_distinct(names).as_py() == len(names) else pa.array(_told_apart(names.to_pylist()))


def _quoted(name: str) -> str:
    return name if name.isascii() and name.isalnum() else quote(name, safe="")


def _told_apart(names: list[str]) -> Iterator[str]:
    times: Counter[str] = Counter()
    for name in names:
        times[name] += 1
        yield name if times[name] == 1 else f"{name}/{times[name]}"
