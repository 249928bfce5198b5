"""Files of personalized prompts and of training pairs: Parquet or JSON Lines, by the ending of their name."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.formats.texts import check_unique, short
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

#: Rows of a data set at a time.
_BATCH = 1000
#: Statistics of long texts help nobody to find a row; large batches of values are written faster.
_PARQUET: Mapping[str, Any] = MappingProxyType(
    {"compression": "zstd", "write_batch_size": 65536, "store_schema": False, "write_statistics": ["id", "user_id"]}
)


def check_prompt_path(path: str) -> str:
    """``path``; ValueError unless it ends in ``.parquet`` or ``.jsonl``."""
    if not path.endswith((".parquet", ".jsonl")):
        raise ValueError(f"{path}: expected a name that ends in .parquet or .jsonl")
    return path


def write_prompts(rows: datasets.Dataset, path: str, private: bool = False) -> None:
    """Write a data set of prompts; otherwise as :func:`write_tables`."""
    write_tables(rows.with_format("arrow").iter(_BATCH), rows.features.arrow_schema, path, private)


def read_prompts(path: str | os.PathLike[str], task: str | Task) -> datasets.Dataset:
    """The rows of a file of prompts of a config, as ``lamp-dataset personalize`` and ``items`` write them.

    They have the columns ``id``, ``source`` and ``target``, all texts, and perhaps more.

    Raises:
        ValueError: a name without ``.parquet`` or ``.jsonl``, a file of something else or of nothing, a column is
            missing, two prompts share an id, or the first prompt is not the config's.
        FileNotFoundError: there is no such file.
    """
    import datasets  # imported late: it takes a second

    name, task = os.fspath(path), get_task(task)
    kind = "parquet" if check_prompt_path(name).endswith(".parquet") else "json"
    try:
        rows = datasets.load_dataset(kind, data_files=name, split="train")
    except (datasets.exceptions.DatasetGenerationError, ValueError, StopIteration) as error:
        raise ValueError(
            f"{name}: expected prompts, found no {kind}: {str(error.__cause__ or error) or 'empty'}"
        ) from error
    columns = {field.name: field.type for field in rows.features.arrow_schema}
    texts = [columns.get(one) == "string" and not rows.data[one].null_count for one in ("id", "source")]
    if not all(texts) or "target" not in columns or not len(rows):
        found = f"{len(rows)} rows with {', '.join(columns)}"
        raise ValueError(f"{name}: expected rows with id, source and target, no id or source None, found {found}")
    if task.gated:  # datasets keeps a copy, for everybody if its folder is
        os.chmod(os.path.dirname(rows.cache_files[0]["filename"]), 0o700)
    check_unique(rows["id"], name)
    if task.opening not in (first := rows[0]["source"]):
        raise ValueError(f"{name}: expected prompts of {task.name}, which hold {task.opening!r}, found {short(first)}")
    return rows


def write_tables(tables: Iterable[pa.Table], schema: pa.Schema, path: str, private: bool = False) -> None:
    """Write rows that come as Arrow tables, one of them in memory at a time; the file appears when it is complete.

    Args:
        tables: the rows.
        schema: their columns, also where there are no rows. Its metadata, which is only for datasets, is left out.
        path: as :func:`check_prompt_path` wants it.
        private: whether only the user may read the file.
    """
    with write_whole(check_prompt_path(path), "wb", permissions=PRIVATE if private else None) as file:
        if path.endswith(".parquet"):
            _write_parquet(tables, schema.remove_metadata(), file)
            return
        few = (table.slice(start, 64) for table in tables for start in range(0, len(table), 64))
        for row in (row for some in few for row in some.to_pylist()):
            file.write(json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n")


def _write_parquet(tables: Iterable[pa.Table], schema: pa.Schema, file: IO) -> None:
    import pyarrow.parquet as pq

    from lamp_dataset.personalize.workers import ahead

    tables = ahead(iter(tables))
    first = next(tables, schema.empty_table())
    # its schema says which columns are dictionary-encoded; readers see plain texts
    often: bool | list[str] = "profile" not in schema.names
    if not often:  # in pairs, other columns than these are not worth the hashing
        often = ["user_id", *(f"profile.list.element.{one.name}" for one in schema.field("profile").type.value_type)]
    with pq.ParquetWriter(file, first.schema, use_dictionary=often, **_PARQUET) as writer:
        for table in itertools.chain([first], tables):
            writer.write_table(table)
