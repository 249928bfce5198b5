"""One long JSON list of objects as a stream, in flat memory.

The official questions files are a single list on a single line, up to 1.7 GB. There are two ways to read one:

* :meth:`JsonList.blocks` cuts the bytes between two rows, some megabytes apart, for a fast parser. It *guesses* from
  the surrounding text where a row ends. A wrong guess does no harm: only whole rows parse as a list between two marks,
  see :class:`Block`, and whoever parses a block checks that.
* :meth:`JsonList.rows` continues from the block that did not parse, row by row, with the standard library's decoder. It
  reads any legal JSON and reports where anything else goes wrong.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

from lamp_dataset.formats.json_file import BOM, HEAD_BYTES, describe
from lamp_dataset.formats.json_text import DECODER, WRAPPER_END, JsonText

BLOCK_BYTES = 4 << 20
#: Blocks end where this many bytes hold no place to cut; :meth:`JsonList.rows` reads a longer row all the same.
MAX_BLOCK_BYTES = 64 << 20
#: How far around a key to look for the end of a row, in bytes: longer than nearly any start of a row.
_LONGEST_ROW_START = 4096
#: How many keys to try in one search for a place to cut: beyond that, it is cheaper to read on.
_MAX_TRIES = 64

_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
#: The wrapper that some files have around the list.
_WRAPPER_START = re.compile(rb'\{\s*(?:"task"\s*:\s*(' + _STRING + rb')\s*,\s*)?"golds"\s*:\s*\[', re.DOTALL)
_BETWEEN = re.compile(r"[ \t\n\r,]*")

#: The ``id`` of the rows that enclose a block. No file can hold it, since every process draws its own.
MARK = os.urandom(16).hex()
_START, _END = b'{"rows":[{"id":"%b"},' % MARK.encode(), b',{"id":"%b"}]}' % MARK.encode()


def first_rows(rows: memoryview) -> Iterator[Any]:
    """The values at the start of a block one by one, numbers as ``Number``, up to one that cannot be read."""
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


class JsonList:
    """A JSON list of objects, read from a file once, of which only ``read`` is used.

    The end of a row is guessed from the next of ``row_keys``, keys that rows have and objects inside them do not. If
    the list has a wrapper that names its task, ``check_task`` is called with that name.

    Raises:
        ValueError: the file does not begin with a list, or with the wrapper ``{"task": …, "golds": […]}`` around one.
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
        self._row_end = _row_end(self._row_keys)
        self._buffer = b""
        self._searched = 0  # no row ends before this position in the buffer
        self._eof = False
        self._offset = 0  # position in the file of the first byte that no block or row has taken yet
        #: Whether the list was read to its end.
        self.complete = False
        self._start()

    def blocks(self) -> Iterator[Block]:
        """Blocks of whole rows, as long as cutting goes well.

        Look at ``complete`` when it ends: if it is False, :meth:`rows` reads on. If a block does not parse, stop here,
        :meth:`put_back` that block and those after it, and let :meth:`rows` read them again.
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
        self._offset -= len(data)
        self.complete = False

    def rows(self) -> Iterator[dict]:
        """The remaining rows, numbers as :class:`~lamp_dataset.formats.texts.Number`.

        ValueError for illegal JSON, or a row that is not an object; the message gives the byte position.
        """
        text = JsonText(self._file.read, self.name, self._buffer, self._offset)
        self._buffer = b""
        more = text.peek() != "]"
        while more:
            row = text.value()
            if not isinstance(row, dict):
                raise ValueError(f"{self.name}: expected an object as row, found {json.dumps(row)[:60]} {text.place()}")
            yield row
            more = text.peek() == ","
            text.position += more
        self._check_wrapper(text.end_of_list(self._wrapped))
        self.complete = True

    def _start(self) -> None:
        self._fill(HEAD_BYTES)
        head = self._buffer.removeprefix(BOM).lstrip(b" \t\r\n")
        opening = _WRAPPER_START.match(head) or re.match(rb"\[", head)
        self._wrapped = opening is not None and opening[0][:1] == b"{"
        if opening is None:
            found = "an object, not a list" if head[:1] == b"{" else describe(self._buffer[:HEAD_BYTES])
            raise ValueError(f'{self.name}: expected a JSON list of rows [{{"id": …}}, …], found {found}')
        if self._wrapped and opening[1]:
            self._check_wrapper(opening[1].decode("utf-8", "replace"))
        self._drop(len(self._buffer) - len(head) + opening.end())

    def _check_wrapper(self, task: str | None) -> None:
        """Check the task that a wrapper gives as a JSON string, if there is one."""
        if task is None:
            return
        try:
            self._check_task(json.loads(task))
        except json.JSONDecodeError:
            raise ValueError(f"{self.name}: expected a task's name as 'task', found {task[:60]}") from None

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size and not self._eof:
            data = self._file.read(size - len(self._buffer))
            self._eof = not data
            self._buffer += data

    def _drop(self, size: int) -> None:
        self._buffer = self._buffer[size:]
        self._searched = 0
        self._offset += size

    def _take(self, end: int, following: int) -> Block:
        """Take the rows up to ``end`` and their separator up to ``following`` out of the buffer."""
        view = memoryview(self._buffer)
        block = Block(b"".join((_START, view[:end], _END)), bytes(view[end:following]))
        self._drop(following)
        return block

    def _cut(self) -> tuple[int, int] | None:
        """End of the last whole row in the buffer and start of the row after it; None if there is no such place."""
        limit = len(self._buffer)
        for _ in range(_MAX_TRIES):
            # Searching backwards for a key is many times faster than searching for the whole pattern.
            key = max(self._buffer.rfind(key, self._searched, limit) for key in self._row_keys)
            if key < 0:
                break
            start = max(0, key - _LONGEST_ROW_START)
            ends = list(self._row_end.finditer(self._buffer, start, key + _LONGEST_ROW_START))
            if ends:
                return ends[-1].start() + 1, ends[-1].end()
            limit = key
        self._searched = max(0, len(self._buffer) - _LONGEST_ROW_START)
        return None

    def _last_block(self) -> tuple[int, int] | None:
        """End of the last row, with the end of the list left out; None if the file ends otherwise."""
        body = self._buffer.rstrip(b" \t\r\n")
        if self._wrapped:
            body = body[: body.rfind(b"]") + 1]
            closing = WRAPPER_END.fullmatch(self._buffer[len(body) :].decode("utf-8", "replace").rstrip())
            if closing is None:
                return None
            self._check_wrapper(closing[1])
        if not body.endswith(b"]"):
            return None
        return len(body[:-1].rstrip(b" \t\r\n")), len(self._buffer)


def _row_end(row_keys: list[bytes]) -> re.Pattern[bytes]:
    """Matches ``}``, a comma, and before an object that begins with at most four plain values and then a row's key.

    It cannot match inside a string: there, a quotation mark follows a backslash.
    """
    plain = rb'"\w{1,40}"\s*:\s*(?:' + _STRING + rb"|[-+.\w]{1,40})\s*,\s*"
    keys = b"|".join(map(re.escape, row_keys))
    return re.compile(rb"\}\s*,\s*(?=\{\s*(?:" + plain + rb"){0,4}(?:" + keys + rb")\s*:)", re.DOTALL)
