"""The official files of a split as a stream of Arrow tables: rows joined with their golds by id, content checked."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.formats.hub_rows import ROWS, RowFiles
from lamp_dataset.formats.ids import IdMismatchError, UniqueIds, check_same_ids, difference
from lamp_dataset.formats.json_list import BLOCK_BYTES
from lamp_dataset.formats.layout import Files
from lamp_dataset.formats.outputs import check_texts, parse_outputs
from lamp_dataset.formats.questions import checked_row
from lamp_dataset.formats.task_of_file import check_name, looks_like
from lamp_dataset.formats.texts import check_no_stub, short
from lamp_dataset.loading.raw_files import open_raw
from lamp_dataset.loading.row_arrays import columns_of, read_rows, row_type
from lamp_dataset.task import Task

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
