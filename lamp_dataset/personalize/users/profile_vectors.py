"""The vectors of all items in users' profiles, computed once."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

from lamp_dataset.atomic import PRIVATE, one_run, real_path, write_whole
from lamp_dataset.loading.datasets_internals import cache_path
from lamp_dataset.personalize.retrieval.dense import Dense
from lamp_dataset.personalize.retrieval.vectors import SCHEMA, SIZE, is_same, text_hashes
from lamp_dataset.personalize.users.histories import histories
from lamp_dataset.task import Task


def profile_vectors(rows: datasets.Dataset, *, task: str | Task | None = None, **options: Any) -> datasets.Dataset:
    """The vectors of all items in the users' profiles, each user's once, for ``vectors=`` of the dense retriever.

    Args:
        rows: rows of one split.
        task: the config of the rows. Without it, the text of an item is that of all its fields.
        options: those of the dense retriever: ``model``, ``device``, ``batch_size``; ``vectors``, if some are known.

    Returns:
        A data set on disk: ``user_id``; ``id``, ``USER/ITEM``; ``text``, a hash of the item's text; ``model``, which
        tells this model from others; and ``vector``, float32.

    Raises:
        ValueError: no model, vectors of another model, or rows that do not fit the task.
    """
    path = cache_path(rows, datasets.fingerprint.generate_random_fingerprint())
    with write_whole(path, "wb", PRIVATE) as file, pa.ipc.new_stream(file, SCHEMA) as writer:
        for table in _tables(rows, task, Dense(**options)):
            writer.write_table(table)
    return datasets.Dataset(datasets.table.MemoryMappedTable.from_file(path))


def write_vectors(rows: datasets.Dataset, task: Task, output: str, dense: Dense) -> int:
    """Write these vectors as Parquet, how many; what a killed run has computed is taken from a hidden folder."""
    folder = real_path(output).with_name(f".{Path(output).name}.lamp-vectors")
    with one_run(output), write_whole(output, "wb", PRIVATE if task.gated else None) as file:
        folder.mkdir(0o700, exist_ok=True)
        with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
            number = 0
            for table in _tables(rows, task, dense, folder):
                writer.write_table(table)
                number += len(table)
    shutil.rmtree(folder)
    return number


def _tables(rows: datasets.Dataset, task: Any, dense: Dense, folder: Path | None = None) -> Iterator[pa.Table]:
    with histories(rows, task, guard=False) as given:
        named = ((user, items["id"].to_pylist(), given.texts(user)) for user, items in given.of_user.items())
        every = ((user, *one) for user, *both in named for one in zip(*both, strict=True))
        for number in itertools.count():
            if not (some := list(itertools.islice(every, SIZE))):
                return
            yield _table(*zip(*some, strict=True), dense, folder and folder / f"{number}.parquet")


def _table(users: tuple, ids: tuple, texts: tuple, dense: Dense, path: Path | None) -> pa.Table:
    """The rows of some items; those in ``path`` if they are the same, which is written otherwise."""
    known = [pa.array(users), pa.array(ids), pa.array(text_hashes(texts))]
    if path and path.exists():
        found = pq.read_table(path, schema=SCHEMA)
        if found.columns[:3] == [pa.chunked_array([one]) for one in known] and is_same(
            found["model"][0].as_py(), dense.mark
        ):
            return found
    vectors = pa.array(list(dense.embed(texts)), SCHEMA.field("vector").type)
    table = pa.table([*known, pa.array([dense.mark] * len(ids)), vectors], schema=SCHEMA)
    if path:
        with write_whole(path, "wb", PRIVATE) as file:
            pq.write_table(table, file)
    return table
