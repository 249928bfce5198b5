"""Whose each row is, and what each user wrote."""

import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from lamp_dataset.formats.texts import check_unique, short
from lamp_dataset.loading.rows import summary
from lamp_dataset.personalize.retrieval.samples import COLUMNS
from lamp_dataset.personalize.row_forms import KNOWN, RowsError, tables
from lamp_dataset.personalize.same_text import normal, questions
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

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


class Histories:
    """The histories of the users of ``rows``, each user's once, as in :class:`~lamp_dataset.History`.

    An item is left out if a sample of any user, in ``rows`` or ``exclude``, asks about its text or, in tasks that
    generate text, has its output as the gold; :func:`normal` says which texts are the same. Without a task, an item is
    left out if one of its texts occurs in an input or a gold. Its texts of one or two words are then ignored if it
    also has a longer one, since they may be labels.

    Attributes:
        users: the user of each row.
        rows_of: user -> numbers of the user's rows; users and rows in the order of their names.
        of: user -> the user's items in the stored order, with ``USER/ITEM`` as their ids, each with the text that
            retrieval searches.
        counts: user -> how many items there are and how many of them are left out, once they have been read.

    Raises:
        ValueError: these are not data sets with all their rows at hand, or the rows do not fit the task.
    """

    def __init__(self, rows: Any, task: str | Task | None, exclude: Sequence[Any] = (), guard: bool = True) -> None:
        """Read all but the profiles."""
        for some in (rows, *exclude):
            if not isinstance(some, datasets.Dataset):
                found = f"found {type(some).__name__}; Dataset.from_list makes one"
                raise ValueError(f"expected rows, and each split to exclude, as a datasets.Dataset, {found}")
        known, rows = None if task is None else get_task(task), rows.with_format(None)
        items = rows.features.arrow_schema.field("profile").type.value_type
        items = items if pa.types.is_struct(items) else ()  # no profile has any
        texts = [
            field.name for field in items if str(field.type).endswith("string") and field.name not in ("id", "date")
        ]
        if known and items and not set(known.profile_fields) <= set(texts):
            expected = f"expected items of {known.name} with {', '.join(known.profile_fields)}"
            raise ValueError(f"{expected}, found {', '.join(texts)}; rows of another config?")
        self._searched, self._key = (known.document_fields, known.pair.text) if known else (texts, None)
        self.users = users_of(rows)
        self.rows_of = rows_by_name(self.users, rows["id"][:])
        self._profiles = rows.select_columns("profile")
        asking = (row for some in (rows, *exclude) for row in some.with_format(None).remove_columns("profile"))
        self._is_leak = _guard(known, texts, asking) if guard else lambda item: False
        self.of, self.counts = lru_cache(maxsize=256)(self._read), {}

    def _read(self, user: str) -> list[tuple[dict[str, Any], str]]:
        found, times = {}, Counter()
        for item in (item for row in self.rows_of[user] for item in self._profiles[row]["profile"] or ()):
            text = " ".join(item[name] or "" for name in self._searched)
            if (key := ((item[self._key] or "") if self._key else text).strip() or text) not in found:
                name = f"{quote(user, safe='')}/{quote(str(item.get('id') or ''), safe='')}"
                times[name] += 1
                found[key] = {**item, "id": name if times[name] == 1 else f"{name}/{times[name]}"}, text
        kept = [one for one in found.values() if not self._is_leak(one[0])]
        self.counts[user] = len(found), len(found) - len(kept)
        return kept


def _guard(task: Task | None, texts: Sequence[str], rows: Iterable[dict[str, Any]]) -> Callable[[dict[str, Any]], bool]:
    """What says whether an item is a leak, see :class:`Histories`, given the names of its texts and all that ask."""
    if task:
        asked = {normal(text) for row in rows for _, text in questions(task, {"output": None, **row})} - {""}
        fields = {task.pair.text, task.pair.text if task.labels else task.pair.output}
        return lambda item: any(normal(item[name]) in asked for name in fields)
    holding = defaultdict(list)  # word -> the texts that hold it
    for asked in {normal(row.get(name)) for row in rows for name in ("input", "output")}:
        for word in set(asked.split()):
            holding[word].append(f" {asked} ")

    def occurs(text: str) -> bool:
        fewest = min((holding.get(word, []) for word in text.split()), key=len, default=[])
        return any(f" {text} " in asked for asked in fewest)

    def is_leak(item: dict[str, Any]) -> bool:
        longest, *others = sorted((normal(item[name]) for name in texts), key=len, reverse=True)
        return any(map(occurs, [longest, *(text for text in others if text.count(" ") > 1)]))

    return is_leak
