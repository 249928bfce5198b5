"""Arrow stream files, as ``datasets`` keeps prepared rows, without their pages staying in memory."""

from __future__ import annotations

import mmap
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

import pyarrow as pa


def arrow_batches(files: Iterable[str]) -> Iterator[pa.RecordBatch]:
    """The record batches of Arrow stream files.

    The files are mapped, so that columns that nobody looks at are not read. The pages of a batch are given back when
    the next one is asked for: otherwise they would count as memory of the process, up to the size of the file.
    """
    for file in files:
        mapped = _map(file)
        for batch in pa.ipc.open_stream(pa.py_buffer(mapped)):
            yield batch
            _give_back(mapped)


class MappedColumn:
    """Single values of the column ``name`` of Arrow stream files, in any order.

    The files are mapped. After each ``max_values`` values read (or at first batches), the system is told to forget the
    pages, so that they do not add up.
    """

    def __init__(self, files: Sequence[str], name: str, max_values: int) -> None:
        self._maps: list[mmap.mmap] = []
        self._chunks: list[pa.Array] = []
        self._starts: list[int] = []
        self._max_values, self._read, rows = max_values, 0, 0
        for path in files:
            self._maps.append(_map(path))
            for batch in pa.ipc.open_stream(pa.py_buffer(self._maps[-1])):
                self._chunks.append(batch.column(name))
                self._starts.append(rows)
                rows += len(batch)
                self._count()

    def __getitem__(self, row: int) -> pa.Scalar:
        """The value in a row."""
        self._count()
        chunk = bisect_right(self._starts, row) - 1
        return self._chunks[chunk][row - self._starts[chunk]]

    def _count(self) -> None:
        """Now and then give the pages back."""
        self._read += 1
        if self._read % self._max_values == 0:
            for mapped in self._maps:
                _give_back(mapped)


def _map(path: str) -> mmap.mmap:
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _give_back(mapped: mmap.mmap) -> None:
    """Let the system forget the pages in memory, if it can be told; whoever needs one reads it again."""
    with suppress(AttributeError):
        mapped.madvise(mmap.MADV_DONTNEED)
