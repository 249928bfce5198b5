"""Rows of any form in the shape that the task table declares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.formats.texts import short
from lamp_dataset.task import NULLABLE_FIELDS, Task

#: The columns of a row besides its profile; ``user_id`` and ``output`` may be missing.
TEXTS = ("id", "user_id", "input", "output")


def profile_type(task: Task) -> pa.ListType:
    """The type of a profile."""
    return pa.list_(pa.struct([(name, pa.string()) for name in task.item_fields]))


def declared(task: Task, rows: pa.Table | pa.RecordBatch, start: int) -> pa.Table:
    """The columns ``id``, ``user_id`` (if there), ``input``, ``output`` and ``profile``, with all values as strings.

    Args:
        task: whose rows they are.
        rows: some rows.
        start: the number of the first one, for messages.

    Raises:
        ValueError: a column or a field of the profile is missing, or has another shape.
    """
    names = rows.schema.names
    for name in ("id", "input", "profile"):
        if name not in names:
            raise ValueError(f"expected rows with the column {name!r}, found {', '.join(names) or 'none'}")
    columns = {name: _texts(rows.column(name)) for name in TEXTS if name in names}
    columns.setdefault("output", pa.nulls(len(rows), pa.string()))
    for name in ("id", "input"):
        if columns[name].null_count:
            row = start + columns[name].is_null().index(True).as_py()
            raise ValueError(f"row {row}: expected a string as {name!r}, found None")
    profile = whole(rows.column("profile"))
    where = f"rows {start} to {start + len(rows) - 1}"
    return pa.table({**columns, "profile": _profiles(task, profile, where)})


def declared_items(task: Task, items: pa.Array, where: str) -> pa.StructArray:
    """Profile items with the fields of ``task`` alone, as strings; ValueError names ``where`` if one is missing."""
    if not pa.types.is_struct(items.type):
        if not items.null_count == len(items):
            raise ValueError(f"{where}: expected a list of dicts as profile, found {short(items[0].as_py())} in one")
        items = pa.array([{}] * len(items), pa.struct([]))
    if items.null_count:
        raise ValueError(f"{where}: expected a list of dicts as profile, found None among the items")
    names = [field.name for field in items.type]
    missing = [name for name in task.item_fields if name not in names and name not in NULLABLE_FIELDS]
    if missing and len(items):
        found = ", ".join(map(short, names[:8])) or "none"
        raise ValueError(
            f"{where}: expected profile items with the field {missing[0]!r} of {task.name}, found {found}; rows of "
            "another config?"
        )
    fields = [
        _texts(pc.struct_field(items, name)) if name in names else pa.nulls(len(items), pa.string())
        for name in task.item_fields
    ]
    return pa.StructArray.from_arrays(fields, list(task.item_fields))


def _profiles(task: Task, profiles: pa.Array, where: str) -> pa.ListArray:
    if pa.types.is_struct(profiles.type):  # a dict of lists, as old versions of datasets give it
        profiles = pa.array([_transposed(profile) for profile in profiles.to_pylist()])
    if profiles.null_count == len(profiles):  # of no type, perhaps
        profiles = pa.array([[]] * len(profiles), pa.list_(pa.struct([])))
    if not hasattr(profiles.type, "value_type"):
        raise ValueError(f"{where}: expected a list of dicts as profile, found {short(profiles[0].as_py())}")
    sizes = pc.fill_null(pc.list_value_length(profiles), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, declared_items(task, profiles.flatten(), where))


def _transposed(profile: dict[str, Any] | None) -> list[dict[str, Any]] | None:
    if profile is None:
        return None
    return [dict(zip(profile, values, strict=True)) for values in zip(*profile.values(), strict=True)]


def whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array."""
    while isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column


def _texts(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return pc.cast(whole(column), pa.string())
