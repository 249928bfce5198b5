"""Who owns which sample.

The time-based files name the user of each row. The user-based files do not, yet one user owns several samples there,
and their profiles are leave-one-out copies of each other. :func:`users_of` infers the groups from that.
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from lamp_dataset.formats.ids import check_unique
from lamp_dataset.formats.texts import short
from lamp_dataset.loading.split_statistics import summary
from lamp_dataset.personalize.retrieval.samples import COLUMNS
from lamp_dataset.personalize.row_forms import KNOWN, RowsError, tables
from lamp_dataset.task import Task

#: Profiles of fewer distinct items are never grouped: that two people share one item of two proves little.
MIN_ITEMS = 3


def users_of(rows: Any, column: str | None = None) -> list[str]:
    """The user of each row.

    Rows with a ``user_id`` keep it. Without one, two rows belong to the same user if each profile lacks at most one of
    the other's items, compared by content; so do rows that are connected through others. The user's name is then the
    smallest of the user's sample ids, whatever the order of the rows. A profile of fewer than three distinct items
    says too little: its row is a user of its own.

    The inference can split a user whose samples share little of their history. It merges two people only if their
    histories differ in one item at most.

    Args:
        rows: rows of one split: a ``datasets.Dataset`` or ``IterableDataset``, an Arrow table, or an iterable of dicts,
            with ``user_id`` or with ``id`` and ``profile``.
        column: the column that names the users, if it has another name than ``user_id``. Without it, a warning names
            the columns that may be meant where the profiles of no two rows show the same user.

    Returns:
        One non-empty string per row.

    Raises:
        ValueError: a row lacks these columns, a ``user_id`` is empty, only some rows have one, or two rows whose users
            are inferred share an id.

    >>> a, b, c, d = ({"id": i, "text": t} for i, t in [("70", "rain"), ("71", "tea"), ("72", "late"), ("73", "fog")])
    >>> users_of([{"id": "8", "profile": [a, b, c]}, {"id": "7", "profile": [b, c, d]}, {"id": "9", "profile": []}])
    ['7', '7', '9']
    """
    found = UserFinder(named=None if column is None else True, column=column or "user_id")
    for table in tables(rows, found.column):
        found.add(table)
    return found.users()


def positions_by_user(rows: Any) -> dict[str, list[int]]:
    """User -> positions of the user's rows, in the order of their first ones; errors as for :func:`users_of`."""
    found: dict[str, list[int]] = {}
    for position, user in enumerate(users_of(rows)):
        found.setdefault(user, []).append(position)
    return found


def by_name(name: str) -> tuple[int, str]:
    """The order of users and samples: their names are unpadded numbers, which sort as such by length first."""
    return len(name), name


def rows_by_name(users: Sequence[str], ids: Sequence[Any]) -> dict[str, list[int]]:
    """User -> numbers of the user's rows, given the user and the id of each row; both in the order of their names."""
    found: dict[str, list[int]] = {}
    for row in sorted(range(len(users)), key=lambda row: (by_name(users[row]), by_name(str(ids[row])))):
        found.setdefault(users[row], []).append(row)
    return found


class UserFinder:
    """The users of rows, as :func:`users_of` gives them, collected from table to table.

    Args:
        named: True: rows must name their users in ``column``; False: the users are inferred, even if they are named;
            None: all rows name theirs, or none does, which is what this attribute then says: None until one does.
        column: the column that names them.
    """

    def __init__(self, named: bool | None = None, column: str = "user_id") -> None:
        """See the class."""
        self.named, self.column = named, column
        self._others: dict[str, set[int]] = {}
        self._names: list[str | None] = []
        self._ids: list[str] = []
        self._profiles: list[np.ndarray] = []

    def add(self, table: pa.Table) -> None:
        """Take note of some rows; ValueError if they lack the columns that show their users."""
        if self.named:
            _require(table, self.column)
        if self.named is not False:
            names = table[self.column].to_pylist() if self.column in table.column_names else [None] * len(table)
            self._names += names
            self.named = any(name is not None for name in names) or self.named
        if not self.named:
            self._add_profiles(table)

    def _add_profiles(self, table: pa.Table) -> None:
        _require(table, "id", "profile")
        for sample_id in table["id"].to_pylist():
            if not isinstance(sample_id, str) or not sample_id:
                found = f"found {short(sample_id)}"
                raise RowsError(f"row {len(self._ids)}: expected a non-empty string as 'id', {found}")
            self._ids.append(sample_id)
        self._profiles += _item_hashes(table["profile"])
        for name, kind in zip(table.schema.names, table.schema.types, strict=True):
            if name not in (*KNOWN, *COLUMNS) and (pa.types.is_string(kind) or pa.types.is_integer(kind)):
                self._others.setdefault(name, set()).update(map(hash, table[name].to_pylist()))

    def users(self) -> list[str]:
        """The user of each row so far.

        ValueError if only some rows name theirs, or if inferred users would share a name, as two rows share an id.
        """
        if self.named:
            for row, name in enumerate(self._names):
                if name in (None, ""):
                    found = f"found {short(name)}"
                    raise RowsError(f"row {row}: expected a non-empty {self.column!r}, as in other rows, {found}")
            return list(map(str, self._names))
        check_unique(self._ids, "rows")
        groups = self.groups()
        repeated = [name for name, values in self._others.items() if 1 < len(values) < len(groups)]
        if repeated and len(set(groups)) == len(groups):
            message = f"each of {len(groups)} rows counts as a user of its own: no two profiles show the same user"
            warnings.warn(f"{message}. Is one named by {' or '.join(repeated)}? Then pass that as column", stacklevel=3)
        of_group = sorted(zip(groups, self._ids, strict=True), key=lambda pair: by_name(pair[1]), reverse=True)
        smallest = dict(of_group)  # of a group's ids, the last one stays
        return [smallest[group] for group in groups]

    def groups(self, others: "UserFinder | None" = None) -> list[int]:
        """A number for the inferred user of each row so far, and of each of ``others``, which may connect them.

        Two profiles lack at most one item of each other if and only if they become equal when each drops at most one.
        So each profile gets a key for itself and one for itself without each of its items, and equal keys connect. A
        key is the sum of the hashes modulo 2**64: among millions, a chance collision has a probability below 1e-6.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        profiles = [*self._profiles, *(others._profiles if others is not None else ())]
        keys, owners = [np.array([], np.uint64)], [np.array([], np.int32)]
        for position, hashes in enumerate(profiles):
            if len(hashes) >= MIN_ITEMS:
                total = hashes.sum(dtype=np.uint64)
                keys += [np.array([total], np.uint64), total - hashes]
                owners.append(np.full(len(hashes) + 1, position, np.int32))
        key, owner = np.concatenate(keys), np.concatenate(owners)
        order = np.argsort(key, kind="stable")
        key, owner = key[order], owner[order]
        equal, size = key[1:] == key[:-1], len(profiles)
        edges = np.ones(equal.sum(), np.int8), (owner[:-1][equal], owner[1:][equal])
        return connected_components(coo_array(edges, shape=(size, size)), directed=False)[1].tolist()


def _item_hashes(profiles: pa.ChunkedArray) -> Iterator[np.ndarray]:
    """For each profile the distinct hashes of its items' contents, sorted."""
    for chunk in profiles.chunks:
        if chunk.null_count == len(chunk):  # of no type, perhaps
            yield from [np.array([], np.uint64)] * len(chunk)
            continue
        hashes = _hashes(chunk)
        ends = np.cumsum(pc.fill_null(pc.list_value_length(chunk), 0).to_numpy(zero_copy_only=False))
        yield from map(np.unique, np.split(hashes, ends[:-1]))


