"""Raw files, local or remote: opening, hashing while reading, errors of the network that say what to do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import BinaryIO

import xxhash

from lamp_dataset.sources import is_url


@contextmanager
def open_raw(path: str) -> Iterator[CountingFile]:
    """Open a raw file or a URL for reading bytes, once and from the start.

    Raises:
        ConnectionError: a URL could not be fetched, see :func:`fetching`.
        OSError: a file could not be read.
    """
    if is_url(path):
        from datasets.utils.file_utils import xopen

        with fetching([path]), xopen(path, "rb") as file:
            yield CountingFile(file)
    else:
        with open(path, "rb") as file:
            yield CountingFile(file)


def content_digest(path: str) -> str:
    """A fast hash of a local file's content; the same that :meth:`CountingFile.digest` gives after reading it all."""
    digest = xxhash.xxh3_128()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


class CountingFile:
    """A file that keeps count and hashes of what is read from it; a thread of its own computes them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.num_bytes = file, 0
        self._sha256, self._xxh3 = hashlib.sha256(), xxhash.xxh3_128()
        self._hasher = ThreadPoolExecutor(1, "lamp-hash")
        self._pending = None

    def read(self, size: int = -1) -> bytes:
        """The next bytes; empty at the end."""
        data = self._file.read(size)
        self.num_bytes += len(data)
        if self._pending is not None:
            self._pending.result()  # at most one piece waits
        self._pending = self._hasher.submit(self._update, data)
        return data

    def _update(self, data: bytes) -> None:
        self._sha256.update(data)
        self._xxh3.update(data)

    def sha256(self) -> str:
        """SHA-256 of all that was read, in hexadecimal; nothing may be read afterwards."""
        self._hasher.shutdown()
        return self._sha256.hexdigest()

    def digest(self) -> str:
        """The fast hash of all that was read, see :func:`content_digest`; nothing may be read afterwards."""
        self._hasher.shutdown()
        return self._xxh3.hexdigest()


@contextmanager
def fetching(addresses: list[str]) -> Iterator[None]:
    """Give errors of the network a name and a way out; those of contents pass through.

    Raises:
        ConnectionError: a file could not be fetched, whatever the client library calls it.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, ValueError) and not isinstance(error, OSError):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ConnectionError(
            f"could not fetch {', '.join(addresses)} ({type(error).__name__}: {reason}). Is the site within reach? "
            "Files that came whole are kept, so try again, or pass data_dir=… with files fetched by other means; "
            "data_dir=lamp_dataset.SAMPLE is a made-up sample that needs no network"
        ) from error
