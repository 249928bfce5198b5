"""Arrow stream files, as ``datasets`` keeps prepared rows, without their pages staying in memory."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from contextlib import suppress

import pyarrow as pa


def arrow_batches(files: Iterable[str]) -> Iterator[pa.RecordBatch]:
    """The record batches of Arrow stream files.

    The files are mapped, so that columns that nobody looks at are not read. The pages of a batch are given back when
    the next one is asked for: otherwise they would count as memory of the process, up to the size of the file.
    """
    for file in files:
        with open(file, "rb") as opened:
            mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        for batch in pa.ipc.open_stream(pa.py_buffer(mapped)):
            yield batch
            with suppress(AttributeError):  # not every system can be told to forget the pages
                mapped.madvise(mmap.MADV_DONTNEED)
