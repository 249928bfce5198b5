"""Arrow stream files, as ``datasets`` keeps prepared rows, without their pages staying in memory."""

from __future__ import annotations

import mmap
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

import pyarrow as pa


def arrow_batches(files: Iterable[str]) -> Iterator[pa.RecordBatch]:
    """The record batches of Arrow stream files, one in memory at a time.

    They are read, not mapped: mapped pages count as memory of the process, up to the size of the file.
    """
    for file in files:
        with pa.OSFile(file) as source, pa.ipc.open_stream(source) as reader:
            yield from reader


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
            with open(path, "rb") as file:
                self._maps.append(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
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
        """Now and then give the pages back; whoever needs one reads it again. Not all systems can be told."""
        self._read += 1
        if self._read % self._max_values == 0:
            for mapped in self._maps:
                with suppress(AttributeError):
                    mapped.madvise(mmap.MADV_DONTNEED)
