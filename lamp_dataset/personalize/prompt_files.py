"""Files of personalized prompts and of training pairs: Parquet or JSON Lines, by the ending of their name."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

from lamp_dataset.atomic import PRIVATE, write_whole

if TYPE_CHECKING:
    import pyarrow as pa

#: Statistics of long texts help nobody to find a row; large batches of values are written faster.
_PARQUET: Mapping[str, Any] = MappingProxyType(
    {"compression": "zstd", "write_batch_size": 65536, "store_schema": False, "write_statistics": ["id", "user_id"]}
)


def check_prompt_path(path: str) -> str:
    """``path``; ValueError unless it ends in ``.parquet`` or ``.jsonl``."""
    if not path.endswith((".parquet", ".jsonl")):
        raise ValueError(f"{path}: expected a name that ends in .parquet or .jsonl")
    return path


def write_prompts(rows: Any, path: str, private: bool = False) -> None:
    """Write a ``datasets.Dataset`` of prompts; the file appears when it is complete.

    ``private`` says whether only the user may read the file. Errors as for :func:`check_prompt_path`, and OSError.
    """
    with write_whole(check_prompt_path(path), "wb", permissions=PRIVATE if private else None) as file:
        if path.endswith(".parquet"):
            rows.to_parquet(file)
        else:
            _write_json_lines(rows, file)


def write_tables(tables: Iterable[pa.Table], schema: pa.Schema, path: str, private: bool = False) -> None:
    """Write rows that come as Arrow tables, one table in memory at a time; otherwise as :func:`write_prompts`.

    ``schema`` is that of the rows, also where there are none. Notes in it are left out: they are of no use elsewhere.
    """
    with write_whole(check_prompt_path(path), "wb", permissions=PRIVATE if private else None) as file:
        if path.endswith(".parquet"):
            _write_parquet(tables, schema.remove_metadata(), file)
        else:  # few rows are Python objects at a time
            parts = (table.slice(start, 64) for table in tables for start in range(0, len(table), 64))
            _write_json_lines((row for part in parts for row in part.to_pylist()), file)


def _write_json_lines(rows: Iterable[dict[str, Any]], file: IO) -> None:
    """Not ``to_json``: it rounds the scores to ten digits."""
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n")


def _write_parquet(tables: Iterable[pa.Table], schema: pa.Schema, file: IO) -> None:
    import pyarrow.parquet as pq

    from lamp_dataset.personalize.workers import ahead

    tables = ahead(iter(tables))
    first = next(tables, schema.empty_table())
    # its schema says which columns are dictionary-encoded; readers see plain texts. Others are not worth the hashing
    often = ["user_id", *(f"profile.list.element.{field.name}" for field in schema.field("profile").type.value_type)]
    with pq.ParquetWriter(file, first.schema, use_dictionary=often, **_PARQUET) as writer:
        for table in itertools.chain([first], tables):
            writer.write_table(table)
