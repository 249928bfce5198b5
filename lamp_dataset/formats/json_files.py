"""JSON as the benchmark's files have it: read whole or entry by entry with clear errors, and written."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from lamp_dataset.formats.texts import Number, duplicates, short

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


BLOCK_BYTES = 4 << 20
#: Blocks end where this many bytes hold no place to cut; :meth:`JsonList.rows` reads a longer row all the same.
MAX_BLOCK_BYTES = 64 << 20
#: A longer row is taken for a damaged file, in which a string never ends.
MAX_ROW_BYTES = 256 << 20
#: How far around a key to look for the end of a row, in bytes: longer than nearly any start of a row.
_LONGEST_ROW_START = 4096
#: How many keys to try in one search for a place to cut: beyond that, it is cheaper to read on.
_MAX_TRIES = 64

_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_PLAIN = _STRING + rb"\s*:\s*(?:" + _STRING + rb"|[-+.\w]{1,40})\s*,\s*"
#: The wrapper that some files have around the list.
_WRAPPER_START = re.compile(rb'\{\s*(?:"task"\s*:\s*(' + _STRING + rb')\s*,\s*)?"golds"\s*:\s*\[', re.DOTALL)
_WRAPPER_END = re.compile(rb'\s*(?:,\s*"task"\s*:\s*(' + _STRING + rb")\s*)?\}", re.DOTALL)
_SPACE = re.compile(rb"[ \t\n\r]*")
#: A string, whose end may be missing (group 1), or a bracket that opens (2) or closes (3).
_TOKEN = re.compile(_STRING[:-1] + rb'("?)|([{[])|([]}])', re.DOTALL)
_CUT_OFF = ". Was it cut off? Fetch it again."

#: The ``id`` of the rows that enclose a block. No file can hold it, since every process draws its own.
MARK = os.urandom(16).hex()
_BEFORE, _AFTER = b'{"rows":[{"id":"%b"},' % MARK.encode(), b',{"id":"%b"}]}' % MARK.encode()


class Block(NamedTuple):
    """Whole rows as the file has them, and the text between the last row and the next one.

    ``document`` has ``{"rows": [{"id": MARK}, …, {"id": MARK}]}`` around the rows. If their text closes the list itself
    and goes on, in another key or another document, then one list lacks a mark.
    """

    document: bytes
    separator: bytes

    @property
    def rows(self) -> memoryview:
        """The rows alone."""
        return memoryview(self.document)[len(_BEFORE) : -len(_AFTER)]


class JsonList:
    """A JSON list of objects, read once, from a file that needs only the method ``read``.

    ``row_keys``, which rows have and objects inside them do not, show where a row may end. ``check_task`` is called
    with the name of the task if a wrapper around the list, ``{"task": …, "golds": […]}``, gives one. ValueError if the
    file does not begin with a list.
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
        # the end of a row, and before an object that begins with at most four plain values and then a row's key; it
        # cannot match inside a string: there, a quotation mark follows a backslash
        start = rb"\{\s*(?:" + _PLAIN + rb"){0,4}(?:" + b"|".join(map(re.escape, self._row_keys)) + rb")\s*:"
        self._row_end = re.compile(rb"\}\s*,\s*(?=" + start + rb")", re.DOTALL)
        # what was read of the file and is still needed, and its position there
        self._buffer, self._offset, self._eof = b"", 0, False
        self._at = 0  # the position in the buffer up to which rows were read
        self._start()

    def blocks(self) -> Iterator[Block]:
        """Blocks of whole rows, as long as cutting works; :meth:`rows` reads the rest, at least the last row.

        If a block does not parse, stop here, :meth:`put_back` that block and those after it, and let :meth:`rows` read
        them again.
        """
        while True:
            self._fill(self._block_bytes)
            while (found := self._cut()) is None and not self._eof and len(self._buffer) < MAX_BLOCK_BYTES:
                self._fill(len(self._buffer) + self._block_bytes)
            if found is None:
                return
            view, (end, following) = memoryview(self._buffer), found
            block = Block(b"".join((_BEFORE, view[:end], _AFTER)), bytes(view[end:following]))
            self._drop(following)
            yield block

    def put_back(self, blocks: Iterable[Block]) -> None:
        """Undo the last blocks, so that :meth:`rows` begins with the first of them."""
        size = len(self._buffer)
        self._buffer = b"".join(part for block in blocks for part in (block.rows, block.separator)) + self._buffer
        self._offset -= len(self._buffer) - size

    def rows(self) -> Iterator[dict]:
        """The remaining rows, numbers as :class:`~lamp_dataset.formats.texts.Number`.

        ValueError for illegal JSON, a key that comes twice, or a row that is not an object; the message gives the byte
        position.
        """
        more = self._peek() != b"]"
        while more:
            yield self._row()
            more = self._peek() == b","
            self._at += more
        self._end_list()

    def _peek(self) -> bytes:
        """The next byte that is not white space; empty at the end."""
        while True:
            self._at = _SPACE.match(self._buffer, self._at).end()
            if self._at < len(self._buffer) or not self._read_on():
                return self._buffer[self._at : self._at + 1]

    def _read_on(self) -> bool:
        """Drop what was read and at least double the rest; False at the end of the file, or if a row is too long."""
        self._drop(self._at)
        size = len(self._buffer)
        if size < MAX_ROW_BYTES:
            self._fill(size + max(size, HEAD_BYTES, self._block_bytes))
        return len(self._buffer) > size

    def _row(self) -> dict:
        first = self._peek()
        if not first:
            raise self._error("the file ends in the middle of the list,", more=_CUT_OFF)
        end = self._end_of_object() if first == b"{" else None
        data = self._buffer[self._at : end]
        try:
            row, _ = DECODER.raw_decode(data.decode("utf-8", "strict" if end else "replace"))
        except UnicodeDecodeError as error:
            raise self._error(f"expected UTF-8, found {data[error.start : error.end]!r}", error.start) from None
        except DuplicateKeyError as error:
            sample_id = json.JSONDecoder().raw_decode(data.decode())[0].get("id")
            where = "in the row" if sample_id is None else f"sample {short(sample_id)}:"
            raise self._error(f"{where} {error},") from None
        except json.JSONDecodeError as error:
            if ends_too_soon(error.doc, error.pos):
                raise self._error("expected JSON, but the row that begins", 0, f" does not end{_CUT_OFF}") from None
            before, near = error.doc[: error.pos].encode(), error.doc[max(0, error.pos - 20) : error.pos + 20]
            what = f"expected JSON, but {error.msg.removesuffix(' at')}"
            raise self._error(what, len(before), f": {near!r}") from None
        except RecursionError:
            raise self._error("values nested too deeply to read,") from None
        if not isinstance(row, dict):
            raise self._error(f"expected an object as row, found {json.dumps(row)[:60]}")
        self._at = end
        return row

    def _end_of_object(self) -> int | None:
        """Where the object that begins at the position ends in the buffer; None if it does not."""
        depth = seen = 0
        while True:
            for token in _TOKEN.finditer(self._buffer, self._at + seen):
                depth += (0, 1, -1)[token.lastindex - 1]
                if depth == 0:
                    return token.end()
            seen = (token.start() if token[1] == b"" else len(self._buffer)) - self._at
            if not self._read_on():
                return None

    def _end_list(self) -> None:
        """Check that the list ends here, the wrapper around it if there is one, and then the file."""
        found = self._peek()
        if found != b"]":
            more = f", found {found.decode('utf-8', 'replace')!r}" if found else f", but the file ends{_CUT_OFF}"
            raise self._error("expected ',' or ']'", more=more)
        self._at += 1
        if self._wrapped:
            self._fill(self._at + HEAD_BYTES)
            closing = _WRAPPER_END.match(self._buffer, self._at)
            if closing is None:
                raise self._error("expected '}' after the list,", more=_CUT_OFF)
            self._check_wrapper(closing[1])
            self._at = closing.end()
        if self._peek():
            rest = self._buffer[self._at : self._at + 20].decode("utf-8", "replace")
            raise self._error("expected the end of the file", more=f", found {rest!r}")

    def _error(self, what: str, bytes_ahead: int = 0, more: str = "") -> ValueError:
        return ValueError(f"{self.name}: {what} at byte {self._offset + self._at + bytes_ahead}{more}")

    def _start(self) -> None:
        self._fill(HEAD_BYTES)
        head = self._buffer.removeprefix(BOM).lstrip(b" \t\r\n")
        opening = _WRAPPER_START.match(head) or re.match(rb"\[", head)
        self._wrapped = opening is not None and opening[0][:1] == b"{"
        if opening is None:
            found = "an object, not a list" if head[:1] == b"{" else describe(self._buffer[:HEAD_BYTES])
            raise ValueError(f'{self.name}: expected a JSON list of rows [{{"id": …}}, …], found {found}')
        if self._wrapped:
            self._check_wrapper(opening[1])
        self._drop(len(self._buffer) - len(head) + opening.end())

    def _check_wrapper(self, task: bytes | None) -> None:
        text = task and task.decode("utf-8", "replace")
        try:
            found = text and json.loads(text)
        except json.JSONDecodeError:
            raise ValueError(f"{self.name}: expected a task's name as 'task', found {text[:60]}") from None
        if text:
            self._check_task(found)

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size and not self._eof:
            data = self._file.read(size - len(self._buffer))
            self._eof = not data
            self._buffer += data

    def _drop(self, size: int) -> None:
        self._buffer = self._buffer[size:]
        self._at = 0
        self._offset += size

    def _cut(self) -> tuple[int, int] | None:
        """End of the last whole row in the buffer and start of the row after it; None if no place was found."""
        limit = len(self._buffer)
        for _ in range(_MAX_TRIES):
            # Searching backwards for a key is many times faster than searching for the whole pattern.
            key = -1
            for name in self._row_keys:  # each only behind the best so far: a file may lack some of the keys
                key = max(key, self._buffer.rfind(name, max(key, 0), limit))
            if key < 0:
                break
            near = max(0, key - _LONGEST_ROW_START), key + _LONGEST_ROW_START
            if ends := list(self._row_end.finditer(self._buffer, *near)):
                return ends[-1].start() + 1, ends[-1].end()
            limit = key
        return None
