"""A JSON list written entry by entry, laid out as ``json.dumps`` lays it out, in flat memory.

Standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from lamp_dataset.formats.texts import Number

_encode = json.JSONEncoder().encode


class BinaryWriter(Protocol):
    """A file opened to write bytes, or whatever else takes them."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...


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

    def __init__(self, file: BinaryWriter, start: bytes = b"[", end: bytes = b"]") -> None:
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
