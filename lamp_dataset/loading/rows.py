"""Rows of a split as Arrow tables, with all their checks, and their statistics."""

import io
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from lamp_dataset.formats.files import ROWS, Files, RowFiles
from lamp_dataset.formats.json_files import BLOCK_BYTES, MARK, Block, JsonList
from lamp_dataset.formats.outputs import check_texts, parse_outputs
from lamp_dataset.formats.questions import checked_row, open_questions
from lamp_dataset.formats.task_of_file import check_name, looks_like
from lamp_dataset.formats.texts import (
    IdMismatchError,
    Number,
    UniqueIds,
    check_no_stub,
    check_same_ids,
    difference,
    short,
)
from lamp_dataset.loading.raw_files import open_raw
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


#: A file whose inputs mostly begin in another way is taken for another task's, if it has this many samples.
_ENOUGH = 10


def split_tables(files: Files | RowFiles, task: Task, name_of: Callable[[str], str]) -> Iterator[pa.Table]:
    """The samples of a split, see :func:`read_tables`; ``name_of`` says what to call a path in messages."""
    if isinstance(files, RowFiles):
        split, rows = _SplitChecks(task, str(files)), files.rows(open_file=open_raw, name_of=name_of)
        while some := list(islice(rows, ROWS)):
            checked = pa.array([checked_row(row, task, name, 0) for row, name in some], row_type(task))
            yield split.table(checked, [row["output"] for row, _ in some])
        split.end()
        return
    golds, golds_name = None, files.outputs and name_of(files.outputs)
    if files.outputs is not None:
        with open_raw(files.outputs) as file:
            golds = read_golds(file.read(), golds_name, task)
    with open_raw(files.questions) as file:
        yield from read_tables(file, name_of(files.questions), task, golds, golds_name)


def read_golds(data: bytes, name: str, task: Task) -> dict[str, str]:
    """Sample id -> gold, from the bytes of an outputs file; errors as for its parts."""
    golds = parse_outputs(data, name)
    check_texts(golds)
    check_name(golds, task)
    return dict(golds.by_id)


def read_tables(
    file: BinaryIO,
    name: str,
    task: Task,
    golds: Mapping[str, str] | None = None,
    golds_name: str | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[pa.Table]:
    """The samples of a questions file as Arrow tables, in the file's order, all values strings.

    Their columns are ``id``, ``user_id`` (time-based configs only), ``input``, ``output`` (null if ``golds`` is None)
    and ``profile`` (list of structs with :attr:`Task.item_fields`). The names of the two files are for messages.

    DuplicateIdError for an id that occurs twice, IdMismatchError if questions and golds have different ids, ValueError
    if it is not a questions file of the task.
    """
    split = _SplitChecks(task, name, golds, golds_name)
    for rows in read_rows(file, name, task, block_bytes):
        yield split.table(rows)
    split.end()


class _SplitChecks:
    """What must hold for a whole split: unique ids, the same ids in questions and golds, inputs of the task."""

    def __init__(
        self, task: Task, name: str, golds: Mapping[str, str] | None = None, golds_name: str | None = None
    ) -> None:
        self.task, self.name, self.golds, self.golds_name = task, name, golds, golds_name
        self.ids = UniqueIds(name)
        self.of_this_task = 0
        self.example: str | None = None  # an input that does not begin as it should

    def table(self, rows: pa.StructArray, golds: list[str] | None = None) -> pa.Table:
        """The rows with their golds, checked; ``golds`` are those of these rows, where they come with them."""
        columns = columns_of(rows)
        profile, ids = columns["profile"], columns["id"].to_pylist()
        columns["profile"] = pa.ListArray.from_arrays(profile.offsets, profile.values)  # without its bitmap of nulls
        columns["output"] = pa.array(golds or self._outputs(ids), pa.string())
        self.ids.add_all(ids)
        self._check_no_stubs(columns)
        self._check_task(columns["input"])
        order = [*self.task.row_fields, "output", "profile"]
        return pa.table({name: columns[name] for name in order})

    def end(self) -> None:
        """Check what shows only at the end."""
        if not self.ids:
            raise ValueError(f"{self.name}: expected samples, found an empty list")
        # In the official files, single inputs lack their instruction, so a handful proves nothing.
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
                f"{self.name} has samples without a gold in {self.golds_name} (at least {len(missing)}; first: "
                f"{short(missing[0])}). Are both from the same split and task?"
            ) from None

    def _check_no_stubs(self, columns: Mapping[str, pa.Array]) -> None:
        if self.task.stub_pattern is None:
            return
        items = columns_of(columns["profile"].values)
        for texts in (columns["input"], columns["output"], *(items[name] for name in self.task.profile_fields)):
            for text in texts.filter(pc.match_substring_regex(texts, self.task.stub_pattern)).to_pylist():
                check_no_stub(text, self.name, self.task)

    def _check_task(self, inputs: pa.Array) -> None:
        """Count the inputs that begin as they should; fail at once if they clearly belong to another task."""
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


def split_stats(batches: Iterable[pa.Table], task: Task) -> dict:
    """Size of a split, lengths in words, profile sizes in items and, if the task has labels, label shares.

    Lengths and sizes are summaries as :func:`summary` makes them. Words are separated by white space; shares are
    fractions of the golds.
    """
    inputs, outputs, sizes, labels = [], [], [], Counter()
    for batch in batches:
        inputs.append(_words(batch["input"]))
        golds = batch["output"].drop_null()
        outputs.append(_words(golds))
        sizes.append(pc.list_value_length(batch["profile"]).to_numpy())
        labels.update(golds.to_pylist() if task.labels else ())
    found = {
        "samples": int(sum(map(len, inputs))),
        "input_words": summary(inputs),
        "output_words": summary(outputs),
        "profile_size": summary(sizes),
    }
    if labels:
        order = [*task.labels, *sorted(set(labels) - set(task.labels))]
        found["labels"] = {label: labels[label] / labels.total() for label in order}
    return found


def _words(texts: pa.ChunkedArray) -> np.ndarray:
    """Number of words of each text, as ``len(text.split())`` counts them."""
    trimmed = pc.utf8_trim_whitespace(texts)
    counts = pc.list_value_length(pc.utf8_split_whitespace(trimmed))
    return pc.if_else(pc.equal(trimmed, ""), 0, counts).to_numpy()


def summary(parts: list[np.ndarray]) -> dict[str, float] | None:
    """Mean, population standard deviation, least, median and largest of the values in ``parts``; None for no values."""
    values = np.concatenate(parts) if parts else np.array([])
    if not len(values):
        return None
    return {
        "mean": float(values.mean()),
        "sd": float(values.std()),
        "min": int(values.min()),
        "median": float(np.median(values)),
        "max": int(values.max()),
    }
