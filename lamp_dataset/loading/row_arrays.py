"""The rows of a questions file as Arrow arrays, without their golds, in flat memory.

Blocks of the file go through pyarrow's own JSON reader under a declared type, so that nothing is inferred. What it
rejects (a number where a string is declared, a duplicate key, an unusual layout, a missing field) is read again by the
standard library's decoder, which gives the same rows or names the bad sample.
"""

import io
from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import BinaryIO

import pyarrow as pa
import pyarrow.json

from lamp_dataset.formats.json_list import BLOCK_BYTES, MARK, Block, JsonList
from lamp_dataset.formats.questions import checked_row, open_questions
from lamp_dataset.formats.texts import Number
from lamp_dataset.task import NULLABLE_FIELDS, NUMERIC_FIELDS, Task

#: How much text the slower way holds as Python objects, which take several times as much memory, per array.
_OBJECT_BYTES = 1 << 20

#: pyarrow's reader releases Python's lock: while it parses, the next block is read and the last one is written.
_THREADS = 2


def read_rows(file: BinaryIO, name: str, task: Task, block_bytes: int = BLOCK_BYTES) -> Iterator[pa.StructArray]:
    """The rows of a questions file in the file's order, a block at a time.

    They are arrays of structs: the task's ``row_fields`` as strings, and ``profile``, a list of structs with its
    ``item_fields`` as strings. Errors as for :func:`~lamp_dataset.formats.questions.checked_row`.
    """
    source = open_questions(file, name, task, block_bytes)
    count = 0
    for rows in _fast_rows(source, task):
        count += len(rows)
        yield rows
    yield from _slow_rows(source, task, count, block_bytes)


def _as_written(rows: memoryview, task: Task) -> pa.StructType:
    """Type of a row as a block spells it, judging by its first rows: integers where those have them."""
    with suppress(ValueError):
        for row in open_questions(io.BytesIO(b"[%b]" % bytes(rows)), "").rows():
            if isinstance(items := row.get("profile"), list) and items:
                holders = [holder for holder in (row, *items) if isinstance(holder, dict)]
                given = {name: [h[name] for h in holders if h.get(name) is not None] for name in NUMERIC_FIELDS}
                whole = {name for name in given if all(isinstance(v, Number) and v.isdecimal() for v in given[name])}
                return row_type(task, whole & {name for name in given if given[name]}, user_id=True)
    return row_type(task, user_id=True)


def _normalized(rows: pa.StructArray, task: Task) -> pa.StructArray | None:
    """Rows in the declared type; None if something is missing or a ``user_id`` should not be there."""
    if not task.names_users and rows.field("user_id").null_count != len(rows):
        return None
    rows = rows.cast(row_type(task))
    columns = columns_of(rows)
    profile, items = columns.pop("profile"), columns_of(rows.field("profile").values)
    needed = [items[name] for name in task.item_fields if name not in NULLABLE_FIELDS]
    return None if any(array.null_count for array in (profile, *columns.values(), *needed)) else rows


def row_type(task: Task, numbers: Collection[str] = (), user_id: bool = False) -> pa.StructType:
    """Type of a row without its gold; the fields in ``numbers`` are integers."""
    names = (*task.row_fields, "user_id") if user_id and not task.names_users else task.row_fields
    row, item = (
        [(name, pa.int64() if name in numbers else pa.string()) for name in some] for some in (names, task.item_fields)
    )
    return pa.struct([*row, ("profile", pa.list_(pa.struct(item)))])


def _fast_rows(source: JsonList, task: Task) -> Iterator[pa.StructArray]:
    """Blocks parsed in threads, in order, up to one that does not parse; that one is put back."""
    as_written = None
    waiting: deque[tuple[Block, Future]] = deque()
    with ThreadPoolExecutor(_THREADS, "lamp-json") as threads:
        for block in source.blocks():
            as_written = as_written or _as_written(block.rows, task)
            waiting.append((block, threads.submit(_parse, block.document, as_written, task)))
            if len(waiting) > _THREADS:
                if waiting[0][1].result() is None:
                    break
                yield waiting.popleft()[1].result()
        while waiting and waiting[0][1].result() is not None:
            yield waiting.popleft()[1].result()
    if waiting:
        source.put_back(block for block, _ in waiting)


def _parse(document: bytes, as_written: pa.StructType, task: Task) -> pa.StructArray | None:
    """The rows of a block; None if the fast way cannot read them for certain."""
    try:
        if not document.isascii():
            document.decode()  # the reader does not check UTF-8 …
        table = pyarrow.json.read_json(
            pa.BufferReader(document),
            read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(document) + 1),
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=pa.schema([("rows", pa.list_(as_written))]),
                # Otherwise it builds their values, in quadratic memory, and deep ones overflow its stack.
                unexpected_field_behavior="ignore",
            ),
        )
        table.validate(full=True)  # … nor reject half a surrogate pair
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError):
        return None
    rows = table.column("rows").combine_chunks().flatten()
    ids = rows.field("id")
    whole = len(table) == 1 and len(rows) > 1 and ids[0].as_py() == ids[-1].as_py() == MARK
    return _normalized(rows[1:-1], task) if whole else None


def columns_of(rows: pa.StructArray) -> dict[str, pa.Array]:
    """Field name -> values."""
    return dict(zip([field.name for field in rows.type], rows.flatten(), strict=True))


def _slow_rows(source: JsonList, task: Task, count: int, block_bytes: int) -> Iterator[pa.StructArray]:
    rows, size = [], 0
    for number, entry in enumerate(source.rows(), start=count):
        row = checked_row(entry, task, source.name, number)
        rows.append(row)
        size += len(row["input"]) + sum(len(v) for item in row["profile"] for v in item.values() if v)
        if size >= min(block_bytes, _OBJECT_BYTES):
            yield pa.array(rows, type=row_type(task))
            rows, size = [], 0
    if rows:
        yield pa.array(rows, type=row_type(task))
