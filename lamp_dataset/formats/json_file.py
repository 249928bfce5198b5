"""Whole JSON files, what a wrong file seems to hold, and lists written entry by entry, as ``json.dumps`` writes them.

Standard library only: the metric and the mail builder use it without ``datasets``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamp_dataset.formats.ids import duplicates
from lamp_dataset.formats.texts import Number, short

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


class DuplicateKeyError(ValueError):
    """A JSON object has a key twice, so that one of its values would be lost."""


#: The first bytes of a file are enough to tell a web page from JSON.
HEAD_BYTES = 4096
BOM = b"\xef\xbb\xbf"
#: How files of other kinds begin -> what to call them.
_KINDS = {b"PK\x03\x04": "a zip file", b"\x1f\x8b": "a gzip file: unpack it", b"PAR1": "a Parquet file"}
_WRITER = "; for predictions, lamp_metric.write_predictions writes the format"
#: What may be left where the text of a JSON value ends too soon: white space, a string or an escape without its end.
_UNFINISHED = re.compile(r'\s*(?:"[^"\\]*(?:\\.[^"\\]*)*\\?|\\?u[0-9a-fA-F]{0,3})?', re.DOTALL)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without duplicate keys: the decoder alone would silently drop all but the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        which = f"the object with the id {short(found['id'])}" if "id" in found else "an object"
        raise DuplicateKeyError(f"{which} has the key {short(duplicates(key for key, _ in pairs)[0])} twice")
    return found


#: Reads numbers as the file spells them; DuplicateKeyError for a key that comes twice.
DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number, object_pairs_hook=_object)


def looks_like_html(head: bytes) -> bool:
    """Whether ``head``, the first bytes of a file, is the beginning of a web page: the site sends one for wrong paths.

    >>> looks_like_html(b"\\n<!DOCTYPE html><html>"), looks_like_html(b'[{"id": "110"}]')
    (True, False)
    """
    return head.removeprefix(BOM).lstrip()[:1] == b"<"


def describe(head: bytes) -> str:
    """What a file seems to be, for an error message.

    >>> describe(b""), describe(b"PK\\x03\\x04...")
    ('an empty file', 'a zip file')
    """
    if not head.strip():
        return "only white space" if head else "an empty file"
    if looks_like_html(head):
        return "an HTML page (a failed download?)"
    for magic, kind in _KINDS.items():
        if head.startswith(magic):
            return kind
    return f"a file that begins {head[:40]!r}"


def ends_too_soon(text: str, position: int) -> bool:
    """Whether JSON that fails at ``position``, a ``JSONDecodeError.pos``, is merely cut off there.

    >>> ends_too_soon('{"a": "tea', 6), ends_too_soon('{"a": 1', 7), ends_too_soon('{"a": 1 b}', 8)
    (True, True, False)
    """
    return _UNFINISHED.fullmatch(text, position) is not None


def load_json(data: bytes, name: str) -> Any:
    """The value in ``data``, a whole JSON document in UTF-8, with or without a byte order mark.

    ValueError if the bytes are not JSON or not UTF-8, or an object has a key twice; the message says where in the file
    ``name``, and what it seems to be.
    """
    try:
        return json.loads(data.removeprefix(BOM).decode("utf-8"), object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        if data.startswith(tuple(_KINDS)):
            raise ValueError(f"{name}: expected JSON, found {describe(data)}") from None
        raise ValueError(f"{name}: expected UTF-8, found byte {data[error.start]:#04x} at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{name}: expected JSON, {_json_trouble(data, error)}") from None
    except RecursionError:
        raise ValueError(f"{name}: expected a file of this benchmark, found values nested too deeply to read") from None
    except MemoryError:
        raise ValueError(f"{name}: expected a file of this benchmark, found more than fits into memory") from None
    except ValueError as error:  # a duplicate key, or a number with more digits than Python reads
        raise ValueError(f"{name}: expected a file of this benchmark, but {error}") from None


def _json_trouble(data: bytes, error: json.JSONDecodeError) -> str:
    head, text, at = data[:HEAD_BYTES], error.doc, error.pos
    if not head.strip() or at == 0 or looks_like_html(head):
        found = describe(head)
        return f"found {found}{_WRITER if found.startswith('a file that') else ''}"
    if "\n" in text[:at]:
        with suppress(ValueError):
            json.loads(text[:at])
            return f"found what looks like JSON lines{_WRITER}"
    if ends_too_soon(text, at):
        return f"but it ends in the middle, at character {len(text)}. Was it cut off? Fetch or write it again"
    return f"but {error.msg} at character {at}: {text[max(0, at - 20) : at + 20]!r}"


def read_json(path: str | os.PathLike) -> Any:
    """The value in the JSON file ``path``; ValueError as for :func:`load_json`."""
    return load_json(Path(path).read_bytes(), str(path))


_encode = json.JSONEncoder().encode


class Encoded(bytes):
    """JSON text of a value: :func:`encode` passes it on unchanged."""

    __slots__ = ()


def encode(value: Any) -> bytes:
    """``value`` as JSON text in ASCII, as ``json.dumps`` writes it.

    It may hold :class:`Encoded` parts and numbers read as :class:`~lamp_dataset.formats.texts.Number`.

    >>> encode({"id": "210", "score": Number("4"), "text": Encoded(b'"a b"')})
    b'{"id": "210", "score": 4, "text": "a b"}'
    """
    if isinstance(value, Encoded):
        return value
    if isinstance(value, Number):
        value = json.loads(value)
    if isinstance(value, Mapping):
        return b"{%b}" % b", ".join(encode(key) + b": " + encode(entry) for key, entry in value.items())
    if isinstance(value, (list, tuple)):
        return b"[%b]" % b", ".join(map(encode, value))
    return _encode(value).encode("ascii")


class EntryWriter:
    """Writes the entries of one JSON list into a file as they come, and counts them (``count``).

    ``start`` is what comes before the first entry, up to and including ``[``, and ``end`` what follows the last one,
    from ``]`` on; it is written when the ``with`` block ends well.

    >>> import io
    >>> file = io.BytesIO()
    >>> with EntryWriter(file) as entries:
    ...     entries.add({"id": "210"})
    ...     entries.add({"id": "211"})
    >>> file.getvalue()
    b'[{"id": "210"}, {"id": "211"}]'
    """

    def __init__(self, file: SupportsWrite[bytes], start: bytes = b"[", end: bytes = b"]") -> None:
        self._file, self._end, self.count = file, end, 0
        file.write(start)

    def add(self, entry: Mapping[str, Any] | Encoded) -> None:
        """Write one entry; see :func:`encode`."""
        self._file.write((b", " if self.count else b"") + encode(entry))
        self.count += 1

    def __enter__(self) -> EntryWriter:
        """The writer itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the list, unless the block failed."""
        if kind is None:
            self._file.write(self._end)
