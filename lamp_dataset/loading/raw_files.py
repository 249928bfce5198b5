"""Raw files, local or remote: opened, hashed while they are read, with network errors that say what to do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol

import xxhash

from lamp_dataset.formats.layout import is_url
from lamp_dataset.loading.web import open_url, silence


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
        with fetching([path]), open_url(path) as file:
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


def download(dl_manager: Any, addresses: Sequence[str]) -> dict[str, str]:
    """URL -> what a download manager of ``datasets`` makes of it: a local path, or the URL itself while streaming.

    One after the other, so that an error names the file; if the manager has processes, all at once.

    Raises:
        ConnectionError: see :func:`fetching`.
    """
    parallel = (dl_manager.download_config.num_proc or 1) > 1
    found: dict[str, str] = {}
    for some in [list(addresses)] if parallel else [[url] for url in addresses]:
        with fetching(some):
            found |= zip(some, dl_manager.download(some), strict=True)
    return found


@contextmanager
def fetching(addresses: Sequence[str]) -> Iterator[None]:
    """Turn network errors into one kind, which says what to do; errors about content pass unchanged.

    Raises:
        ConnectionError: a file could not be fetched, whatever the client library calls that.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, ValueError) and not isinstance(error, OSError):
            raise
        cause = _first_of(error)
        reason = silence(cause) or f"{type(cause).__name__}: {' '.join(str(cause).split())}"
        raise ConnectionError(
            f"could not fetch {', '.join(addresses)} ({reason}). Is the site reachable? "
            "Complete files were kept, so try again, or pass data_dir=… with files fetched by other means; "
            "data_dir=lamp_dataset.SAMPLE is a made-up sample that needs no network"
        ) from error


def _first_of(error: BaseException) -> BaseException:
    """The first of a chain of errors: it says what happened, the last often only the address.

    From another process, an error comes with its traceback as the cause, and without the errors before it.
    """
    while error.__cause__ is not None and type(error.__cause__).__name__ != "RemoteTraceback":
        error = error.__cause__
    return error
