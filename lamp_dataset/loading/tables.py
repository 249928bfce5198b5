"""The official JSON files as a stream of Arrow tables: rows as they stand, golds joined by id, content checked.

Blocks of the file go through pyarrow's own JSON reader, under a declared type, so that nothing is inferred. What it
cannot take (numbers where strings are declared, a doubled key, an unusual layout, a row that lacks something) is read
again by the standard library's decoder, which gives the same rows or names the bad sample.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from lamp_dataset.formats.ids import IdMismatchError, UniqueIds, check_same_ids, difference
from lamp_dataset.formats.json_list import BLOCK_BYTES, MARK, Block, JsonList, first_rows
from lamp_dataset.formats.json_text import Number
from lamp_dataset.formats.outputs import check_texts, parse_outputs
from lamp_dataset.formats.questions import checked_row, open_questions
from lamp_dataset.formats.recognition import check_labels, looks_like
from lamp_dataset.formats.texts import check_no_stub, short
from lamp_dataset.task import NULLABLE_FIELDS, NUMERIC_FIELDS, Task

#: So many samples must begin in another way before a file is taken for another task's for that alone.
_ENOUGH = 10

#: Rows that the slower way holds as Python objects, several times the size of their text, before they become a batch.
_OBJECT_BYTES = 1 << 20

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
    golds = parse_outputs(data, name, task)
    check_texts(golds)
    check_labels(golds, task)
    return dict(golds.by_id)


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


def _row_type(task: Task, numbers: tuple[str, ...] = (), user_id: bool = False) -> pa.StructType:
    """Type of a row without its gold; the fields ``numbers`` as integers."""

    def fields(names: tuple[str, ...]) -> list[tuple[str, pa.DataType]]:
        return [(name, pa.int64() if name in numbers else pa.string()) for name in names]

    row = (*task.row_fields, "user_id") if user_id and not task.time_based else task.row_fields
    return pa.struct([*fields(row), ("profile", pa.list_(pa.struct(fields(task.item_fields))))])


def _row_arrays(file: BinaryIO, name: str, task: Task, block_bytes: int) -> Iterator[pa.StructArray]:
    source = open_questions(file, name, task, block_bytes)
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
    """Type of a row as this block has it: the fields that its first row with a profile gives as integers."""
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
    """The rows of a block; None where the fast way cannot vouch for them.

    A block whose numbers are not like those of the file's first is tried once more, as it is written itself.
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
                # Building values that nobody wants takes quadratic memory, and kills the process if they are deep.
                unexpected_field_behavior="ignore",
            ),
        )
        table.validate(full=True)  # … nor what it makes of half a surrogate pair
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError):
        return None
    rows = table.column("rows").combine_chunks().flatten()
    ids = rows.field("id")
    whole = len(table) == 1 and len(rows) > 1 and ids[0].as_py() == ids[-1].as_py() == MARK
    return _normalize(rows[1:-1], task) if whole else None


def _normalize(rows: pa.StructArray, task: Task) -> pa.StructArray | None:
    """Rows in the declared type; None where something is missing or there is a ``user_id`` too many."""
    columns = _columns(rows)
    if not task.time_based and columns["user_id"].null_count != len(rows):
        return None
    if any(columns[name].null_count for name in (*task.row_fields, "profile")):
        return None
    profile = columns["profile"]
    items = _columns(profile.values)
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


def _columns(rows: pa.StructArray) -> dict[str, pa.Array]:
    """Field name -> values; unknown fields of the file among them."""
    return dict(zip([field.name for field in rows.type], rows.flatten(), strict=True))


def _slow_row_arrays(source: JsonList, task: Task, count: int, block_bytes: int) -> Iterator[pa.StructArray]:
    rows, size = [], 0
    for number, row in enumerate(source.rows(), start=count):
        rows.append(checked_row(row, task, source.name, number))
        size += len(rows[-1]["input"]) + sum(len(v) for item in rows[-1]["profile"] for v in item.values() if v)
        if size >= min(block_bytes, _OBJECT_BYTES):
            yield pa.array(rows, type=_row_type(task))
            rows, size = [], 0
    if rows:
        yield pa.array(rows, type=_row_type(task))


class _Split:
    """What must hold of a whole split: ids once, golds for all of them and no others, inputs of the task."""

    def __init__(self, task: Task, name: str, golds: Mapping[str, str] | None, golds_name: str) -> None:
        self.task, self.name, self.golds, self.golds_name = task, name, golds, golds_name
        self.ids = UniqueIds(name)
        self.of_this_task = 0
        self.example: str | None = None  # an input that does not begin as it should

    def table(self, rows: pa.StructArray) -> pa.Table:
        """The rows with their golds, checked."""
        columns = _columns(rows)
        ids = columns["id"].to_pylist()
        columns["output"] = pa.array(self._outputs(ids), pa.string())
        for sample_id in ids:
            self.ids.add(sample_id)
        self._check_no_stubs(columns)
        self._check_task(columns["input"])
        order = [*self.task.row_fields, "output", "profile"]
        return pa.table({name: columns[name] for name in order})

    def end(self) -> None:
        """Check what only the end shows."""
        if not self.ids:
            raise ValueError(f"{self.name}: expected samples, found an empty list")
        # Single inputs lack their instruction in the official files, so a handful proves nothing.
        if self.of_this_task * 2 < len(self.ids) and len(self.ids) >= _ENOUGH:
            self._raise_other_task()
        if self.golds is not None and len(self.golds) > len(self.ids):
            check_same_ids(self.golds, list(self.ids), (self.golds_name, self.name))

    def _outputs(self, ids: list[str]) -> list[str | None]:
        if self.golds is None:
            return [None] * len(ids)
        try:
            return [self.golds[sample_id] for sample_id in ids]
        except KeyError:
            missing, _ = difference(self.golds, ids)
            raise IdMismatchError(
                f"{self.golds_name}: expected a gold for each sample in {self.name}, found none for {len(missing)} or "
                f"more, first {short(missing[0])}. Are both of the same split and task?"
            ) from None

    def _check_no_stubs(self, columns: Mapping[str, pa.Array]) -> None:
        if self.task.stub_pattern is None:
            return
        items = _columns(columns["profile"].values)
        for texts in (columns["input"], columns["output"], *(items[name] for name in self.task.profile_fields)):
            for text in texts.filter(pc.match_substring_regex(texts, self.task.stub_pattern)).to_pylist():
                check_no_stub(text, self.name, self.task)

    def _check_task(self, inputs: pa.Array) -> None:
        """Note how many inputs begin as they should; give up at once where it is plain that the task is another."""
        matching = pc.starts_with(inputs, self.task.opening)
        self.of_this_task += pc.sum(matching).as_py()
        others = inputs.filter(pc.invert(matching))
        self.example = self.example or (others[0].as_py() if len(others) else None)
        if self.of_this_task == 0 and looks_like(self.example, self.task):
            self._raise_other_task()

    def _raise_other_task(self) -> None:
        raise ValueError(
            f"{self.name}: expected inputs of {self.task.name} that begin {self.task.opening!r}, found "
            f"{short(self.example)}{looks_like(self.example, self.task)}"
        )
