"""Rows that are read twice: once from front to back, then single profiles in the order of the users."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from lamp_dataset.loading.arrow_files import MappedColumn, arrow_batches
from lamp_dataset.loading.datasets_internals import files_of
from lamp_dataset.personalize.history.declared import declared, declared_items, profile_type
from lamp_dataset.personalize.row_forms import batches
from lamp_dataset.task import Task

#: How many rows are looked at together: fewer than data sets have in a batch, which can be 100 MB.
ROWS = 64
#: How many profiles are read until their pages are given back: the system may map megabytes around each.
PROFILES = 16


def declared_tables(task: Task, rows: Any) -> Iterator[pa.Table]:
    """Rows in any of the forms that :func:`~lamp_dataset.personalize.users.users_of` takes, in the declared shape."""
    files = files_of(rows)
    number = 0
    for some in batches(rows) if files is None else arrow_batches(files):
        for start in range(0, len(some), ROWS):
            part = some[start : start + ROWS]
            yield declared(task, part, number)
            number += len(part)


class StoredRows:
    """Rows of any form, with their profiles on disk: in the files of a data set, or in one written on the first way.

    Files with dicts of lists for lists of dicts, as old versions of ``datasets`` write them, are written again.

    Args:
        task: whose rows they are.
        rows: as :func:`~lamp_dataset.personalize.users.users_of` takes them.
        path: the file to write if the rows are in none.
    """

    def __init__(self, task: Task, rows: Any, path: str) -> None:
        self._task, self._rows, self._path = task, rows, path
        self._files = files_of(rows)
        if self._files is not None:
            types = {field.name: field.type for field in rows.features.arrow_schema}
            self._files = self._files if hasattr(types.get("profile"), "value_type") else None
        self._profiles: MappedColumn | None = None

    def tables(self) -> Iterator[pa.Table]:
        """The rows in the declared shape. To be called once, and first."""
        given = declared_tables(self._task, self._rows)
        yield from given if self._files is not None else self._written(given)

    def _written(self, given: Iterable[pa.Table]) -> Iterator[pa.Table]:
        schema = pa.schema([("profile", profile_type(self._task))])
        with pa.OSFile(self._path, "wb") as file, pa.ipc.new_stream(file, schema) as writer:
            for table in given:
                writer.write_table(table.select(["profile"]))
                yield table

    @property
    def num_bytes(self) -> int:
        """How many bytes the files have, once all rows are read."""
        return sum(map(os.path.getsize, self._files or [self._path]))

    def items(self, rows: Sequence[int]) -> pa.ChunkedArray:
        """The items of the profiles of some rows, one row after the other, in the declared shape; all are copies."""
        if self._profiles is None:
            self._profiles = MappedColumn(self._files or [self._path], "profile", PROFILES)
        chunks = []
        for start in range(0, len(rows), PROFILES):
            found = [self._profiles[row].values for row in rows[start : start + PROFILES]]
            if some := [items for items in found if items is not None and len(items)]:
                chunks.append(declared_items(self._task, pa.concat_arrays(some), "the profiles"))
        return pa.chunked_array(chunks, profile_type(self._task).value_type)
