"""Rows in the form a caller has them in, as data sets, streams, Arrow tables or dicts, brought into one form."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from lamp_dataset.formats.texts import check_encodable, short
from lamp_dataset.task import NULLABLE_FIELDS, Task

#: The columns of a row besides its profile; ``user_id`` and ``output`` may be missing.
TEXTS = ("id", "user_id", "input", "output")
#: The columns of rows as they are loaded.
KNOWN = (*TEXTS, "profile")
#: Rows at a time.
BATCH = 256


class RowsError(ValueError):
    """Rows lack what is needed; the message names the row, but not the file."""


def batches(rows: Any) -> Iterator[pa.Table | list[Any]]:
    """The rows as Arrow tables, or as lists if they are Python objects, up to :data:`BATCH` at a time.

    Raises:
        RowsError: anything but the rows of one split.
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
    """The rows as Arrow tables; those that are dicts without ``input`` and ``output``.

    ``user`` is the column that may name a row's user.

    Raises:
        RowsError: as for :func:`batches`, or a row is not a dict with ``user`` or ``profile``.
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
    """The items of a profile, of which None has none.

    Raises:
        RowsError: it is not a list of dicts; the message begins with ``where``.
    """
    if isinstance(profile, (str, Mapping)) or not isinstance(profile, Iterable | None):
        raise RowsError(f"{where}: expected a list of dicts as profile, found {short(profile)}")
    items = [] if profile is None else list(profile)
    for item in items:
        if not isinstance(item, Mapping):
            raise RowsError(f"{where}: expected a list of dicts as profile, found {short(item)} in it")
    return items


def schema_of(task: Task) -> pa.Schema:
    """The columns of rows and of training pairs, all texts."""
    items = pa.list_(pa.struct([(name, pa.string()) for name in task.item_fields]))
    return pa.schema([*((name, pa.string()) for name in TEXTS), ("profile", items)])


def on_disk(task: Task, rows: Any, folder: Path) -> Any:
    """The rows, in whatever form, as a ``datasets.Dataset`` on disk, with the columns of :func:`schema_of`.

    Args:
        task: whose rows they are.
        rows: as :func:`~lamp_dataset.personalize.users.inference.users_of` takes them.
        folder: for a file, unless the rows are a data set of that kind; it may lack ``user_id``.

    Raises:
        ValueError: as for :func:`as_dicts`.
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


def _is_whole(task: Task, rows: Any) -> bool:
    types = {field.name: field.type for field in rows.features.arrow_schema}
    wanted = [field for field in schema_of(task) if field.name in types or field.name != "user_id"]
    if any(types.get(field.name) != field.type for field in wanted):
        return False
    items = (chunk.flatten() for chunk in rows.data.column("profile").chunks)
    return not any(part.null_count for part in (rows.data.column("id"), rows.data.column("input"), *items))


def as_dicts(task: Task, rows: Any) -> Iterator[dict[str, Any]]:
    """The rows, in whatever form, as dicts of texts or None; the profile is a list of such dicts.

    Raises:
        ValueError: a row or an item lacks a field, or has another shape.
    """
    given = (row for some in batches(rows) for row in (some.to_pylist() if isinstance(some, pa.Table) else some))
    for number, row in enumerate(given):
        where = f"row {number}"
        if not isinstance(row, Mapping):
            raise ValueError(f"{where}: expected a dict, found {short(row)}")
        for name in ("id", "input", "profile"):
            if name not in row or (row[name] is None and name != "profile"):
                found = "None" if name in row else f"the keys {', '.join(map(str, row)) or 'none'}"
                raise ValueError(f"{where}: expected {name!r}, found {found}")
        items = enumerate(items_of(row["profile"], where))
        profile = [_as_item(task, item, f"{where}, item {position}") for position, item in items]
        yield {**_texts(row, TEXTS, where), "profile": profile}


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
