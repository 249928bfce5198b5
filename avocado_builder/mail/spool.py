"""The texts of the mails, kept on disk instead of in memory: each once, escaped for JSON, in a file without a name."""

from __future__ import annotations

import json
import os
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from avocado_builder.collection.names import NeededMails

_BUFFER = 1 << 20
_encode = json.JSONEncoder().encode


class Spool:
    """Subjects and bodies of the needed mails, in a file in ``folder``.

    The file is unlinked as soon as it is open, and only its owner can read it before. So a killed run leaves no text.
    """

    def __init__(self, folder: Path, needed: NeededMails) -> None:
        self._needed, self._folder = needed, folder
        self._file = tempfile.TemporaryFile(dir=folder, buffering=_BUFFER)  # noqa: SIM115 - closed by __exit__
        self._size = 0
        self._at = array("Q", bytes(8 * len(needed)))
        self._body, self._subject = (array("I", bytes(4 * len(needed))) for _ in range(2))

    def __enter__(self) -> Spool:
        """The open spool."""
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the file; that frees its space."""
        try:
            self._file.close()
        except OSError:
            if kind is None:
                raise

    def put(self, key: int, subject: str, body: str) -> None:
        """Store the texts of a mail; OSError if the disk is full."""
        texts = [_encode(text).encode("ascii") for text in (body, subject)]
        self._at[key] = self._size
        self._body[key], self._subject[key] = map(len, texts)
        with self._naming_the_folder():
            for text in texts:
                self._file.write(text)
                self._size += len(text)

    def close_writing(self) -> None:
        """Finish storing, from now on texts are read; OSError if the disk is full."""
        with self._naming_the_folder():
            self._file.flush()

    @contextmanager
    def _naming_the_folder(self) -> Iterator[None]:
        """Errors name the folder, since the file has no name."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._folder)) from error

    def get(self, name: str) -> tuple[bytes, bytes]:
        """Body and subject of a needed mail, each as a JSON string with its quotation marks."""
        key = self._needed.key(name)
        body, subject = self._body[key], self._subject[key]
        os.lseek(self._file.fileno(), self._at[key], os.SEEK_SET)
        data = os.read(self._file.fileno(), body + subject)
        return data[:body], data[body:]
