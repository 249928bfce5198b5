"""Raw files, local or remote: opened, hashed while they are read, with network errors that say what to do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import BinaryIO, Protocol

import xxhash

from lamp_dataset.formats.layout import is_url


@contextmanager
def open_raw(path: str, algorithm: Callable[[], Hash]) -> Iterator[HashedFile]:
    """Open a raw file or a URL for reading bytes, once and from the start.

    Args:
        path: the file or URL.
        algorithm: makes the hash of what is read: :data:`CONTENT` or :data:`PROVENANCE`.

    Raises:
        ConnectionError: a URL could not be fetched, see :func:`fetching`.
        OSError: a file could not be read.
    """
    if is_url(path):
        from datasets.utils.file_utils import xopen

        with fetching([path]), xopen(path, "rb") as file:
            yield HashedFile(file, algorithm())
    else:
        with open(path, "rb") as file:
            yield HashedFile(file, algorithm())


def hash_file(path: str, algorithm: Callable[[], Hash]) -> tuple[int, str]:
    """Size in bytes and hash of a local file."""
    digest, size = algorithm(), 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


class Hash(Protocol):
    """A hash of hashlib or xxhash."""

    def update(self, data: bytes, /) -> None:
        """Hash more bytes."""
        ...

    def hexdigest(self) -> str:
        """The hash so far."""
        ...


#: Fast: tells whether files in a folder changed.
CONTENT: Callable[[], Hash] = xxhash.xxh3_128
#: For the record: the site publishes no checksums.
PROVENANCE: Callable[[], Hash] = hashlib.sha256


class HashedFile:
    """A file that counts and hashes what is read from it; the hash is computed in another thread."""

    def __init__(self, file: BinaryIO, digest: Hash) -> None:
        self._file, self._digest, self.num_bytes = file, digest, 0
        self._hasher = ThreadPoolExecutor(1, "lamp-hash")
        self._pending = None

    def read(self, size: int = -1) -> bytes:
        """The next bytes; empty at the end."""
        data = self._file.read(size)
        self.num_bytes += len(data)
        if self._pending is not None:
            self._pending.result()  # at most one piece waits
        self._pending = self._hasher.submit(self._digest.update, data)
        return data

    def hexdigest(self) -> str:
        """The hash of everything read; nothing may be read afterwards."""
        self._hasher.shutdown()
        return self._digest.hexdigest()


@contextmanager
def fetching(addresses: list[str]) -> Iterator[None]:
    """Turn network errors into one kind, which says what to do; errors about content pass unchanged.

    Raises:
        ConnectionError: a file could not be fetched, whatever the client library calls that.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, ValueError) and not isinstance(error, OSError):
            raise
        cause = error
        while cause.__cause__ is not None:  # the first error says what happened, the last often only the address
            cause = cause.__cause__
        reason = " ".join(str(cause).split())
        raise ConnectionError(
            f"could not fetch {', '.join(addresses)} ({type(cause).__name__}: {reason}). Is the site reachable? "
            "Complete files were kept, so try again, or pass data_dir=… with files fetched by other means; "
            "data_dir=lamp_dataset.SAMPLE is a made-up sample that needs no network"
        ) from error
