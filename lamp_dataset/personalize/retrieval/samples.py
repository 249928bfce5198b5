"""What retrieval and prompts see of a batch of rows: one :class:`Sample` per row, over plain values or over Arrow.

A batch comes as a mapping of columns (``map(batched=True)``, Ray's numpy batches) or as an Arrow table. On Arrow the
texts stay there; only the few chosen items become Python objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.formats.ids import check_unique
from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.retrieval.queries import Query, find_query
from lamp_dataset.personalize.row_forms import items_of
from lamp_dataset.task import Task

#: The columns that retrieval and prompts read.
COLUMNS = ("id", "input", "profile")

#: Separates a document from its date if dates are searched too (the official script's ``--use_date``).
DATE = " date: "


class Sample(Protocol):
    """One row: its id, input and query, and its profile, item by item in the stored order."""

    id: str
    input: str
    query: Query
    size: int

    @property
    def documents(self) -> list[str]:
        """The text of each item that retrieval searches; a field of None counts as empty."""

    @property
    def texts(self) -> list[str] | pa.Array:
        """The documents as they are at hand: of an Arrow batch, an array of strings."""

    def column(self, field: str) -> list:
        """The values of one field of all items; ValueError if an item lacks it."""

    def items(self, positions: Iterable[int]) -> list[dict[str, Any]]:
        """The items at these positions."""


@dataclass(frozen=True)
class PlainSample:
    """A sample whose profile is a list of dicts."""

    task: Task
    id: str
    input: str
    query: Query
    profile: Sequence[Mapping[str, Any]]
    use_date: bool = False

    @property
    def size(self) -> int:
        """Number of items."""
        return len(self.profile)

    @cached_property
    def documents(self) -> list[str]:
        """See :class:`Sample`."""
        parts = zip(*(self.column(field) for field in self.task.document_fields), strict=True)
        texts = [" ".join("" if part is None else str(part) for part in fields) for fields in parts]
        if not self.use_date:
            return texts
        return [
            text if date is None else f"{text}{DATE}{date}"
            for text, date in zip(texts, self.column("date"), strict=True)
        ]

    @property
    def texts(self) -> list[str]:
        """See :class:`Sample`."""
        return self.documents

    def column(self, field: str) -> list:
        """See :class:`Sample`."""
        try:
            return [item[field] for item in self.profile]
        except KeyError:
            position = next(n for n, item in enumerate(self.profile) if field not in item)
            raise _lacks(
                self.task, field, self.profile[position], f"sample {short(self.id)}, item {position}"
            ) from None

    def items(self, positions: Iterable[int]) -> list[dict[str, Any]]:
        """See :class:`Sample`."""
        return [dict(self.profile[position]) for position in positions]


@dataclass(frozen=True)
class _ArrowSample:
    """A sample whose profile is a slice of the items of its batch."""

    id: str
    input: str
    query: Query
    batch: _ArrowItems
    start: int
    size: int

    @property
    def documents(self) -> list[str]:
        return self.texts.to_pylist()

    @property
    def texts(self) -> pa.Array:
        return self.batch.documents.slice(self.start, self.size)

    def column(self, field: str) -> list:
        return self.batch.column(field).slice(self.start, self.size).to_pylist()

    def items(self, positions: Iterable[int]) -> list[dict[str, Any]]:
        return [self.batch.values[self.start + int(position)].as_py() for position in positions]


class _ArrowItems:
    """The profile items of a whole batch, end to end."""

    def __init__(self, task: Task, values: pa.StructArray, use_date: bool) -> None:
        self.task, self.values, self.use_date = task, values, use_date

    def column(self, field: str) -> pa.Array:
        names = [entry.name for entry in self.values.type]
        if field not in names:
            raise _lacks(self.task, field, names, "the profile items")
        return pc.struct_field(self.values, field)

    @cached_property
    def documents(self) -> pa.Array:
        text = pa.large_string()
        parts = [pc.fill_null(self.column(field).cast(text), "") for field in self.task.document_fields]
        texts = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, pa.scalar(" ", text))
        if not self.use_date:
            return texts
        dated = pc.binary_join_element_wise(texts, self.column("date").cast(text), pa.scalar(DATE, text))
        return pc.coalesce(dated, texts)


def positions_by_id(sample: Sample) -> dict[str, int]:
    """Item id -> position in the profile, in the stored order, for rankings that name items by their ids.

    Raises:
        DuplicateIdError: two items share an id, so that the id does not tell which of them is meant.
    """
    ids = sample.column("id")
    check_unique(ids, f"the profile of sample {short(sample.id)}")
    return {item_id: position for position, item_id in enumerate(ids)}


def item_ids(sample: Sample, positions: Iterable[int]) -> list[str]:
    """The ids of the items at these positions, as strings; ValueError if an item has none."""
    try:
        found = [item["id"] for item in sample.items(positions)]
    except KeyError:
        return sample.column("id")  # says which item it is
    return [item_id if item_id is None else str(item_id) for item_id in found]


def _lacks(task: Task, field: str, names: Iterable[str], where: str) -> ValueError:
    found = ", ".join(map(short, list(names)[:8])) or "none"
    return ValueError(f"{where}: expected the field {field!r} of {task.name}, found {found}; rows of another config?")


def read_samples(
    task: Task, batch: Mapping[str, Sequence] | pa.Table, rules: str, use_date: bool = False
) -> list[Sample]:
    """The samples of a batch.

    Args:
        task: whose rows they are.
        batch: columns by name, at least ``id``, ``input`` and ``profile``, a list of dicts.
        rules: ``"official"`` or ``"fixed"``, for the query.
        use_date: whether each document ends with its date.

    Raises:
        ValueError: a column or a field is missing, or holds None or a value of another type.
    """
    if not isinstance(batch, (Mapping, pa.Table)) and not hasattr(batch, "columns"):
        found = f"found {type(batch).__name__}; map(…, batched=True) of a dataset gives such batches"
        raise ValueError(f"expected a batch of rows: a mapping of columns or an Arrow table, {found}")
    names = batch.column_names if isinstance(batch, pa.Table) else list(batch)
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise ValueError(f"expected rows with {', '.join(COLUMNS)}; found no {missing[0]!r} among {', '.join(names)}")
    if isinstance(batch, pa.Table) and _is_list_of_structs(batch.schema.field("profile").type):
        return list(_arrow_samples(task, batch, rules, use_date))
    if isinstance(batch, pa.Table):
        batch = {name: batch.column(name).to_pylist() for name in COLUMNS}
    sizes = [len(batch[name]) for name in COLUMNS]
    if len(set(sizes)) > 1:
        found = ", ".join(f"{size} as {name!r}" for name, size in zip(COLUMNS, sizes, strict=True))
        raise ValueError(f"expected columns of equal length, found {found}")
    rows = zip(*(batch[name] for name in COLUMNS), strict=True)
    return [
        PlainSample(task, *_head(task, i, text, rules), items_of(profile, f"sample {short(i)}"), use_date)
        for i, text, profile in rows
    ]


def _head(task: Task, sample_id: Any, text: Any, rules: str) -> tuple[str, str, Query]:
    for name, value in (("id", sample_id), ("input", text)):
        if not isinstance(value, str):
            raise ValueError(f"sample {short(sample_id)}: expected a string as {name!r}, found {short(value)}")
    return str(sample_id), str(text), find_query(task, text, rules)


def _is_list_of_structs(kind: pa.DataType) -> bool:
    return (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and pa.types.is_struct(kind.value_type)


def _arrow_samples(task: Task, table: pa.Table, rules: str, use_date: bool) -> Iterator[Sample]:
    ids, inputs = (table.column(name).to_pylist() for name in ("id", "input"))
    profiles = table.column("profile").combine_chunks()
    profiles = profiles.combine_chunks() if isinstance(profiles, pa.ChunkedArray) else profiles
    items = _ArrowItems(task, profiles.flatten(), use_date)
    if items.values.null_count:
        raise ValueError("expected a list of dicts as profile of every sample, found None among the items")
    sizes = pc.fill_null(pc.list_value_length(profiles), 0).to_pylist()
    start = 0
    for sample_id, text, size in zip(ids, inputs, sizes, strict=True):
        yield _ArrowSample(*_head(task, sample_id, text, rules), items, start, size)
        start += size
