"""Rows of any form in the shape that the task table declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.formats.texts import check_encodable, short
from lamp_dataset.task import NULLABLE_FIELDS, Task

#: The columns of a row besides its profile; ``user_id`` and ``output`` may be missing.
TEXTS = ("id", "user_id", "input", "output")


def declared(task: Task, rows: pa.Table | pa.RecordBatch | Sequence[Any], start: int) -> pa.Table:
    """The columns ``id``, ``user_id`` (if there), ``input``, ``output`` and ``profile``, with all values as strings.

    Args:
        task: whose rows they are.
        rows: some rows, as Arrow or as dicts.
        start: the number of the first one, for messages.

    Raises:
        ValueError: a column or a field of the profile is missing, or has another shape.
    """
    if not hasattr(rows, "schema"):
        return _from_dicts(task, rows, start)
    names = rows.schema.names
    for name in ("id", "input", "profile"):
        if name not in names:
            raise ValueError(f"expected rows with the column {name!r}, found {', '.join(names) or 'none'}")
    columns = {name: _texts(rows.column(name)) for name in TEXTS if name in names}
    columns.setdefault("output", pa.nulls(rows.num_rows, pa.string()))
    for name in ("id", "input"):
        if columns[name].null_count:
            row = start + columns[name].is_null().index(True).as_py()
            raise ValueError(f"row {row}: expected a string as {name!r}, found None")
    profiles = whole(rows.column("profile"))
    if pa.types.is_struct(profiles.type):  # dicts of lists, as old versions of datasets give them
        return _from_dicts(task, pa.table({**columns, "profile": profiles}).to_pylist(), start)
    where = f"rows {start} to {start + rows.num_rows - 1}"
    return pa.table({**columns, "profile": _profiles(task, profiles, where)})


def declared_items(task: Task, items: pa.Array, where: str) -> pa.StructArray:
    """Profile items with the fields of ``task`` alone, as strings; ValueError names ``where`` if one is missing."""
    if not pa.types.is_struct(items.type):
        raise ValueError(f"{where}: expected a list of dicts as profile, found {short(items[0].as_py())} in one")
    if items.null_count:
        raise ValueError(f"{where}: expected a list of dicts as profile, found None among the items")
    names = [field.name for field in items.type]
    if len(items):
        _check_fields(task, names, where)
    fields = [
        _texts(pc.struct_field(items, name)) if name in names else pa.nulls(len(items), pa.string())
        for name in task.item_fields
    ]
    return pa.StructArray.from_arrays(fields, list(task.item_fields))


def profile_type(task: Task) -> pa.ListType:
    """The type of a profile."""
    return pa.list_(pa.struct([(name, pa.string()) for name in task.item_fields]))


def whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array."""
    while isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column


def _check_fields(task: Task, names: Iterable[str], where: str) -> None:
    missing = [name for name in task.item_fields if name not in names and name not in NULLABLE_FIELDS]
    if missing:
        found = ", ".join(map(short, list(names)[:8])) or "none"
        raise ValueError(
            f"{where}: expected profile items with the field {missing[0]!r} of {task.name}, found {found}; rows of "
            "another config?"
        )


def _profiles(task: Task, profiles: pa.Array, where: str) -> pa.ListArray:
    if profiles.null_count == len(profiles) or pa.types.is_null(getattr(profiles.type, "value_type", pa.string())):
        return pa.array([[]] * len(profiles), profile_type(task))  # all empty, and so perhaps of no type
    if not hasattr(profiles.type, "value_type"):
        raise ValueError(f"{where}: expected a list of dicts as profile, found {short(profiles[0].as_py())}")
    sizes = pc.fill_null(pc.list_value_length(profiles), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, declared_items(task, profiles.flatten(), where))


def _texts(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return pc.cast(whole(column), pa.string())


def _from_dicts(task: Task, rows: Iterable[Any], start: int) -> pa.Table:
    given = [_from_dict(task, row, f"row {start + position}") for position, row in enumerate(rows)]
    schema = pa.schema([*((name, pa.string()) for name in TEXTS), ("profile", profile_type(task))])
    try:
        return pa.Table.from_pylist(given, schema)
    except UnicodeEncodeError:
        for position, row in enumerate(given):
            for holder in (row, *row["profile"]):
                for name, text in holder.items():
                    if isinstance(text, str):
                        check_encodable(text, f"row {start + position}", name)
        raise


def _from_dict(task: Task, row: Any, where: str) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise ValueError(f"{where}: expected a dict, found {short(row)}")
    for name in ("id", "input", "profile"):
        if name not in row or (row[name] is None and name != "profile"):
            found = "None" if name in row else f"the keys {', '.join(map(str, row)) or 'none'}"
            raise ValueError(f"{where}: expected {name!r}, found {found}")
    items = [
        _from_item(task, item, f"{where}, item {position}")
        for position, item in enumerate(_list_of_items(row["profile"], where))
    ]
    return {**_strings(row, TEXTS), "profile": items}


def _list_of_items(profile: Any, where: str) -> list[Any]:
    if isinstance(profile, Mapping):  # a dict of lists, as old versions of datasets give it
        if len({len(values) for values in profile.values()}) > 1:
            raise ValueError(f"{where}: expected fields of equal length in the profile, found {short(dict(profile))}")
        return [dict(zip(profile, values, strict=True)) for values in zip(*profile.values(), strict=True)]
    if profile is not None and (isinstance(profile, str) or not isinstance(profile, Iterable)):
        raise ValueError(f"{where}: expected a list of dicts as profile, found {short(profile)}")
    return list(profile if profile is not None else ())


def _from_item(task: Task, item: Any, where: str) -> dict[str, str | None]:
    if not isinstance(item, Mapping):
        raise ValueError(f"{where}: expected a dict, found {short(item)}")
    _check_fields(task, item, where)
    return _strings(item, task.item_fields)


def _strings(holder: Mapping[str, Any], names: Iterable[str]) -> dict[str, str | None]:
    return {name: None if holder.get(name) is None else str(holder[name]) for name in names}
