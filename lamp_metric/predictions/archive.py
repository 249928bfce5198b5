"""Zips of outputs files, one per task, read without extracting anything to disk."""

from __future__ import annotations

import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from lamp_dataset.formats.json_file import HEAD_BYTES, describe
from lamp_dataset.formats.outputs import Outputs, parse_outputs
from lamp_dataset.formats.recognition import tasks_named
from lamp_dataset.tasks import OFFICIAL_NAMES

#: More than an honest zip of all tasks inflates to; a zip that exceeds it is taken for a zip bomb.
MAX_INFLATED_BYTES = 128 << 20
#: More values than an honest outputs file holds, which has two in each entry. Parsed, a value takes 64 bytes and more.
MAX_VALUES = 1_000_000

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)

#: What zipfile raises for a damaged zip.
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, UnicodeError)


def read_zip(path: str | os.PathLike) -> dict[str, Outputs]:
    """The outputs files in a zip: official task name -> outputs, in the benchmark's order.

    JSON files at any depth are read. Other files are ignored, and so is what file managers add (``__MACOSX``,
    ``._x.json``).

    Raises:
        ValueError: it is not a zip, or it is cut off, damaged, encrypted or too large (:data:`MAX_INFLATED_BYTES`); it
            holds no JSON files, or one that is not an outputs file; a task is unknown, or two files belong to one task.
        OSError: it cannot be read.
    """
    found: dict[str, Outputs] = {}
    for name, data in _json_members(Path(path)):
        _check_values(data, name)
        outputs = parse_outputs(data, name)
        tasks_named(outputs.task, name)  # rejects unknown names
        if outputs.task in found:
            raise ValueError(f"{path}: two files of task {outputs.task}: {found[outputs.task].name} and {name}")
        found[outputs.task] = outputs
    if not found:
        raise ValueError(f"{path}: expected JSON files in the zip, found none")
    return {task: found[task] for task in OFFICIAL_NAMES if task in found}


def _json_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """The name (of zip and member) and the content of each JSON file in a zip."""
    if path.is_dir():
        raise ValueError(f"{path}: expected a zip file, found a folder")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if not head.startswith(b"PK"):
            raise ValueError(f"{path}: expected a zip file, found {describe(head)}; lamp-metric pack makes one")
        left = MAX_INFLATED_BYTES
        try:
            with zipfile.ZipFile(file) as archive:
                for member in filter(_is_json, archive.infolist()):
                    data = _inflate(archive, member, f"{path}/{member.filename}", left)
                    left -= len(data)
                    yield f"{path}/{member.filename}", data
        except _DAMAGE as error:
            raise ValueError(f"{path}: expected a zip file, but it is damaged or cut off: {error}") from None


def _check_values(data: bytes, name: str) -> None:
    """Reject JSON that would take much more memory than its text, such as a list of millions of ``{}``."""
    if len(data) > MAX_VALUES:  # fewer bytes cannot hold more values
        bare = _STRING.sub(b"", data)
        if sum(map(bare.count, (b"{", b"[", b","))) > MAX_VALUES:
            raise ValueError(f"{name}: expected an outputs file, found more than {MAX_VALUES:,} JSON values")


def _is_json(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    hidden = "__MACOSX" in path.parts or path.name.startswith(".")
    return not member.is_dir() and not hidden and path.suffix.lower() == ".json"


def _inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, limit: int) -> bytes:
    if member.flag_bits & 1:
        raise ValueError(f"{name}: is encrypted; make the zip without a password")
    try:
        with archive.open(member) as file:
            data = file.read(limit + 1)  # the size in the header may be wrong
    except NotImplementedError as error:
        raise ValueError(f"{name}: {error}; make the zip with deflate, the usual method") from None
    if len(data) > limit:
        raise ValueError(f"{name}: the zip inflates to more than {MAX_INFLATED_BYTES >> 20} MiB; no submission does")
    return data
