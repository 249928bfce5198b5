"""Files of users in OPPU's layout as Arrow arrays of rows: a user's profile once for each of the user's queries.

A profile stands in the file once and in as many rows as its user has queries, so the rows of a block of the file can
be a hundred times as large: they are made a few megabytes at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.formats.json_list import JsonList
from lamp_dataset.formats.oppu import open_users, rows_of_user
from lamp_dataset.formats.questions import checked_row
from lamp_dataset.formats.texts import short
from lamp_dataset.loading.row_arrays import RowForm, columns_of, integers, item_type, normalized_profile, texts
from lamp_dataset.task import Task

log = logging.getLogger(__name__)

#: Text in the profiles of one array of rows, in bytes; a single row can have more.
ROWS_BYTES = 4 << 20
_QUERY = ("id", "input", "gold")


class UserForm(RowForm):
    """The entries of a file of users; see :mod:`lamp_dataset.formats.oppu`. Rows have their golds as ``output``."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._seen: set[str] = set()

    def open(self, file: BinaryIO, name: str, block_bytes: int) -> JsonList:
        """See the base class."""
        return open_users(file, name, block_bytes)

    def as_written(self, first: Iterator[Any]) -> pa.StructType:
        """See the base class."""
        user = next(
            (user for user in first if isinstance(user, dict) and user.get("profile") and user.get("query")), {}
        )
        profile, query = (value if isinstance(value, list) else [] for value in map(user.get, ("profile", "query")))
        numbers = integers(query, ("id", "gold"))
        queries = pa.struct([(name, pa.int64() if name in numbers else pa.string()) for name in _QUERY])
        name = pa.int64() if integers([user], ("user_id",)) else pa.string()
        items = item_type(self.task, (*integers(profile), *integers(profile, ("id",))))
        # The marks around the entries are their "id".
        fields = {"id": pa.string(), "user_id": name, "profile": pa.list_(items), "query": pa.list_(queries)}
        return pa.struct(list(fields.items()))

    def normalize(self, entries: pa.StructArray) -> pa.StructArray | None:
        """See the base class."""
        columns = columns_of(entries)
        profile, query = normalized_profile(columns["profile"], self.task), columns["query"]
        if profile is None or columns["user_id"].null_count or query.null_count:
            return None
        users = texts(columns, ("user_id",))["user_id"]
        queries = columns_of(query.flatten())
        if any(queries[name].null_count for name in ("id", "input")) or pc.any(pc.equal(users, "")).as_py():
            return None
        fields = texts(queries, _QUERY)
        offsets = pc.subtract(query.offsets, query.offsets[0])
        query = pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(list(fields.values()), list(fields)))
        return pa.StructArray.from_arrays([users, profile, query], ["user_id", "profile", "query"])

    def rows(self, entries: pa.StructArray) -> Iterator[pa.StructArray]:
        """See the base class; a few rows at a time."""
        users, profiles, query = entries.flatten()
        self._note(users.to_pylist())
        queries = columns_of(query.flatten())
        owners = np.repeat(np.arange(len(entries)), pc.list_value_length(query).to_numpy())
        sizes = _bytes(profiles)[owners]
        # The number of its part for each query: a part ends where the next profile would be too much for it.
        ends = np.flatnonzero(np.diff(np.cumsum(sizes) // ROWS_BYTES)) + 1
        for start, end in zip([0, *ends], [*ends, len(owners)], strict=True):
            if end > start:
                part = pa.array(owners[start:end])
                found = {name: values.slice(start, end - start) for name, values in queries.items()}
                found |= {"user_id": users.take(part), "profile": profiles.take(part), "output": found.pop("gold")}
                yield pa.StructArray.from_arrays(list(found.values()), list(found))

    def checked(self, entry: dict, name: str, number: int) -> Iterator[dict]:
        """See the base class."""
        self._note([str(entry.get("user_id"))])
        profile = None
        for row in rows_of_user(entry, name, number):
            gold = row.pop("output")
            if profile is not None:
                row["profile"] = []  # checked before
            row = checked_row(row, self.task, name, number)
            profile = row["profile"] if profile is None else profile
            yield {**row, "profile": profile, "output": gold}

    def _note(self, users: list[str]) -> None:
        """Say so if a user comes for the second time: which of the two profiles is right?"""
        for user in users:
            if user in self._seen:
                log.warning("user %s is there more than once; the rows of all entries are read", short(user))
            self._seen.add(user)

    @property
    def row_type(self) -> pa.StructType:
        """See the base class."""
        return pa.struct([*super().row_type, ("output", pa.string())])


def _bytes(profiles: pa.ListArray) -> np.ndarray:
    """Bytes of text in each profile."""
    lengths = [pc.fill_null(pc.binary_length(values), 0).to_numpy() for values in profiles.values.flatten()]
    total = np.concatenate([[0], np.cumsum(np.sum(lengths, axis=0, dtype=np.int64))])
    return np.diff(total[profiles.offsets.to_numpy()])
