"""Vectors of texts that were computed before: a table with a hash of each text and its vector."""

import os
from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from lamp_dataset.formats.texts import short

#: The columns that are read of such a table.
READ = pa.schema({"text": pa.uint64(), "vector": pa.list_(pa.float32())})
#: How far two runs of a model may differ, as a share of a vector's length; other models differ by more.
TOLERANCE = 1e-3


def text_hashes(texts: Sequence[str]) -> np.ndarray:
    """The hash of each text, uint64: among millions a chance collision has a probability below 1e-6."""
    return np.array([xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass")) for text in texts], np.uint64)


class Vectors:
    """Vectors by their texts, read as they are needed.

    Args:
        source: a file that ``lamp-dataset vectors`` wrote, or a data set of ``profile_vectors``.
        encode: gives the model's own vectors of texts: the first one found must equal it.

    Raises:
        ValueError: another kind of file, or, when texts are looked up, vectors of another model.
    """

    def __init__(self, source: Any, encode: Callable[[list[str]], np.ndarray]) -> None:
        """Read all but the vectors."""
        self._where = source if isinstance(source, (str, os.PathLike)) else "vectors"
        self._encode, self._shape = encode, None
        try:
            if self._where is source:
                file = pq.ParquetFile(source)
                self._groups = [partial(file.read_row_group, number) for number in range(file.num_row_groups)]
            else:
                self._groups = [source.data.select]
            parts = [np.array([], np.uint64), *(group(["text"]).column("text").to_numpy() for group in self._groups)]
            self._hashes = np.concatenate(parts, dtype=np.uint64, casting="no")
        except (AttributeError, KeyError, TypeError, pa.ArrowInvalid):
            raise ValueError(f"{self._where}: expected a file of lamp-dataset vectors, found something else") from None
        self._starts, self._order = np.cumsum(list(map(len, parts))).tolist(), np.argsort(self._hashes, kind="stable")

    def of(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Text -> vector, of those that are known."""
        wanted, by_group, found = text_hashes(texts), defaultdict(list), {}
        at = np.searchsorted(self._hashes, wanted, sorter=self._order)
        for text, one, place in zip(texts, wanted, np.append(self._order, 0)[at].tolist(), strict=True):
            if place < len(self._hashes) and self._hashes[place] == one:
                by_group[bisect(self._starts, place) - 1].append((text, place))
        for group, own in sorted(by_group.items()):
            vectors = self._groups[group](["vector"]).column("vector")
            found |= {text: np.array(vectors[place - self._starts[group]].values, np.float32) for text, place in own}
        for text, vector in found.items():
            self._check(text, vector)
        return found

    def _check(self, text: str, vector: np.ndarray) -> None:
        if self._shape is None:
            own = self._encode([text])[0]
            if own.shape == vector.shape and np.linalg.norm(own - vector) <= TOLERANCE * np.linalg.norm(own):
                self._shape = own.shape
        if vector.shape != self._shape:
            raise ValueError(f"{self._where}: expected vectors of this model, found another one for {short(text)}")
