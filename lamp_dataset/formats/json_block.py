"""Whole rows of a JSON list as bytes for a fast parser, so marked that it shows whether they are whole.

Standard library only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lamp_dataset.formats.json_file import DECODER

_BETWEEN = re.compile(r"[ \t\n\r,]*")

#: The ``id`` of the rows that enclose a block. No file can hold it, since every process draws its own.
MARK = os.urandom(16).hex()
_START, _END = b'{"rows":[{"id":"%b"},' % MARK.encode(), b',{"id":"%b"}]}' % MARK.encode()


def enclosed(rows: memoryview) -> bytes:
    """The document of a block: rows between two rows that hold nothing but the mark."""
    return b"".join((_START, rows, _END))


def first_rows(rows: memoryview) -> Iterator[Any]:
    """The values at the start of a block, one by one and numbers as spelled, up to one that cannot be read."""
    text, position = bytes(rows).decode("utf-8", "replace"), 0
    while True:
        position = _BETWEEN.match(text, position).end()
        try:
            value, position = DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            return
        yield value


class Block(NamedTuple):
    """Whole rows as the file has them.

    Attributes:
        document: ``{"rows": [{"id": MARK}, …, {"id": MARK}]}`` around the rows, one JSON document. If the text closes
            the list itself and goes on, in another key or another document, then one list lacks a mark.
        separator: the text between the last row and the next one.
    """

    document: bytes
    separator: bytes

    @property
    def rows(self) -> memoryview:
        """The rows alone."""
        return memoryview(self.document)[len(_START) : -len(_END)]
