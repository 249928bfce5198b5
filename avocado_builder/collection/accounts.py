"""The mails of one account, in its zip or in a folder extracted from it. Both are only read; nothing is unpacked."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

#: Where a member is in its zip: offset of its header, packed size, size, CRC-32, method, flags.
RECORD = struct.Struct("<QQQIHH")
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENCRYPTED = 0x1
_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
#: A zip with a longer mail is taken for damaged or hostile.
MAX_MAIL_BYTES = 256 << 20


class Member(NamedTuple):
    """A file of an account: its name, such as ``"147/147-000874-EM.txt"``, and where it is, see :data:`RECORD`."""

    name: str
    record: bytes


class ZipAccount:
    """An account as ``NNN.zip``."""

    def __init__(self, path: Path) -> None:
        self.path, self.account = path, path.name[:3]

    def members(self) -> Iterator[Member]:
        """All members, as the zip's central directory lists them; no mail is read. ValueError if the zip is damaged."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                for info in archive.infolist():
                    yield Member(info.filename, _record(info))
        except Exception as error:  # zipfile raises many kinds of errors on damage, struct.error among them
            if isinstance(error, OSError) and error.filename is not None:
                raise
            raise ValueError(f"{self.path}: not a readable zip, damaged or cut off ({error}). Copy it again") from error

    def check(self, member: Member) -> None:
        """Refuse a member before any mail is read.

        ValueError if it is encrypted, too large, or compressed by a method that zips of this collection do not use.
        """
        _, _, size, _, method, flags = RECORD.unpack(member.record)
        if flags & _ENCRYPTED:
            raise ValueError(f"{self.path}: member {member.name} is encrypted; use the collection as LDC delivers it")
        if method not in (_STORED, _DEFLATED):
            raise ValueError(f"{self.path}: member {member.name}: expected compression method 0 or 8, found {method}")
        if size > MAX_MAIL_BYTES:
            raise ValueError(f"{self.path}: member {member.name}: {size:,} bytes are too many for an email")

    def read(self, members: Iterable[Member]) -> Iterator[bytes]:
        """The bytes of members, in the order given. ValueError names a damaged member and its zip."""
        with self.path.open("rb") as file:
            for member in members:
                try:
                    yield _inflate(file, member)
                except (zlib.error, struct.error, ValueError) as error:
                    raise ValueError(f"{self.path}: member {member.name} is damaged ({error})") from None
                except OSError as error:
                    raise OSError(error.errno, error.strerror, str(self.path)) from error

    def fingerprint(self, member: Member) -> tuple[int, int]:
        """Size and CRC-32 of a member."""
        _, _, size, crc, _, _ = RECORD.unpack(member.record)
        return size, crc


class FolderAccount:
    """An account as a folder ``NNN`` of extracted files, with the methods of :class:`ZipAccount`."""

    def __init__(self, path: Path) -> None:
        self.path, self.account = path, path.name

    def members(self) -> Iterator[Member]:
        """All files, also those in subfolders; their names are paths relative to the folder's parent."""
        for folder, _, names in os.walk(self.path):
            below = Path(folder).relative_to(self.path.parent).as_posix()
            for name in names:
                yield Member(f"{below}/{name}", bytes(RECORD.size))

    def check(self, member: Member) -> None:
        """Refuse a member that is not a regular file, by a ValueError."""
        path = self.path.parent / member.name
        if not path.is_file():
            raise ValueError(f"{path}: expected a regular file, found something else")

    def read(self, members: Iterable[Member]) -> Iterator[bytes]:
        """The bytes of files, in the order given."""
        for member in members:
            yield (self.path.parent / member.name).read_bytes()

    def fingerprint(self, member: Member) -> tuple[int, int]:
        """Size and CRC-32 of a file."""
        data = (self.path.parent / member.name).read_bytes()
        return len(data), zlib.crc32(data)


def _record(info: zipfile.ZipInfo) -> bytes:
    return RECORD.pack(
        info.header_offset, info.compress_size, info.file_size, info.CRC, info.compress_type, info.flag_bits
    )


def _inflate(file, member: Member) -> bytes:
    """Read one member by its record, as zipfile does, but without reading the central directory again."""
    offset, packed, size, crc, method, _ = RECORD.unpack(member.record)
    file.seek(offset)
    magic, name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    if magic != b"PK\x03\x04":
        raise ValueError("no member begins at its offset")
    if file.read(name_length) != member.name.encode():
        raise ValueError("its header and the central directory give it different names")
    file.seek(extra_length, os.SEEK_CUR)
    data = file.read(packed)
    if len(data) < packed:
        raise ValueError("cut off")
    if method == _DEFLATED:
        data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size + 1)
    if len(data) != size or zlib.crc32(data) != crc:
        raise ValueError("wrong size or checksum")
    return data
