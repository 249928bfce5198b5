"""JSON text read piece by piece with the standard library's decoder; errors give their byte position.

It reads any legal JSON, whatever its layout.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from lamp_dataset.formats.json_file import HEAD_BYTES, ends_too_soon
from lamp_dataset.formats.texts import Number

READ_BYTES = 4 << 20
#: A longer value is taken for a damaged file, in which a string never ends.
MAX_ROW_CHARS = 256 << 20
#: What may follow the list in the wrapper ``{"golds": […], "task": …}``.
WRAPPER_END = re.compile(r'\s*(?:,\s*"task"\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*")\s*)?\}', re.DOTALL)
CUT_OFF = "Was it cut off? Fetch it again."
_SPACE = re.compile(r"[ \t\n\r]*")


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number)


class JsonText:
    """The decoded text of a file from some position on, with a position in it that moves.

    Args:
        read: gives the next bytes of the file, at most as many as asked for; empty at its end.
        name: the file's name, for messages.
        read_ahead: bytes of the file that were read before and come first.
        offset: the position in the file of the first byte to come.
    """

    def __init__(self, read: Callable[[int], bytes], name: str, read_ahead: bytes = b"", offset: int = 0) -> None:
        self._read_file, self.name, self._pending, self._offset = read, name, read_ahead, offset
        self._text, self.position, self._unfinished = "", 0, b""
        self._read(READ_BYTES)

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            self.position = _SPACE.match(self._text, self.position).end()
            if self.position < len(self._text) or not self._read(READ_BYTES):
                return self._text[self.position : self.position + 1]

    def value(self) -> Any:
        """The next JSON value."""
        if not self.peek():
            raise ValueError(f"{self.name}: the file ends in the middle of the list, {self.place()}. {CUT_OFF}")
        while True:
            try:
                value, self.position = DECODER.raw_decode(self._text, self.position)
                return value
            except json.JSONDecodeError as error:
                self._fail_or_read_on(error)
            except RecursionError:
                raise ValueError(f"{self.name}: values nested too deeply to read, {self.place()}") from None

    def end_of_list(self, wrapped: bool) -> str | None:
        """Check that the list ends here, the wrapper around it if it is ``wrapped``, and then the file.

        Returns:
            The task that the end of the wrapper gives, as a JSON string; None if it gives none.
        """
        found = self.peek()
        if found != "]":
            what = f"found {found!r}" if found else f"but the file ends. {CUT_OFF}"
            raise ValueError(f"{self.name}: expected ',' or ']' {self.place()}, {what}")
        self.position += 1
        self.peek()
        self._read(HEAD_BYTES)
        task = self._end_of_wrapper() if wrapped else None
        if self.peek():
            rest = self._text[self.position : self.position + 20]
            raise ValueError(f"{self.name}: expected the end of the file {self.place()}, found {rest!r}")
        return task

    def _end_of_wrapper(self) -> str | None:
        closing = WRAPPER_END.match(self._text, self.position)
        if closing is None:
            raise ValueError(f"{self.name}: expected '}}' after the list, {self.place()}. {CUT_OFF}")
        self.position = closing.end()
        return closing[1]

    def place(self) -> str:
        """Where the position is, for messages."""
        return self._place_of(self.position)

    def _place_of(self, position: int) -> str:
        return f"at byte {self._offset + len(self._text[:position].encode())}"

    def _fail_or_read_on(self, error: json.JSONDecodeError) -> None:
        """Read on if the value may simply be incomplete, or raise: the decoder reports both in the same words."""
        start, place = self.place(), self._place_of(error.pos)
        at_the_end = ends_too_soon(self._text, error.pos)
        unfinished = at_the_end or error.pos > len(self._text) - 12  # a number or a word may be cut off
        near = self._text[max(0, error.pos - 20) : error.pos + 20]
        if unfinished and len(self._text) - self.position < MAX_ROW_CHARS and self._read(len(self._text)):
            return
        message = error.msg.removesuffix(" at")
        found = f"the row that begins {start} does not end. {CUT_OFF}" if at_the_end else f"{message} {place}: {near!r}"
        raise ValueError(f"{self.name}: expected JSON, but {found}") from None

    def _read(self, size: int) -> bool:
        """Decode at least something more; False at the end of the file."""
        dropped = self._text[: self.position]
        self._offset += len(dropped.encode())
        data = self._pending or self._read_file(max(size, HEAD_BYTES))
        self._pending = b""
        new = self._decode(data)
        self._text, self.position = self._text[self.position :] + new, 0
        return bool(new) or (bool(data) and self._read(size))

    def _decode(self, data: bytes) -> str:
        """The text of ``data``; an incomplete last character waits for the next call."""
        joined, self._unfinished = self._unfinished + data, b""
        try:
            return joined.decode("utf-8")
        except UnicodeDecodeError as error:
            if data and error.end == len(joined) and error.reason == "unexpected end of data":
                self._unfinished = joined[error.start :]
                return joined[: error.start].decode("utf-8")
            byte = self._offset + len(self._text.encode()) + error.start
            raise ValueError(
                f"{self.name}: expected UTF-8, found {joined[error.start : error.end]!r} at byte {byte}"
            ) from None
