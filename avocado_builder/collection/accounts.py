"""The mails of one account, in its zip or in a folder extracted from it. Both are only read; nothing is unpacked."""

import errno
import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

#: A zip with a longer mail is taken for damaged or hostile.
MAX_MAIL_BYTES = 256 << 20


class Member(NamedTuple):
    """A file of an account: its name, such as ``"147/147-000874-EM.txt"``, and why it cannot be read, or ""."""

    name: str
    trouble: str = ""


class ZipAccount:
    """An account as ``NNN.zip``."""

    def __init__(self, path: Path) -> None:
        self.path, self.account = path, path.name[:3]

    def _open(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.path)
        except Exception as error:  # zipfile raises many kinds of errors on damage, struct.error among them
            if isinstance(error, OSError) and error.filename is not None:
                raise
            raise ValueError(f"{self.path}: not a readable zip, damaged or cut off ({error}). Copy it again") from error

    def members(self) -> Iterator[Member]:
        """All members, as the zip's central directory lists them; no mail is read. ValueError if the zip is damaged."""
        with self._open() as archive:
            for info in archive.infolist():
                yield Member(info.filename, _trouble(info))

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Names and bytes of members. ValueError names a damaged member and its zip."""
        with self._open() as archive:
            for name in names:
                yield name, self._data(archive, name)

    def _data(self, archive: zipfile.ZipFile, name: str) -> bytes:
        try:
            with archive.open(name) as file:
                return file.read(archive.getinfo(name).file_size + 1)  # never more, whatever is packed there
        except Exception as error:
            if isinstance(error, OSError) and error.errno != errno.EINVAL:  # a place before the start of the file
                raise OSError(error.errno, error.strerror, str(self.path)) from error
            raise ValueError(f"{self.path}: member {name} is damaged ({error})") from None


def _trouble(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 1:
        return " is encrypted; use the collection as LDC delivers it"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f": expected compression method 0 or 8, found {info.compress_type}"
    return f": {info.file_size:,} bytes are too many for an email" if info.file_size > MAX_MAIL_BYTES else ""


class FolderAccount:
    """An account as a folder ``NNN`` of extracted files, with the methods of :class:`ZipAccount`."""

    def __init__(self, path: Path) -> None:
        self.path, self.account = path, path.name

    def members(self) -> Iterator[Member]:
        """All files, also those in subfolders; their names are paths relative to the folder's parent."""
        for folder, _, names in os.walk(self.path):
            below = Path(folder).relative_to(self.path.parent).as_posix()
            for name in names:
                regular = os.path.isfile(os.path.join(folder, name))
                yield Member(f"{below}/{name}", "" if regular else " is not a regular file")

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Names and bytes of files."""
        for name in names:
            yield name, (self.path.parent / name).read_bytes()