def _hashes(profiles: pa.Array) -> np.ndarray:
    """The hashes of all items' contents. A field that is None counts as missing."""
    items = profiles.flatten() if hasattr(profiles.type, "value_type") else profiles
    if not len(items):
        return np.array([], np.uint64)
    if items is profiles or not pa.types.is_struct(items.type):
        raise RowsError(f"expected a list of dicts as 'profile', found {short(items[0].as_py())} in one")
    # an id or a date says nothing about whose an item is: ids number the items of one sample
    names = sorted(field.name for field in items.type if field.name not in ("id", "date"))
    if not names:
        raise RowsError(f"expected profile items with texts, found {', '.join(field.name for field in items.type)}")
    no = pa.scalar("", pa.large_string())
    named = (
        pc.binary_join_element_wise(pa.scalar(f"\0{name}\1", no.type), _texts(pc.struct_field(items, name)), no)
        for name in names
    )
    whole = pc.binary_join_element_wise(*(pc.fill_null(field, no) for field in named), no)
    _, offsets, data = whole.buffers()  # no text becomes a Python object, which would take most of the time
    ends = np.frombuffer(offsets, np.int64, len(whole) + 1).tolist()
    pieces = map(memoryview(data or b"").__getitem__, map(slice, ends, ends[1:]))
    return np.fromiter(map(xxhash.xxh3_64_intdigest, pieces), np.uint64, len(whole))


def _texts(values: pa.Array) -> pa.Array:
    try:
        return pc.cast(values, pa.large_string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # lists, or bytes that are no text
        return pa.array([None if value is None else repr(value) for value in values.to_pylist()], pa.large_string())


def _require(table: pa.Table, *names: str) -> None:
    for name in names:
        if name not in table.column_names:
            raise RowsError(f"expected rows with the column {name!r}, found {', '.join(table.column_names) or 'none'}")


def user_figures(task: Task, rows: Any) -> dict[str, Any]:
    """The figures of the users of a split; ``rows`` as for :func:`users_of`.

    Returns:
        ``{"number", "inferred", "samples_per_user"}``: number of users; whether they are inferred from the profiles,
        as in configs without ``user_id``; a summary as ``split_stats`` in ``loading`` makes them. Where users are
        named, also ``"inference"``, how the inference would do without the names, as numbers of users: ``"found"``,
        whose rows are exactly one inferred user; ``"split"``, whose rows are several inferred users; ``"merged"``, who
        share an inferred user with somebody. A user can be both.
    """
    inferred = UserFinder(named=False)
    named = UserFinder(named=True) if task.names_users else inferred
    for table in tables(rows):
        for finder in {named, inferred}:
            finder.add(table)
    samples = Counter(named.users())
    numbers = summary([np.array(list(samples.values()), np.int64)])
    found = {"number": len(samples), "inferred": not task.names_users, "samples_per_user": numbers}
    if task.names_users:
        pairs = set(zip(named.users(), inferred.users(), strict=True))
        parts, owners = Counter(user for user, _ in pairs), Counter(group for _, group in pairs)
        split = {user for user, number in parts.items() if number > 1}
        merged = {user for user, group in pairs if owners[group] > 1}
        whole = len(parts.keys() - split - merged)
        found["inference"] = {"found": whole, "split": len(split), "merged": len(merged)}
    return found
