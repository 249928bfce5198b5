"""Hashes of texts that stay in Arrow: no text becomes a Python object, which would take most of the time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash


def text_hashes(
    texts: pa.Array | pa.ChunkedArray, digest: Callable[[bytes], int] = xxhash.xxh3_64_intdigest
) -> np.ndarray:
    """The 64-bit hash of each text, 0 for None. Of other values the text that Arrow makes of them is hashed."""
    array = _as_texts(texts)
    if not len(array) or array.buffers()[2] is None:
        empty = np.full(len(array), digest(b""), np.uint64)
        return np.where(pc.is_null(array).to_numpy(zero_copy_only=False), np.uint64(0), empty)
    ends = np.frombuffer(array.buffers()[1], np.int64, len(array) + 1, 8 * array.offset).tolist()
    pieces = map(memoryview(array.buffers()[2]).__getitem__, map(slice, ends, ends[1:]))
    hashes = np.fromiter(map(digest, pieces), np.uint64, len(array))
    if array.null_count:
        hashes[pc.is_null(array).to_numpy(zero_copy_only=False)] = 0
    return hashes


def joined(*parts: np.ndarray | int) -> np.ndarray:
    """One hash for each tuple of hashes or other 64-bit numbers; their order matters.

    Source of the steps: the finalizer of MurmurHash3 (Austin Appleby, public domain).
    """
    found = np.array([0x9E3779B97F4A7C15], np.uint64)  # not a number, whose overflow would warn
    for part in parts:
        found = _mixed(found + np.asarray(part, np.uint64))
    return found


def _mixed(bits: np.ndarray) -> np.ndarray:
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        bits = bits ^ (bits >> np.uint64(33))
        bits = bits * np.uint64(factor)
    return bits ^ (bits >> np.uint64(33))


def _as_texts(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    try:
        return pc.cast(whole, pa.large_string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # lists, or bytes that are no text
        return pa.array([None if value is None else repr(value) for value in whole.to_pylist()], pa.large_string())
