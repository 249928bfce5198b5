"""Rows in any form that callers have them in, data sets, streams, Arrow tables or dicts, in one form, also on disk."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lamp_dataset.formats.texts import check_encodable, short
from lamp_dataset.task import NULLABLE_FIELDS, Task

if TYPE_CHECKING:
    import datasets

#: The columns of a row besides its profile; ``user_id`` and ``output`` may be missing.
TEXTS = ("id", "user_id", "input", "output")
#: The columns of rows as they are loaded.
KNOWN = (*TEXTS, "profile")
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


def schema_of(task: Task) -> pa.Schema:
    """The columns of rows and of pairs, all texts."""
    items = pa.list_(pa.struct([(name, pa.string()) for name in task.item_fields]))
    return pa.schema([*((name, pa.string()) for name in TEXTS), ("profile", items)])


def on_disk(task: Task, rows: Any, folder: Path) -> datasets.Dataset:
    """Rows of ``id``, ``user_id`` (perhaps), ``input``, ``output`` and ``profile``, read one at a time.

    Args:
        task: whose rows they are.
        rows: as :func:`~lamp_dataset.personalize.users.inference.users_of` takes them.
        folder: for a file, unless the rows are a data set that has all this already.

    Raises:
        ValueError: a row or an item lacks a field, or has another shape.
    """
    import datasets  # imported late: it takes a second

    if isinstance(rows, datasets.Dataset) and _is_whole(task, rows):
        return rows.with_format(None)
    path = next(path for n in itertools.count() if not (path := folder / f"{n}.arrow").exists())
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, schema_of(task)) as writer:
        given = as_dicts(task, rows)
        while some := list(itertools.islice(given, BATCH)):
            writer.write_table(pa.Table.from_pylist(some, schema_of(task)))
    return datasets.Dataset.from_file(str(path))


def _is_whole(task: Task, rows: datasets.Dataset) -> bool:
    types = {field.name: field.type for field in rows.features.arrow_schema}
    wanted = [field for field in schema_of(task) if field.name in types or field.name != "user_id"]
    if any(types.get(field.name) != field.type for field in wanted):
        return False
    items = (chunk.flatten() for chunk in rows.data.column("profile").chunks)
    return not any(part.null_count for part in (rows.data.column("id"), rows.data.column("input"), *items))


def as_dicts(task: Task, rows: Any) -> Iterator[dict[str, Any]]:
    """Rows in any of these forms as such dicts; see :func:`on_disk`."""
    given = (row for some in batches(rows) for row in (some.to_pylist() if isinstance(some, pa.Table) else some))
    for number, row in enumerate(given):
        yield _as_dict(task, row, f"row {number}")


def _as_dict(task: Task, row: Any, where: str) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise ValueError(f"{where}: expected a dict, found {short(row)}")
    for name in ("id", "input", "profile"):
        if name not in row or (row[name] is None and name != "profile"):
            found = "None" if name in row else f"the keys {', '.join(map(str, row)) or 'none'}"
            raise ValueError(f"{where}: expected {name!r}, found {found}")
    items = enumerate(items_of(row["profile"], where))
    return {
        **_texts(row, TEXTS, where),
        "profile": [_as_item(task, item, f"{where}, item {position}") for position, item in items],
    }


def _as_item(task: Task, item: Mapping[str, Any], where: str) -> dict[str, str | None]:
    for name in task.item_fields:
        if name not in item and name not in NULLABLE_FIELDS:
            found = ", ".join(map(short, list(item)[:8])) or "none"
            raise ValueError(
                f"{where}: expected profile items with the field {name!r} of {task.name}, found {found}; rows of "
                "another config?"
            )
    return _texts(item, task.item_fields, where)


def _texts(holder: Mapping[str, Any], names: Iterable[str], where: str) -> dict[str, str | None]:
    found = {name: None if holder.get(name) is None else str(holder[name]) for name in names}
    for name, text in found.items():
        if text is not None:
            check_encodable(text, where, name)
    return found
