"""Reading raw files: errors of the network that say what to do, and size and hash of what was read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import BinaryIO


class CountingFile:
    """A file that keeps count and SHA-256 of what is read from it; a thread of its own computes the hash."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.num_bytes, self._sha256 = file, 0, hashlib.sha256()
        self._hasher = ThreadPoolExecutor(1, "lamp-sha256")
        self._pending = None

    def read(self, size: int = -1) -> bytes:
        """The next bytes; empty at the end."""
        data = self._file.read(size)
        self.num_bytes += len(data)
        if self._pending is not None:
            self._pending.result()  # at most one piece waits
        self._pending = self._hasher.submit(self._sha256.update, data)
        return data

    def sha256(self) -> str:
        """SHA-256 of all that was read, in hexadecimal; nothing may be read afterwards."""
        self._hasher.shutdown()
        return self._sha256.hexdigest()


@contextmanager
def fetching(addresses: list[str]) -> Iterator[None]:
    """Give errors of the network a name and a way out; those of local files and of contents pass through.

    Raises:
        ConnectionError: a file could not be fetched, whatever the client library calls it.
    """
    try:
        yield
    except Exception as error:
        remote = [address for address in addresses if "://" in address]
        if not remote or (isinstance(error, ValueError) and not isinstance(error, OSError)):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ConnectionError(
            f"could not fetch {', '.join(remote)} ({type(error).__name__}: {reason}). Is the site within reach? Files "
            "that came whole are kept, so try again, or pass data_dir=… with files fetched by other means; "
            "data_dir=lamp_dataset.SAMPLE is a made-up sample that needs no network"
        ) from error
