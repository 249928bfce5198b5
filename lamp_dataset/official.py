"""The official JSON files as a stream of Arrow tables: rows as they stand, golds joined by id, content checked.

Blocks of the file go through pyarrow's own JSON reader, under a declared type, so that nothing is inferred. What it
cannot take (numbers where strings are declared, a doubled key, an unusual layout, a row that lacks something) is read
again by the standard library's decoder, which gives the same rows or names the bad sample.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from lamp_dataset.golds import parse_outputs
from lamp_dataset.json_list import BLOCK_BYTES, Block, JsonList, first_row
from lamp_dataset.json_text import Number
from lamp_dataset.rows import check_encodable, check_no_stub, checked_row, looks_like
from lamp_dataset.tasks import NUMBERS_TOO, OPTIONAL, Task

#: Keys that only a row has, not a profile item.
ROW_KEYS = ("input", "profile", "user_id")

#: pyarrow's reader leaves Python's lock: while it parses, the next block is read and the last one written.
_THREADS = 2


def read_golds(data: bytes, name: str, task: Task) -> dict[str, str]:
    """Sample id -> gold, from the bytes of an outputs file.

    Args:
        data: the whole file.
        name: the file's name, for messages.
        task: whose golds are expected.

    Raises:
        ValueError: another shape or task, a doubled id, a gold that is no string or holds a lone surrogate.
    """
    golds = dict(parse_outputs(data, name, task).by_id)
    for sample_id, gold in golds.items():
        if not isinstance(gold, str):
            raise ValueError(f"{name}: sample {sample_id!r}: expected a string as 'output', found {gold!r}")
        check_encodable(gold, f"{name}: sample {sample_id!r}", "output")
    return golds


def read_tables(
    file: BinaryIO,
    name: str,
    task: Task,
    golds: Mapping[str, str] | None = None,
    golds_name: str = "the outputs file",
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[pa.Table]:
    """The samples of a questions file as Arrow tables, in the file's order, all columns strings.

    Args:
        file: the questions file, opened for reading bytes.
        name: its name, for messages.
        task: the config the file is read as.
        golds: sample id -> gold; None where golds are withheld, which makes ``output`` null.
        golds_name: the name of the file they come from, for messages.
        block_bytes: size of the blocks that are parsed as one.

    Yields:
        Tables with the columns ``id``, ``user_id`` (time-based configs only), ``input``, ``output`` and ``profile``
        (list of structs with :attr:`Task.item_fields`).

    Raises:
        ValueError: the file is no questions file of this task, or its ids are not those of the golds.
    """
    split = _Split(task, name, golds, golds_name)
    for rows in _row_arrays(file, name, task, block_bytes):
        yield split.table(rows)
    split.end()


def _row_type(task: Task, numbers: tuple[str, ...] = (), user_id: bool | None = None) -> pa.StructType:
    """Type of a row without its gold; the fields ``numbers`` as integers."""

    def fields(names: tuple[str, ...]) -> list[tuple[str, pa.DataType]]:
        return [(name, pa.int64() if name in numbers else pa.string()) for name in names]

    row = task.row_fields if not user_id or "user_id" in task.row_fields else (*task.row_fields, "user_id")
    return pa.struct([*fields(row), ("profile", pa.list_(pa.struct(fields(task.item_fields))))])


def _row_arrays(file: BinaryIO, name: str, task: Task, block_bytes: int) -> Iterator[pa.StructArray]:
    source = JsonList(file, name, ROW_KEYS, block_bytes)
    count = 0
    for rows in _fast_row_arrays(source, task):
        count += len(rows)
        yield rows
    if not source.complete:
        yield from _slow_row_arrays(source, task, count, block_bytes)


def _fast_row_arrays(source: JsonList, task: Task) -> Iterator[pa.StructArray]:
    """Blocks parsed in threads, in their order, up to one that does not parse; that one is put back."""
    as_written = None
    waiting: deque[tuple[Block, Future]] = deque()
    with ThreadPoolExecutor(_THREADS, "lamp-json") as threads:
        for block in source.blocks():
            as_written = as_written or _row_type(task, _integers(first_row(block.rows), task), user_id=True)
            waiting.append((block, threads.submit(_parse, block.document, as_written, task)))
            if len(waiting) > _THREADS:
                if waiting[0][1].result() is None:
                    break
                yield waiting.popleft()[1].result()
        while waiting and waiting[0][1].result() is not None:
            yield waiting.popleft()[1].result()
    if waiting:
        source.put_back(block for block, _ in waiting)


def _integers(row: Any, task: Task) -> tuple[str, ...]:
    """The fields that the file gives as integers, as its first row shows them."""
    if not isinstance(row, dict):
        return ()
    profile = row.get("profile")
    items = [item for item in profile if isinstance(item, dict)] if isinstance(profile, list) else []
    values = {name: [item.get(name) for item in items] for name in task.item_fields}
    values["user_id"] = [row.get("user_id")]
    given = {name: [value for value in values.get(name, ()) if value is not None] for name in NUMBERS_TOO}
    return tuple(
        name
        for name, found in given.items()
        if found and all(isinstance(value, Number) and value.isdecimal() for value in found)
    )


def _parse(document: bytes, as_written: pa.StructType, task: Task) -> pa.StructArray | None:
    """The rows of a block; None where the fast way cannot vouch for them."""
    try:
        table = pyarrow.json.read_json(
            pa.BufferReader(document),
            read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(document) + 1),
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=pa.schema([("rows", pa.list_(as_written))]), unexpected_field_behavior="ignore"
            ),
        )
        table.validate(full=True)  # the reader does not check UTF-8
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    if len(table) != 1:
        return None
    rows = table.column("rows").combine_chunks().flatten()
    return _normalise(rows, task) if rows.null_count == 0 else None


def _normalise(rows: pa.StructArray, task: Task) -> pa.StructArray | None:
    """Rows in the declared type; None where something is missing or there is a ``user_id`` too many."""
    columns = dict(zip([field.name for field in rows.type], rows.flatten(), strict=True))
    if not task.time_based and columns.pop("user_id").null_count != len(rows):
        return None
    if any(column.null_count for column in columns.values()):
        return None
    profile = columns.pop("profile")
    items = dict(zip(task.item_fields, profile.values.flatten(), strict=True))
    if profile.values.null_count or any(items[name].null_count for name in items if name not in OPTIONAL):
        return None
    names = list(items)
    texts = pa.StructArray.from_arrays([pc.cast(items[name], pa.string()) for name in names], names)
    columns = {name: pc.cast(columns[name], pa.string()) for name in task.row_fields}
    columns["profile"] = pa.ListArray.from_arrays(profile.offsets, texts)
    return pa.StructArray.from_arrays(list(columns.values()), list(columns))


def _slow_row_arrays(source: JsonList, task: Task, count: int, block_bytes: int) -> Iterator[pa.StructArray]:
    rows, size = [], 0
    for number, row in enumerate(source.rows(), start=count):
        rows.append(checked_row(row, task, source.name, number))
        size += len(rows[-1]["input"]) + sum(len(v) for item in rows[-1]["profile"] for v in item.values() if v)
        if size >= block_bytes:
            yield pa.array(rows, type=_row_type(task))
            rows, size = [], 0
    if rows:
        yield pa.array(rows, type=_row_type(task))


class _Split:
    """What must hold of a whole split: ids once, golds for all of them and no others, inputs of the task."""

    def __init__(self, task: Task, name: str, golds: Mapping[str, str] | None, golds_name: str) -> None:
        self.task, self.name, self.golds, self.golds_name = task, name, golds, golds_name
        self.ids: set[str] = set()
        self.of_this_task = 0

    def table(self, rows: pa.StructArray) -> pa.Table:
        """The rows with their golds, checked."""
        columns = dict(zip([field.name for field in rows.type], rows.flatten(), strict=True))
        ids = columns["id"].to_pylist()
        columns["output"] = pa.array(self._outputs(ids), pa.string())
        self._check_new(ids)
        self._check_task(columns["input"], columns["output"])
        order = [*(name for name in self.task.row_fields), "output", "profile"]
        return pa.table({name: columns[name] for name in order})

    def end(self) -> None:
        """Check what only the end shows."""
        if not self.ids:
            raise ValueError(f"{self.name}: expected samples, found an empty list")
        if self.golds is not None and len(self.golds) > len(self.ids):
            extra = [sample_id for sample_id in self.golds if sample_id not in self.ids]
            raise ValueError(
                f"{self.golds_name}: expected a gold for each of the {len(self.ids)} samples in {self.name}, found "
                f"{len(extra)} for others, first {extra[0]!r}. Do both files belong to the same split and task?"
            )

    def _check_new(self, ids: list[str]) -> None:
        for sample_id in ids:
            if sample_id in self.ids:
                raise ValueError(f"{self.name}: sample id {sample_id!r} stands twice; ids are unique")
            self.ids.add(sample_id)

    def _outputs(self, ids: list[str]) -> list[str | None]:
        if self.golds is None:
            return [None] * len(ids)
        try:
            return [self.golds[sample_id] for sample_id in ids]
        except KeyError as error:
            missing = [sample_id for sample_id in ids if sample_id not in self.golds]
            raise ValueError(
                f"{self.golds_name}: no gold for {len(missing)} samples of {self.name}, first {error.args[0]!r}. "
                "Do both files belong to the same split and task?"
            ) from None

    def _check_task(self, inputs: pa.Array, outputs: pa.Array) -> None:
        if self.task.stub_pattern is not None:
            for text in (*inputs.to_pylist(), *outputs.to_pylist()):
                check_no_stub(text, self.name, self.task)
        self.of_this_task += pc.sum(pc.starts_with(inputs, self.task.opening)).as_py() or 0
        if self.of_this_task * 2 < len(self.ids):
            text = inputs[0].as_py()
            raise ValueError(
                f"{self.name}: expected inputs of {self.task.name} that begin {self.task.opening!r}, found "
                f"{text[:60]!r}{looks_like(text, self.task)}"
            )
