"""The vectors of all items in users' profiles, computed once."""

import itertools
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lamp_dataset.atomic import PRIVATE, one_run, real_path, write_whole
from lamp_dataset.loading.datasets_internals import cache_path
from lamp_dataset.personalize.retrieval.dense import Dense
from lamp_dataset.personalize.retrieval.vectors import READ, SIZE, Vectors, text_hashes
from lamp_dataset.personalize.users.histories import Histories
from lamp_dataset.task import Task

SCHEMA = pa.schema([("user_id", pa.string()), ("id", pa.string()), *READ])


def profile_vectors(rows: datasets.Dataset, *, task: str | Task | None = None, **options: Any) -> datasets.Dataset:
    """The vectors of all items in the users' profiles, each user's once, for ``vectors=`` of the dense retriever.

    Args:
        rows: rows of one split.
        task: the config of the rows. Without it, the text of an item is that of all its fields.
        options: those of the dense retriever: ``model``, ``device``, ``batch_size``; ``vectors``, if some are known.

    Returns:
        A data set on disk: ``user_id``; ``id``, ``USER/ITEM``; ``text``, a hash of the item's text; ``vector``,
        float32.

    Raises:
        ValueError: no model, vectors of another model or not finite, or rows that do not fit the task.
    """
    dense, path = Dense(**options), cache_path(rows, datasets.fingerprint.generate_random_fingerprint())
    with write_whole(path, "wb", PRIVATE) as file, pa.ipc.new_stream(file, SCHEMA) as writer:
        for table in _tables(rows, task, lambda _, texts: dense.embed(texts)):
            writer.write_table(table)
    return datasets.Dataset(datasets.table.MemoryMappedTable.from_file(path))


def write_vectors(rows: datasets.Dataset, task: Task, output: str, dense: Dense) -> int:
    """Write these vectors as Parquet, how many; what a killed run has computed is taken from a hidden folder."""
    folder, number = real_path(output).with_name(f".{Path(output).name}.lamp-vectors"), 0

    def embed(part: int, texts: Sequence[str]) -> Sequence[np.ndarray]:
        path = folder / f"{part}.parquet"
        with suppress(KeyError, OSError, ValueError):  # there is none, or one of other texts or of another model
            known = Vectors(path, dense.embed).of(texts)
            return [known[text] for text in texts]
        vectors = dense.embed(texts)
        with write_whole(path, "wb", PRIVATE) as file:
            pq.write_table(pa.table([text_hashes(texts), list(vectors)], schema=READ), file, write_page_checksum=True)
        return vectors

    with one_run(output):
        with write_whole(output, "wb", PRIVATE if task.gated else None) as file:
            folder.mkdir(0o700, exist_ok=True)
            with pq.ParquetWriter(file, SCHEMA, compression="zstd", write_page_checksum=True) as writer:
                for table in _tables(rows, task, embed):
                    writer.write_table(table)
                    number += len(table)
        shutil.rmtree(folder)
    return number


def _tables(rows: datasets.Dataset, task: Any, embed: Callable[[int, Sequence[str]], Any]) -> Iterator[pa.Table]:
    given = Histories(rows, task, guard=False)
    every = ((user, item.fields["id"], item.text) for user in given.rows_of for item in given.of(user))
    for number in itertools.count():
        if not (some := list(itertools.islice(every, SIZE))):
            return
        users, ids, texts = zip(*some, strict=True)
        yield pa.table([users, ids, text_hashes(texts), list(embed(number, texts))], schema=SCHEMA)
