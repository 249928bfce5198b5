"""The rows of a questions file as Arrow arrays, without their golds, in flat memory.

Blocks of the file go through pyarrow's own JSON reader under a declared type, so that nothing is inferred. What it
rejects (a number where a string is declared, a duplicate key, an unusual layout, a missing field) is read again by the
standard library's decoder, which gives the same rows or names the bad sample.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from lamp_dataset.formats.json_list import BLOCK_BYTES, MARK, Block, JsonList, first_rows
from lamp_dataset.formats.questions import checked_row, open_questions
from lamp_dataset.formats.texts import Number
from lamp_dataset.task import NULLABLE_FIELDS, NUMERIC_FIELDS, Task

#: How much text the slower way holds as Python objects, which take several times as much memory, per array.
_OBJECT_BYTES = 1 << 20

#: pyarrow's reader releases Python's lock: while it parses, the next block is read and the last one is written.
_THREADS = 2


def read_rows(file: BinaryIO, name: str, task: Task, block_bytes: int = BLOCK_BYTES) -> Iterator[pa.StructArray]:
    """The rows of a questions file in the file's order, a block at a time.

    Args:
        file: opened for reading bytes, at its start.
        name: its name, for messages.
        task: the config it is read as.
        block_bytes: size of the blocks that are parsed at once.

    Yields:
        Arrays of structs: the task's ``row_fields`` as strings, and ``profile``, a list of structs with its
        ``item_fields`` as strings.

    Raises:
        ValueError: the file is not a questions file of this task, see
            :func:`~lamp_dataset.formats.questions.checked_row`.
    """
    source = open_questions(file, name, task, block_bytes)
    count = 0
    for rows in _fast_rows(source, task):
        count += len(rows)
        yield rows
    if not source.complete:
        yield from _slow_rows(source, task, count, block_bytes)


def _row_type(task: Task, numbers: tuple[str, ...] = (), user_id: bool = False) -> pa.StructType:
    """Type of a row without its gold; the fields in ``numbers`` are integers."""

    def fields(names: tuple[str, ...]) -> list[tuple[str, pa.DataType]]:
        return [(name, pa.int64() if name in numbers else pa.string()) for name in names]

    row = (*task.row_fields, "user_id") if user_id and not task.time_based else task.row_fields
    return pa.struct([*fields(row), ("profile", pa.list_(pa.struct(fields(task.item_fields))))])


def _fast_rows(source: JsonList, task: Task) -> Iterator[pa.StructArray]:
    """Blocks parsed in threads, in order, up to one that does not parse; that one is put back."""
    as_written = None
    waiting: deque[tuple[Block, Future]] = deque()
    with ThreadPoolExecutor(_THREADS, "lamp-json") as threads:
        for block in source.blocks():
            as_written = as_written or _as_written(block, task)
            waiting.append((block, threads.submit(_parse, block, as_written, task)))
            if len(waiting) > _THREADS:
                if waiting[0][1].result() is None:
                    break
                yield waiting.popleft()[1].result()
        while waiting and waiting[0][1].result() is not None:
            yield waiting.popleft()[1].result()
    if waiting:
        source.put_back(block for block, _ in waiting)


def _as_written(block: Block, task: Task) -> pa.StructType:
    """Type of a row as this block spells it: integers where its first row with a profile has them."""
    for row in first_rows(block.rows):
        items = row.get("profile") if isinstance(row, dict) else None
        if isinstance(items, list) and items:
            return _row_type(task, _integers(row, items), user_id=True)
    return _row_type(task, user_id=True)


def _integers(row: dict, items: list) -> tuple[str, ...]:
    holders = [row, *(item for item in items if isinstance(item, dict))]
    given = {name: [holder[name] for holder in holders if holder.get(name) is not None] for name in NUMERIC_FIELDS}
    return tuple(
        name
        for name, found in given.items()
        if found and all(isinstance(value, Number) and value.isdecimal() for value in found)
    )


def _parse(block: Block, as_written: pa.StructType, task: Task) -> pa.StructArray | None:
    """The rows of a block; None if the fast way cannot read them for certain.

    A block that spells its numbers in another way than the first block of the file is tried once more, as it is.
    """
    rows = _parse_as(block.document, as_written, task)
    own = as_written if rows is not None else _as_written(block, task)
    return rows if own == as_written else _parse_as(block.document, own, task)


def _parse_as(document: bytes, as_written: pa.StructType, task: Task) -> pa.StructArray | None:
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
    return _normalize(rows[1:-1], task) if whole else None


def columns_of(rows: pa.StructArray) -> dict[str, pa.Array]:
    """Field name -> values."""
    return dict(zip([field.name for field in rows.type], rows.flatten(), strict=True))


def _normalize(rows: pa.StructArray, task: Task) -> pa.StructArray | None:
    """Rows in the declared type; None if something is missing or a ``user_id`` should not be there."""
    columns = columns_of(rows)
    if not task.time_based and columns["user_id"].null_count != len(rows):
        return None
    if any(columns[name].null_count for name in (*task.row_fields, "profile")):
        return None
    profile = columns["profile"]
    items = columns_of(profile.values)
    if any(items[name].null_count for name in task.item_fields if name not in NULLABLE_FIELDS):
        return None
    texts = _texts(items, task.item_fields)
    wanted = _texts(columns, task.row_fields)
    wanted["profile"] = pa.ListArray.from_arrays(
        profile.offsets, pa.StructArray.from_arrays(list(texts.values()), list(texts))
    )
    return pa.StructArray.from_arrays(list(wanted.values()), list(wanted))


def _texts(columns: Mapping[str, pa.Array], names: tuple[str, ...]) -> dict[str, pa.Array]:
    return {name: pc.cast(columns[name], pa.string()) for name in names}


def _slow_rows(source: JsonList, task: Task, count: int, block_bytes: int) -> Iterator[pa.StructArray]:
    rows, size = [], 0
    for number, row in enumerate(source.rows(), start=count):
        rows.append(checked_row(row, task, source.name, number))
        size += len(rows[-1]["input"]) + sum(len(v) for item in rows[-1]["profile"] for v in item.values() if v)
        if size >= min(block_bytes, _OBJECT_BYTES):
            yield pa.array(rows, type=_row_type(task))
            rows, size = [], 0
    if rows:
        yield pa.array(rows, type=_row_type(task))
