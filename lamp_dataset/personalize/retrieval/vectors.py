"""Vectors of texts that were computed before: a table with a hash of each text, its vector, and what made it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from lamp_dataset.formats.texts import short

#: The columns of such a table; ``text`` is a hash, and ``model`` what :attr:`Dense.mark` gives.
SCHEMA = pa.schema(
    {
        "user_id": pa.string(),
        "id": pa.string(),
        "text": pa.uint64(),
        "model": pa.string(),
        "vector": pa.list_(pa.float32()),
    }
)
#: Texts that are embedded together; a group of rows.
SIZE = 1024


def text_hashes(texts: Sequence[str]) -> np.ndarray:
    """The hash of each text, uint64: among millions a chance collision has a probability below 1e-6."""
    return np.array([xxhash.xxh3_64_intdigest(text.encode()) for text in texts], np.uint64)


class Vectors:
    """Vectors by their texts, read as they are needed.

    Args:
        source: the path of a file that ``lamp-dataset vectors`` wrote, or a data set of ``profile_vectors``.
        mark: what tells the model from another one.

    Raises:
        ValueError: another kind of file, or vectors of another model.
    """

    def __init__(self, source: Any, mark: str) -> None:
        """Read all but the vectors."""
        import pyarrow.parquet as pq

        if isinstance(source, (str, os.PathLike)):
            file = pq.ParquetFile(source)
            sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
            self._read, names = file.read_row_group, file.schema_arrow.names
        else:
            rows, names = source.with_format("arrow"), source.column_names
            sizes = [SIZE] * -(-len(rows) // SIZE)
            self._read = lambda group, columns: rows.select_columns(columns)[group * SIZE : (group + 1) * SIZE]
        where = source if isinstance(source, (str, os.PathLike)) else "vectors"
        if not set(SCHEMA.names) <= set(names):
            raise ValueError(
                f"{where}: expected what lamp-dataset vectors writes, found the columns {', '.join(names)}"
            )
        known = pa.concat_tables(
            [SCHEMA.empty_table().select(["text", "model"])]
            + [pa.table(self._read(group, columns=["text", "model"])) for group in range(len(sizes))]
        )
        for found in known["model"].unique().to_pylist():
            if not is_same(found, mark):
                raise ValueError(f"{where}: expected vectors of the model {short(mark)}, found those of {short(found)}")
        self._starts, hashes = np.cumsum([0, *sizes]), known["text"].to_numpy()
        self._order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._order]

    def of(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Text -> vector, of those that are known."""
        wanted = text_hashes(texts)
        at = np.searchsorted(self._hashes, wanted)
        known = np.flatnonzero(np.append(self._hashes, np.uint64(0))[at] == wanted) if len(self._hashes) else []
        places = dict(zip(np.asarray(texts, object)[known], self._order[at[known]], strict=True))
        found: dict[str, np.ndarray] = {}
        groups = {text: int(np.searchsorted(self._starts, place, "right")) - 1 for text, place in places.items()}
        for group in sorted(set(groups.values())):
            vectors = self._read(group, columns=["vector"])["vector"].combine_chunks()
            matrix = vectors.flatten().to_numpy().reshape(len(vectors), -1)
            found |= {text: matrix[places[text] - self._starts[group]] for text, own in groups.items() if own == group}
        return found


def is_same(mark: str, other: str) -> bool:
    """Whether two marks are those of one model: the same name, and a vector that differs by its last digits alone."""
    if " probe " not in mark or " probe " not in other:
        return mark == other
    (name, _, one), (other_name, _, two) = (text.rpartition(" probe ") for text in (mark, other))
    numbers = [np.array(text.split(), float) for text in (one, two)]
    return name == other_name and len(numbers[0]) == len(numbers[1]) and np.allclose(*numbers, rtol=0.02, atol=2e-3)
