"""Texts on disk instead of in memory: each mail once, already escaped for JSON, in a file that no name leads to."""

from __future__ import annotations

import json
import os
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from avocado_builder.collection.names import Needed, Spot

_BUFFER = 1 << 20
_encode = json.JSONEncoder().encode


class Spool:
    """Subjects and bodies of the needed mails.

    The file is unlinked as soon as it is open (and readable by its owner only before): a killed run leaves no text.

    Args:
        folder: where it lies; needs room for the texts of all needed mails, once.
        needed: the mails, closed.
    """

    def __init__(self, folder: Path, needed: Needed) -> None:
        self._needed, self._folder = needed, folder
        self._file = tempfile.TemporaryFile(dir=folder, buffering=_BUFFER)  # noqa: SIM115 - closed by __exit__
        self._size = 0
        self._at, self._body, self._subject = {}, {}, {}
        for account, count in needed.accounts().items():
            self._at[account] = array("Q", bytes(8 * count))
            self._body[account] = array("I", bytes(4 * count))
            self._subject[account] = array("I", bytes(4 * count))

    def __enter__(self) -> Spool:
        """The spool, open."""
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the file, which frees its place."""
        try:
            self._file.close()
        except OSError:
            if kind is None:
                raise

    def put(self, spot: Spot, subject: str, body: str) -> None:
        """Store the texts of a mail.

        Raises:
            OSError: the disk is full.
        """
        texts = [_encode(text).encode("ascii") for text in (body, subject)]
        self._at[spot.account][spot.position] = self._size
        self._body[spot.account][spot.position], self._subject[spot.account][spot.position] = map(len, texts)
        with self._naming_the_folder():
            for text in texts:
                self._file.write(text)
                self._size += len(text)

    def close_writing(self) -> None:
        """Everything is stored; from here on texts are read.

        Raises:
            OSError: the disk is full.
        """
        with self._naming_the_folder():
            self._file.flush()

    @contextmanager
    def _naming_the_folder(self) -> Iterator[None]:
        """The file has no name that an error could give."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._folder)) from error

    def get(self, name: str) -> tuple[bytes, bytes]:
        """Body and subject of a needed mail, each as a JSON string with its quotation marks."""
        account, position = self._needed.spot_of(name)
        body, subject = self._body[account][position], self._subject[account][position]
        data = os.pread(self._file.fileno(), body + subject, self._at[account][position])
        return data[:body], data[body:]
