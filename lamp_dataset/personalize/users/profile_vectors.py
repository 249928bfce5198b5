"""The vectors of all items in users' profiles, computed once."""

import os
from itertools import islice
from typing import Any

import datasets
import pyarrow as pa
from datasets.fingerprint import Hasher, generate_random_fingerprint

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.loading.datasets_internals import cache_path
from lamp_dataset.personalize.retrieval.dense import MODEL, READ, Dense, text_hashes
from lamp_dataset.personalize.users.histories import Histories
from lamp_dataset.task import Task

SCHEMA = pa.schema([("user_id", pa.string()), ("id", pa.string()), *READ, MODEL])
#: Items that are embedded together; an interrupted run embeds them again.
SIZE = 8192


def profile_vectors(rows: datasets.Dataset, *, task: str | Task | None = None, **options: Any) -> datasets.Dataset:
    """The vectors of all items in the users' profiles, each user's once, for ``vectors=`` of the dense retriever.

    They are kept in the cache of ``rows``: if interrupted, the same call continues where it left off.

    Args:
        rows: rows of one split.
        task: the config of the rows. Without it, the text of an item is that of all its fields.
        options: those of the dense retriever: ``model``, ``device``, ``batch_size``; ``vectors``, if some are known.

    Returns:
        A data set on disk: ``user_id``; ``id``, ``USER/ITEM``; ``text``, a hash of the item's text; ``vector``,
        float32; ``model``, the identity of the checkpoint: its name on the Hub with the revision, or a digest of its
        folder.

    Raises:
        ValueError: no model, vectors of another model or not finite, or rows that do not fit the task.
    """
    dense, given = Dense(**options), Histories(rows, task, guard=False)
    identity = dense.identity
    model = (dense, identity) if identity else generate_random_fingerprint()  # an object has no name
    every = ((user, item["id"], text) for user in given.rows_of for item, text in given.of(user))
    made = [datasets.Dataset(SCHEMA.empty_table())]
    while some := list(islice(every, SIZE)):
        path = cache_path(rows, Hasher.hash((some, model)))
        if not os.path.exists(path):
            users, ids, texts = zip(*some, strict=True)
            columns = [users, ids, text_hashes(texts), list(dense.embed(texts)), [identity] * len(ids)]
            table = pa.table(columns, schema=SCHEMA)
            with write_whole(path, "wb", PRIVATE) as file, pa.ipc.new_stream(file, SCHEMA) as writer:
                writer.write_table(table)
        made.append(datasets.Dataset.from_file(path))
    return datasets.concatenate_datasets(made)
