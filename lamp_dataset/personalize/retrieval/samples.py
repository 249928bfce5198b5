"""A batch of rows: one :class:`Sample` for each row, for retrieval and prompts, and the columns that rows get.

A batch comes as a mapping of columns (``map(batched=True)``, Ray's numpy batches) or as an Arrow table. On Arrow the
texts stay there; only the few chosen items become Python objects.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.formats.texts import check_unique, short
from lamp_dataset.loading.datasets_internals import table_of
from lamp_dataset.personalize.retrieval.queries import Query, find_query
from lamp_dataset.personalize.row_forms import items_of
from lamp_dataset.task import Task

#: The columns that retrieval and prompts read.
NEEDED = ("id", "input", "profile")
_STRINGS = pa.list_(pa.string())

#: Name -> type of each column that a row gets.
COLUMNS: Mapping[str, pa.DataType] = MappingProxyType(
    {
        "source": pa.string(),
        "target": pa.string(),
        "retrieved_ids": _STRINGS,
        "retrieved_use": _STRINGS,
        "retrieved_scores": pa.list_(pa.float64()),
        "personalized": pa.bool_(),
        "notes": pa.string(),
        "source_length": pa.int64(),
        "length_unit": pa.string(),
        "messages": pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])),
    }
)

#: Separates a document from its date if dates are searched too (the official script's ``--use_date``).
DATE = " date: "
_TEXT = pa.large_string()


@dataclass(frozen=True)
class Sample:
    """One row.

    Attributes:
        task: whose row it is.
        id, input: as in the row.
        query: what retrieval looks for.
        profile: the items in the stored order, as dicts or in Arrow.
        use_date: whether each document ends with its date.
        batch: a sample with the profiles of several samples end to end, whose texts are made together; None for a
            sample alone.
        start: where this profile begins in ``batch``.
    """

    task: Task
    id: str
    input: str
    query: Query
    profile: Sequence[Mapping[str, Any]] | pa.StructArray
    use_date: bool = False
    batch: "Sample | None" = field(default=None, repr=False)
    start: int = 0

    @property
    def size(self) -> int:
        """Number of items."""
        return len(self.profile)

    @property
    def documents(self) -> list[str]:
        """The text of each item that retrieval searches; a field of None counts as empty."""
        return self.texts.to_pylist()

    @cached_property
    def texts(self) -> pa.Array:
        """The documents as an array of strings."""
        if self.batch is not None:
            with suppress(ValueError):  # which another sample of the batch may cause
                return self.batch.texts.slice(self.start, self.size)
        parts = [pc.fill_null(self._strings(name), "") for name in self.task.document_fields]
        texts = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, pa.scalar(" ", _TEXT))
        if not self.use_date:
            return texts
        return pc.coalesce(pc.binary_join_element_wise(texts, self._strings("date"), pa.scalar(DATE, _TEXT)), texts)

    def column(self, field: str) -> list:
        """The values of one field of all items; ValueError if an item lacks it."""
        values = self._column(field)
        return values.to_pylist() if isinstance(values, pa.Array) else values

    def items(self, positions: Iterable[int]) -> list[dict[str, Any]]:
        """The items at these positions."""
        found = (self.profile[int(position)] for position in positions)
        return [item.as_py() if isinstance(item, pa.StructScalar) else dict(item) for item in found]

    def _strings(self, field: str) -> pa.Array:
        values = self._column(field)
        if isinstance(values, pa.Array):
            return values.cast(_TEXT)
        return pa.array([None if value is None else str(value) for value in values], _TEXT)

    def _column(self, field: str) -> list | pa.Array:
        try:
            if isinstance(self.profile, pa.Array):
                return pc.struct_field(self.profile, field)
            return [item[field] for item in self.profile]
        except (KeyError, pa.ArrowInvalid):
            place, item = next(((n, item) for n, item in enumerate(self.profile) if field not in item), (0, {}))
            found = f"found {', '.join(map(short, list(item)[:8])) or 'none'}; rows of another config?"
            where = f"sample {short(self.id)}, item {place}"
            raise ValueError(f"{where}: expected the field {field!r} of {self.task.name}, {found}") from None


def positions_by_id(sample: Sample) -> dict[str, int]:
    """Item id -> position in the profile, in the stored order; DuplicateIdError if two items share an id."""
    ids = sample.column("id")
    check_unique(ids, f"the profile of sample {short(sample.id)}")
    return {item_id: position for position, item_id in enumerate(ids)}


def read_samples(
    task: Task, batch: Mapping[str, Sequence] | pa.Table, rules: str, use_date: bool = False
) -> list[Sample]:
    """The samples of a batch; ``rules`` are for the queries, ``use_date`` is for the documents, see :class:`Sample`.

    ValueError if a column or a field is missing, or holds None or a value of another type.
    """
    if not isinstance(batch, (Mapping, pa.Table)) and not hasattr(batch, "columns"):
        found = f"found {type(batch).__name__}; map(…, batched=True) of a dataset gives such batches"
        raise ValueError(f"expected a batch of rows: a mapping of columns or an Arrow table, {found}")
    names = batch.column_names if isinstance(batch, pa.Table) else list(batch)
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise ValueError(f"expected rows with {', '.join(NEEDED)}; found no {missing[0]!r} among {', '.join(names)}")
    sizes = [len(batch[name]) for name in NEEDED]
    if len(set(sizes)) > 1:
        found = ", ".join(f"{size} as {name!r}" for name, size in zip(NEEDED, sizes, strict=True))
        raise ValueError(f"expected columns of equal length, found {found}")
    ids, inputs, given = (
        column.to_pylist() if isinstance(column, pa.ChunkedArray) and not _in_arrow(column.type) else column
        for column in (batch[name] for name in NEEDED)
    )
    for sample_id, text in zip(ids, inputs, strict=True):
        for name, value in (("id", sample_id), ("input", text)):
            if not isinstance(value, str):
                raise ValueError(f"sample {short(sample_id)}: expected a string as {name!r}, found {short(value)}")
    if isinstance(given, pa.ChunkedArray):
        items, sizes = _items(given)
    else:
        profiles = [items_of(profile, f"sample {short(i)}") for i, profile in zip(ids, given, strict=True)]
        items, sizes = list(itertools.chain.from_iterable(profiles)), list(map(len, profiles))
    starts = itertools.accumulate(sizes, initial=0)
    whole = Sample(task, "", "", Query(""), items, use_date)
    return [
        Sample(task, str(i), str(text), find_query(task, text, rules), items[at : at + size], use_date, whole, at)
        for i, text, size, at in zip(ids, inputs, sizes, starts, strict=False)
    ]


def _in_arrow(kind: pa.DataType) -> bool:
    """Whether a column of this type holds profiles that stay in Arrow."""
    return (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and pa.types.is_struct(kind.value_type)


def _items(column: pa.ChunkedArray) -> tuple[pa.StructArray, list[int]]:
    """The items of all profiles end to end, and the size of each profile."""
    profiles = column.combine_chunks()
    profiles = profiles.combine_chunks() if isinstance(profiles, pa.ChunkedArray) else profiles
    items = profiles.flatten()
    if items.null_count:
        raise ValueError("expected a list of dicts as profile of every sample, found None among the items")
    return items, pc.fill_null(pc.list_value_length(profiles), 0).to_pylist()


def arrow_of(batch: Any) -> Any:
    """The Arrow table behind a lazy batch of ``datasets`` whose columns are still untouched; otherwise the batch."""
    found = table_of(batch)
    if found is None:
        return batch
    table, untouched = found
    return table if isinstance(table, pa.Table) and untouched >= set(NEEDED) else batch


def column_of(batch: Mapping[str, Any] | pa.Table, name: str) -> list | None:
    """The values of one column of a batch; None if it has no such column."""
    if name not in (batch.column_names if isinstance(batch, pa.Table) else batch):
        return None
    return batch[name].to_pylist() if isinstance(batch, pa.Table) else list(batch[name])


def append(table: pa.Table, columns: Mapping[str, Sequence]) -> pa.Table:
    """The table with the columns and without ``profile``; an existing column of the same name is replaced."""
    table = table.drop_columns([name for name in table.column_names if name == "profile" or name in columns])
    for name in COLUMNS:
        if name in columns:
            table = table.append_column(name, pa.array(columns[name], COLUMNS[name]))
    return table.replace_schema_metadata(None)


def result_features(features: Any, scored: bool) -> Any:
    """The ``datasets.Features`` of a data set with ``features`` after adding these columns and removing the profile."""
    from datasets import Features  # imported late: it takes a second

    names = [name for name in COLUMNS if scored or name != "retrieved_scores"]
    new = Features.from_arrow_schema(pa.schema([(name, COLUMNS[name]) for name in names]))
    return Features({**{name: kind for name, kind in features.items() if name != "profile"}, **new})
