"""One long JSON list of objects as a stream, in flat memory.

The official questions files are a single list on a single line, up to 1.7 GB. Two ways through it:

* :meth:`JsonList.blocks` cuts the bytes between two rows, some megabytes apart, for a fast parser. It *guesses* where a
  row ends from the text around it. A guess is safe: a block of whole rows parses as ``{"rows":[…]}`` with no other key
  beside ``rows``, and nothing else does; whoever parses it checks that.
* :meth:`JsonList.rows` then goes on from the block that did not parse, row by row, with the standard library's
  decoder. It takes any legal JSON and names the place of what is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

from lamp_dataset.formats.json_file import BOM, HEAD_BYTES, describe
from lamp_dataset.formats.json_text import DECODER, WRAPPER_END, JsonText

BLOCK_BYTES = 4 << 20
#: Beyond this without a place to cut, blocks end; a row of this size is still read by :meth:`JsonList.rows`.
MAX_BLOCK_BYTES = 64 << 20
#: More than the text that shows the end of a row can take.
_LONGEST_ROW_START = 4096

_STRING = rb'("(?:[^"\\]|\\.)*")'
#: The wrapper that some files have around the list.
_WRAPPER_START = re.compile(rb'\{\s*(?:"task"\s*:\s*' + _STRING + rb'\s*,\s*)?"golds"\s*:\s*\[')
_BETWEEN = re.compile(r"[ \t\n\r,]*")
_DOCUMENT_START, _DOCUMENT_END = b'{"rows":[', b"]}"


def first_rows(rows: memoryview) -> Iterator[Any]:
    """The values at the start of a block, one by one, numbers as :class:`Number`; ends where one cannot be read."""
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
        document: ``{"rows":[…]}`` around the rows: one JSON document.
        separator: what stands between the last row and the next.
    """

    document: bytes
    separator: bytes

    @property
    def rows(self) -> memoryview:
        """The rows alone."""
        return memoryview(self.document)[len(_DOCUMENT_START) : -len(_DOCUMENT_END)]


