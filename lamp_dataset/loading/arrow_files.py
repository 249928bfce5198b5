"""Arrow stream files, as ``datasets`` keeps prepared rows, without their pages staying in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa


def arrow_batches(files: Iterable[str]) -> Iterator[pa.RecordBatch]:
    """The record batches of Arrow stream files, one in memory at a time.

    They are read, not mapped: mapped pages count as memory of the process, up to the size of the file.
    """
    for file in files:
        with pa.OSFile(file) as source, pa.ipc.open_stream(source) as reader:
            yield from reader


class MappedColumn:
    """Single values of one column of Arrow stream files, in any order.

    The files are mapped. From time to time the map is given up for a new one, so that its pages do not add up.

    Args:
        files: the files, in order.
        name: of the column.
        max_values: how many values are read from one map.
    """

    def __init__(self, files: Sequence[str], name: str, max_values: int) -> None:
        self._files, self._name, self._max_values = files, name, max_values
        self._chunks: list[pa.Array] = []
        self._starts: list[int] = []
        self._read = max_values

    def __getitem__(self, row: int) -> pa.Scalar:
        """The value in a row. Whoever keeps it keeps the map."""
        if self._read >= self._max_values:
            self._map()
        self._read += 1
        chunk = bisect_right(self._starts, row) - 1
        return self._chunks[chunk][row - self._starts[chunk]]

    def _map(self) -> None:
        self._chunks, self._starts, self._read, rows = [], [], 0, 0
        for file in self._files:
            with pa.ipc.open_stream(pa.memory_map(file)) as reader:
                for batch in reader:
                    self._chunks.append(batch.column(self._name))
                    self._starts.append(rows)
                    rows += len(batch)
