"""Rows of any form as a data set on disk, whose rows are dicts of texts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lamp_dataset.formats.texts import check_encodable, short
from lamp_dataset.personalize.row_forms import batches, items_of
from lamp_dataset.task import NULLABLE_FIELDS, Task

if TYPE_CHECKING:
    import datasets

#: The columns of a row besides its profile; ``user_id`` and ``output`` may be missing.
TEXTS = ("id", "user_id", "input", "output")
#: How many rows are Python objects at a time.
ROWS = 64


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
        while some := list(itertools.islice(given, ROWS)):
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
