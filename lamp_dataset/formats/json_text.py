"""JSON text read piece by piece with the standard library's decoder, errors with their byte position.

It takes any legal JSON, in whatever layout, as slowly as that takes.
"""

from __future__ import annotations

import json
import re
from typing import Any, Protocol

from lamp_dataset.formats.json_file import HEAD_BYTES

READ_BYTES = 4 << 20
#: A value longer than this is taken for a damaged file, in which a string never ends.
MAX_ROW_CHARS = 256 << 20
#: What may stand behind the list where ``{"golds": […], "task": …}`` is wrapped around it.
WRAPPER_END = re.compile(r'\s*(?:,\s*"task"\s*:\s*("(?:[^"\\]|\\.)*")\s*)?\}')
CUT_OFF = "Was it cut off? Fetch it again."
_SPACE = re.compile(r"[ \t\n\r]*")


class Number(str):
    """A JSON number as the file spells it, told apart from a string."""

    __slots__ = ()


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number)


class Source(Protocol):
    """What text is read from: a name, a position in bytes, and a way to read on."""

    name: str
    offset: int

    def end_of_wrapper(self, closing: re.Match) -> None:
        """Called with what closes the wrapper around the list."""
        ...

    def read(self, size: int) -> bytes:
        """The next bytes; empty at the end."""
        ...


class JsonText:
    """The decoded text of a file from somewhere on, with a position that moves.

    Args:
        source: what to read on from, and whose ``offset`` is kept at the file position of the text's start.
        read_ahead: bytes that were read from it before and come first.
    """

    def __init__(self, source: Source, read_ahead: bytes) -> None:
        self._source, self._pending = source, read_ahead
        self._text, self.position, self._unfinished = "", 0, b""
        self._read(READ_BYTES)

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            self.position = _SPACE.match(self._text, self.position).end()
            if self.position < len(self._text) or not self._read(READ_BYTES):
                return self._text[self.position : self.position + 1]

    def value(self) -> Any:
        """The next JSON value."""
        if not self.peek():
            raise ValueError(f"{self._source.name}: the file ends in the middle of the list, {self.place()}. {CUT_OFF}")
        while True:
            try:
                value, self.position = DECODER.raw_decode(self._text, self.position)
                return value
            except json.JSONDecodeError as error:
                self._fail_or_read_on(error)
            except RecursionError:
                raise ValueError(f"{self._source.name}: values nested too deep to read, {self.place()}") from None

    def end_of_list(self, wrapped: bool) -> None:
        """Check that the list ends here, and the file behind it."""
        found = self.peek()
        if found != "]":
            what = f"found {found!r}" if found else f"but the file ends. {CUT_OFF}"
            raise ValueError(f"{self._source.name}: expected ',' or ']' {self.place()}, {what}")
        self.position += 1
        self.peek()
        self._read(HEAD_BYTES)
        if wrapped:
            closing = WRAPPER_END.match(self._text, self.position)
            if closing is None:
                raise ValueError(f"{self._source.name}: expected '}}' after the list, {self.place()}. {CUT_OFF}")
            self._source.end_of_wrapper(closing)
            self.position = closing.end()
        if self.peek():
            rest = self._text[self.position : self.position + 20]
            raise ValueError(f"{self._source.name}: expected the end of the file {self.place()}, found {rest!r}")

    def place(self) -> str:
        """Where the position is, for messages."""
        return self._place_of(self.position)

    def _place_of(self, position: int) -> str:
        return f"at byte {self._source.offset + len(self._text[:position].encode())}"

    def _fail_or_read_on(self, error: json.JSONDecodeError) -> None:
        """Whether the value goes on behind the text read so far, or is wrong: the decoder says the same of both."""
        unfinished = error.msg.startswith("Unterminated") or error.pos > len(self._text) - 12
        start, place = self.place(), self._place_of(error.pos)
        end = len(self._text.rstrip()) - (6 if error.msg.startswith("Invalid \\") else 0)  # an escape may be cut, too
        at_the_end = error.msg.startswith("Unterminated") or error.pos >= end
        near = self._text[max(0, error.pos - 20) : error.pos + 20]
        if unfinished and len(self._text) - self.position < MAX_ROW_CHARS and self._read(len(self._text)):
            return
        message = error.msg.removesuffix(" at")
        found = f"the row that begins {start} does not end. {CUT_OFF}" if at_the_end else f"{message} {place}: {near!r}"
        raise ValueError(f"{self._source.name}: expected JSON, but {found}") from None

    def _read(self, size: int) -> bool:
        """Decode at least something more; False at the end of the file."""
        dropped = self._text[: self.position]
        self._source.offset += len(dropped.encode())
        data = self._pending or self._source.read(max(size, HEAD_BYTES))
        self._pending = b""
        new = self._decode(data)
        self._text, self.position = self._text[self.position :] + new, 0
        return bool(new) or (bool(data) and self._read(size))

    def _decode(self, data: bytes) -> str:
        """The text of ``data``; the bytes of a last character that is not whole yet wait for the next call."""
        joined, self._unfinished = self._unfinished + data, b""
        try:
            return joined.decode("utf-8")
        except UnicodeDecodeError as error:
            if data and error.end == len(joined) and error.reason == "unexpected end of data":
                self._unfinished = joined[error.start :]
                return joined[: error.start].decode("utf-8")
            byte = self._source.offset + len(self._text.encode()) + error.start
            raise ValueError(
                f"{self._source.name}: expected UTF-8, found {joined[error.start : error.end]!r} at byte {byte}"
            ) from None
