"""Files of personalized prompts and of training pairs: Parquet or JSON Lines, by the ending of their name."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

from lamp_dataset.atomic import PRIVATE, write_whole

if TYPE_CHECKING:
    import pyarrow as pa


def _write_json_lines(rows: Any, file: IO) -> None:
    """Not ``to_json``: it rounds the scores to ten digits."""
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n")


#: Ending of the name -> what writes rows into a binary file.
WRITERS: Mapping[str, Callable[[Any, IO], object]] = MappingProxyType(
    {".parquet": lambda rows, file: rows.to_parquet(file), ".jsonl": _write_json_lines}
)


def check_prompt_path(path: str) -> str:
    """``path``; ValueError unless it has an ending in :data:`WRITERS`."""
    if os.path.splitext(path)[1] not in WRITERS:
        raise ValueError(f"{path}: expected a name that ends in {' or '.join(WRITERS)}")
    return path


def write_prompts(rows: Any, path: str, private: bool = False) -> None:
    """Write a ``datasets.Dataset`` of prompts; the file appears when it is complete.

    Args:
        rows: the rows.
        path: the file, with an ending in :data:`WRITERS`.
        private: whether only the user may read the file.

    Raises:
        ValueError: another ending.
        OSError: the file cannot be written.
    """
    write = WRITERS[os.path.splitext(check_prompt_path(path))[1]]
    with write_whole(path, "wb", permissions=PRIVATE if private else None) as file:
        write(rows, file)


#: Statistics of long texts help nobody to find a row; large batches of values are written faster.
_PARQUET: Mapping[str, Any] = MappingProxyType(
    {"compression": "zstd", "write_batch_size": 65536, "store_schema": False, "write_statistics": ["id", "user_id"]}
)


def _tables_to_parquet(tables: Iterable[pa.Table], schema: pa.Schema, file: IO) -> None:
    import pyarrow.parquet as pq

    from lamp_dataset.personalize.workers import ahead

    tables = ahead(iter(tables))
    first = next(tables, schema.empty_table())
    # its schema tells which columns are dictionary-encoded; readers see plain texts. Others are not worth the hashing
    often = ["user_id", *(f"profile.list.element.{field.name}" for field in schema.field("profile").type.value_type)]
    with pq.ParquetWriter(file, first.schema, use_dictionary=often, **_PARQUET) as writer:
        for table in itertools.chain([first], tables):
            writer.write_table(table)


def _tables_to_json_lines(tables: Iterable[pa.Table], schema: pa.Schema, file: IO) -> None:
    for table in tables:
        for start in range(0, len(table), 64):  # few rows are Python objects at a time
            _write_json_lines(table.slice(start, 64).to_pylist(), file)


_TABLE_WRITERS: Mapping[str, Callable[[Iterable[pa.Table], pa.Schema, IO], object]] = MappingProxyType(
    {".parquet": _tables_to_parquet, ".jsonl": _tables_to_json_lines}
)


def write_tables(tables: Iterable[pa.Table], schema: pa.Schema, path: str, private: bool = False) -> None:
    """Write rows that come as Arrow tables, one table in memory at a time; otherwise as :func:`write_prompts`.

    Args:
        tables: the rows.
        schema: of the rows, also where there are none. Notes in it are left out: they can be of no use elsewhere.
        path: the file, with an ending in :data:`WRITERS`.
        private: whether only the user may read the file.
    """
    write = _TABLE_WRITERS[os.path.splitext(check_prompt_path(path))[1]]
    with write_whole(path, "wb", permissions=PRIVATE if private else None) as file:
        write(tables, schema.remove_metadata(), file)
