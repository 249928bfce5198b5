"""The columns that the personalizer adds, and the forms of a batch: Arrow table, mapping, lazy batch."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from lamp_dataset.loading.datasets_internals import table_of
from lamp_dataset.personalize.retrieval.samples import COLUMNS as NEEDED

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