class JsonList:
    """A JSON list of objects, read from a file once.

    Args:
        file: opened for reading bytes, at its start; only ``read`` is used.
        name: the file's name, for messages.
        row_keys: keys that a row has and an object inside a row has not; a row's end is guessed from the first of them
            that follows.
        block_bytes: size of a block.
        check_task: called with the task's name if there is a wrapper that gives it.

    Raises:
        ValueError: the file does not begin as a list (or the wrapper ``{"task": …, "golds": […]}`` around one).
    """

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        row_keys: tuple[str, ...],
        block_bytes: int = BLOCK_BYTES,
        check_task: Callable[[str], object] = str,
    ) -> None:
        self._file, self.name, self._block_bytes, self._check_task = file, name, block_bytes, check_task
        self._row_keys = [f'"{key}"'.encode() for key in row_keys]
        keys = b"|".join(map(re.escape, self._row_keys))
        # `}`, a comma and an object that begins with at most four plain values and then a key of a row. It cannot match
        # inside a string: there, a quotation mark has a backslash before it.
        plain = rb'"\w{1,40}"\s*:\s*(?:"(?:[^"\\]|\\.){0,200}"|[-+.\w]{1,40})\s*,\s*'
        self._row_end = re.compile(rb"\}\s*,\s*(?=\{\s*(?:" + plain + rb"){0,4}(?:" + keys + rb")\s*:)", re.DOTALL)
        self._buffer = b""
        self._searched = 0  # no row ends before this place of the buffer
        self._eof = False
        #: Position in the file of the first byte that no block or row has taken yet.
        self.offset = 0
        #: Whether the list was read to its end.
        self.complete = False
        self._start()

    def blocks(self) -> Iterator[Block]:
        """Blocks of whole rows, as long as cutting goes well.

        Look at ``complete`` when it ends: if False, :meth:`rows` reads on. If a block does not parse, stop here,
        :meth:`put_back` that block and those behind it, and let :meth:`rows` read them again.
        """
        while not self.complete:
            self._fill(max(self._block_bytes, len(self._buffer)))
            found = self._last_block() if self._eof else self._cut()
            if found is not None:
                block = self._take(*found)
                self.complete = self._eof
                if found[0]:
                    yield block
                del block  # not held while the next one is read
            elif self._eof or len(self._buffer) >= MAX_BLOCK_BYTES:
                return
            else:
                self._fill(len(self._buffer) + self._block_bytes)

    def put_back(self, blocks: Iterable[Block]) -> None:
        """Undo the last blocks, so that :meth:`rows` begins with the first of them."""
        data = b"".join(part for block in blocks for part in (block.rows, block.separator))
        self._buffer = data + self._buffer
        self.offset -= len(data)
        self.complete = False

    def rows(self) -> Iterator[dict]:
        """The remaining rows, numbers as :class:`Number`.

        Raises:
            ValueError: no legal JSON, or a row that is no object; the message holds the byte position.
        """
        text = JsonText(self, self._buffer)
        if text.peek() == "]":
            text.end_of_list(self._wrapped)
            self.complete = True
            return
        while True:
            row = text.value()
            if not isinstance(row, dict):
                raise ValueError(f"{self.name}: expected an object as row, found {json.dumps(row)[:60]} {text.place()}")
            yield row
            if text.peek() == ",":
                text.position += 1
            else:
                text.end_of_list(self._wrapped)
                self.complete = True
                return

    def read(self, size: int) -> bytes:
        """The next bytes of the file; empty at its end."""
        data = self._file.read(size)
        self._eof = not data
        return data

    def _start(self) -> None:
        self._fill(HEAD_BYTES)
        head = self._buffer.removeprefix(BOM).lstrip(b" \t\r\n")
        opening = _WRAPPER_START.match(head) or re.match(rb"\[", head)
        self._wrapped = opening is not None and opening[0][:1] == b"{"
        if opening is None:
            found = "an object, not a list" if head[:1] == b"{" else describe(self._buffer[:HEAD_BYTES])
            raise ValueError(f'{self.name}: expected a JSON list of rows [{{"id": …}}, …], found {found}')
        if self._wrapped and opening[1]:
            self._task_is(opening[1].decode("utf-8", "replace"))
        self._drop(len(self._buffer) - len(head) + opening.end())

    def _task_is(self, string: str) -> None:
        try:
            self._check_task(json.loads(string))
        except json.JSONDecodeError:
            raise ValueError(f"{self.name}: expected a task's name as 'task', found {string[:60]}") from None

    def end_of_wrapper(self, closing: re.Match) -> None:
        """Look at what closes the wrapper around the list."""
        if closing[1]:
            self._task_is(closing[1])

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size and not self._eof:
            self._buffer += self.read(size - len(self._buffer))

    def _drop(self, size: int) -> None:
        self._buffer = self._buffer[size:]
        self._searched = 0
        self.offset += size

    def _take(self, end: int, following: int) -> Block:
        """Take the rows up to ``end`` and their separator up to ``following`` out of the buffer."""
        view = memoryview(self._buffer)
        block = Block(b"".join((_DOCUMENT_START, view[:end], _DOCUMENT_END)), bytes(view[end:following]))
        self._drop(following)
        return block

    def _cut(self) -> tuple[int, int] | None:
        """End of the last whole row in the buffer and start of the row behind it."""
        limit = len(self._buffer)
        while True:
            # Looking for a key from behind is many times faster than looking for the whole pattern.
            key = max(self._buffer.rfind(key, self._searched, limit) for key in self._row_keys)
            if key < 0:
                self._searched = max(0, len(self._buffer) - _LONGEST_ROW_START)
                return None
            start = max(0, key - _LONGEST_ROW_START)
            ends = list(self._row_end.finditer(self._buffer, start, key + _LONGEST_ROW_START))
            if ends:
                return ends[-1].start() + 1, ends[-1].end()
            limit = key

    def _last_block(self) -> tuple[int, int] | None:
        """End of the last row, with the list's end behind it left out; None where the file ends otherwise."""
        body = self._buffer.rstrip(b" \t\r\n")
        if self._wrapped and body.endswith(b"}"):
            body = body[: body.rfind(b"]") + 1]
            closing = WRAPPER_END.fullmatch(self._buffer[len(body) :].decode("utf-8", "replace").rstrip())
            if closing is None:
                return None
            self.end_of_wrapper(closing)
        elif self._wrapped:
            return None
        if not body.endswith(b"]"):
            return None
        return len(body[:-1].rstrip(b" \t\r\n")), len(self._buffer)
