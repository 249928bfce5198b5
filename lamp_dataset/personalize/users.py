"""Who owns which sample, and the control in which every sample gets somebody else's profile.

The time-based files name the user of each row. The user-based files do not, yet one user owns several samples there,
and their profiles are leave-one-out copies of each other. :func:`users_of` infers the groups from that.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

if TYPE_CHECKING:
    import datasets

#: Rows at a time.
BATCH = 256
#: Keys of a profile item that say nothing about whose it is: ids number the items of one sample.
_NOT_CONTENT = ("id", "date")
#: Profiles of fewer distinct items are never grouped: that two people share one item of two proves little.
MIN_ITEMS = 3


def users_of(rows: Any) -> list[str]:
    """The user of each row.

    Rows with a ``user_id`` keep it. Without one, two rows belong to the same user if each profile lacks at most one of
    the other's items, compared by content; so do rows that are connected through others. The user's name is then the
    smallest of the user's sample ids, whatever the order of the rows. A profile of fewer than three distinct items
    says too little: its row is a user of its own.

    The inference can split a user whose samples share little of their history. It merges two people only if their
    histories are the same but for one item.

    Args:
        rows: rows of one split: a ``datasets.Dataset`` or ``IterableDataset``, an Arrow table, or an iterable of dicts,
            with ``user_id`` or with ``id`` and ``profile``.

    Returns:
        One non-empty string per row.

    Raises:
        ValueError: a row lacks these columns, a ``user_id`` is empty, or only some rows have one.

    >>> a, b, c, d = ({"id": i, "text": t} for i, t in [("70", "rain"), ("71", "tea"), ("72", "late"), ("73", "fog")])
    >>> users_of([{"id": "8", "profile": [a, b, c]}, {"id": "7", "profile": [b, c, d]}, {"id": "9", "profile": []}])
    ['7', '7', '9']
    """
    tables = _tables(rows)
    first = next(tables, None)
    if first is None:
        return []
    named = "user_id" in first.column_names and first["user_id"].null_count < len(first)
    found = _named if named else _inferred
    return found(itertools.chain([first], tables))


def _named(tables: Iterable[pa.Table]) -> list[str]:
    users: list[str] = []
    for table in tables:
        _require(table, ("user_id",))
        users += [None if user is None else str(user) for user in table["user_id"].to_pylist()]
    empty = [position for position, user in enumerate(users) if not user]
    if empty:
        raise ValueError(f"row {empty[0]}: expected a non-empty 'user_id', as in other rows, found {users[empty[0]]!r}")
    return users


def _inferred(tables: Iterable[pa.Table]) -> list[str]:
    ids: list[str] = []
    profiles: list[np.ndarray] = []
    for table in tables:
        _require(table, ("id", "profile"))
        ids += table["id"].to_pylist()
        profiles += _item_hashes(table["profile"])
    if not all(isinstance(sample_id, str) and sample_id for sample_id in ids):
        wrong = next(i for i, sample_id in enumerate(ids) if not isinstance(sample_id, str) or not sample_id)
        raise ValueError(f"row {wrong}: expected a non-empty string as 'id', found {ids[wrong]!r}")
    groups = _group(profiles)
    smallest: dict[int, str] = {}
    for group, sample_id in zip(groups, ids, strict=True):
        # Ids are unpadded numbers: by length first, they sort as numbers do.
        smallest[group] = min(sample_id, smallest.get(group, sample_id), key=lambda name: (len(name), name))
    return [smallest[group] for group in groups]


def _group(profiles: Sequence[np.ndarray]) -> list[int]:
    """The number of each profile's group, from the sorted distinct hashes of its items.

    Two profiles lack at most one item of each other if and only if they become equal when each drops at most one item.
    So each profile gets a key for itself and one for itself without each of its items, and equal keys connect. A key is
    the sum of the hashes, modulo 2**64: among millions of keys a chance collision has a probability below 1e-6.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    keys, owners = [], []
    for position, hashes in enumerate(profiles):
        if len(hashes) >= MIN_ITEMS:
            total = hashes.sum(dtype=np.uint64)
            keys += [np.array([total], np.uint64), total - hashes]
            owners.append(np.full(len(hashes) + 1, position, np.int32))
    size = len(profiles)
    if not keys:
        return list(range(size))
    key, owner = np.concatenate(keys), np.concatenate(owners)
    order = np.argsort(key, kind="stable")
    key, owner = key[order], owner[order]
    equal = key[1:] == key[:-1]
    left, right = owner[:-1][equal], owner[1:][equal]
    edges = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    return connected_components(edges, directed=False)[1].tolist()


def _item_hashes(profiles: pa.ChunkedArray) -> Iterator[np.ndarray]:
    """For each profile the distinct hashes of its items' contents, sorted."""
    for chunk in profiles.chunks:
        items = chunk.flatten() if pa.types.is_nested(chunk.type) else pa.array([])
        if len(items) and not pa.types.is_struct(items.type):
            raise ValueError(f"expected a list of dicts as 'profile', found {items[0].as_py()!r:.60} in one")
        names = [field.name for field in items.type if field.name not in _NOT_CONTENT] if len(items) else []
        texts = zip(*(items.field(name).to_pylist() for name in sorted(names)), strict=True)
        digest = xxhash.xxh3_64_intdigest
        found = (digest(repr(text).encode("utf-8", "surrogatepass")) for text in texts)
        hashes = np.fromiter(found, np.uint64, len(items))
        sizes = pc.fill_null(pc.list_value_length(chunk), 0).to_numpy(zero_copy_only=False)
        yield from map(np.unique, np.split(hashes, np.cumsum(sizes)[:-1]))


def swap_profiles(rows: datasets.Dataset, seed: int = 0, *, match_sizes: bool = False) -> datasets.Dataset:
    """The control condition: every row with the profile of another user.

    Users are arranged in a circle and each gets a profile of the next one: no user keeps any of their own profiles, and
    each user's profiles serve exactly one other. A model that gains as much from these profiles as from the right ones
    gains from having more text, not from the user's own history.

    Args:
        rows: rows of one split, as :func:`users_of` takes them.
        seed: decides the circle; the same on every machine and for every order of the rows.
        match_sizes: whether partners are chosen so that their profiles are as similar in size as possible. The seed
            then only decides among profiles of equal size.

    Returns:
        The rows in their order, with ``profile`` replaced. The profiles are views of the memory-mapped rows, not
        copies.

    Raises:
        ValueError: fewer than two users.
    """
    import datasets

    tables = list(_tables(rows))
    users = users_of(rows)
    partner = _partners(users, tables, seed, match_sizes)
    table = pa.concat_tables(tables)
    donors = _donors(users, partner, table["id"].to_pylist())
    profiles = [chunk.slice(position, 1) for chunk in table["profile"].chunks for position in range(len(chunk))]
    swapped = pa.chunked_array([profiles[donor] for donor in donors], table["profile"].type)
    place = table.column_names.index("profile")
    return datasets.Dataset(
        table.set_column(place, table.schema.field("profile"), swapped),
        info=rows.info.copy(),
        split=rows.split,
        fingerprint=xxhash.xxh3_64_hexdigest(f"{rows._fingerprint} {seed} {match_sizes}".encode()),
    )


def _partners(users: Sequence[str], tables: Sequence[pa.Table], seed: int, match_sizes: bool) -> dict[str, str]:
    """User -> the other user whose profiles they get."""
    sizes: dict[str, int] = {}
    found = (size or 0 for table in tables for size in pc.list_value_length(table["profile"]).to_pylist())
    for user, size in zip(users, found, strict=True):
        sizes[user] = max(size, sizes.get(user, 0))
    if len(sizes) < 2:
        raise ValueError(f"expected rows of two users or more, found {len(sizes)}: there is nobody to swap with")
    order = sorted(sizes, key=lambda user: hashlib.blake2b(f"{seed}\0{user}".encode()).digest())
    if not match_sizes:
        return dict(zip(order, [*order[1:], order[0]], strict=True))
    order.sort(key=sizes.__getitem__)
    partner = {}
    for circle in _circles([sizes[user] for user in order]):
        members = [order[position] for position in circle]
        partner |= zip(members, [*members[1:], members[0]], strict=True)
    return partner


def _circles(sizes: Sequence[int]) -> list[range]:
    """Neighbors in sorted sizes as circles of two or three, with the least sum of size differences.

    A circle of two or three costs twice its range, and longer circles never cost less than these.
    """
    best: list[tuple[float, int]] = [(0, 0), (math.inf, 0)]  # for the first n: cost, length of the last circle
    for n in range(2, len(sizes) + 1):
        ways = [(best[n - k][0] + 2 * (sizes[n - 1] - sizes[n - k]), k) for k in (2, 3) if n >= k]
        best.append(min(ways))
    circles, end = [], len(sizes)
    while end:
        circles.append(range(end - best[end][1], end))
        end -= best[end][1]
    return circles[::-1]


def _donors(users: Sequence[str], partner: Mapping[str, str], ids: Sequence[str]) -> list[int]:
    """For each row the row whose profile it gets: a user's first row gets the partner's first, by sample id."""
    rows_of: dict[str, list[int]] = {}
    for position in sorted(range(len(ids)), key=lambda row: (len(ids[row]), ids[row])):
        rows_of.setdefault(users[position], []).append(position)
    donors = [0] * len(ids)
    for user, positions in rows_of.items():
        for position, donor in zip(positions, itertools.cycle(rows_of[partner[user]])):
            donors[position] = donor
    return donors


def _tables(rows: Any) -> Iterator[pa.Table]:
    """The rows as Arrow tables of up to :data:`BATCH` rows, without copying what is Arrow already."""
    if isinstance(rows, pa.Table):
        yield from (rows.slice(start, BATCH) for start in range(0, len(rows), BATCH))
    elif hasattr(rows, "with_format"):  # a data set, in memory, mapped or streamed
        yield from rows.with_format("arrow").iter(BATCH)
    else:
        given = iter(rows)
        while batch := list(itertools.islice(given, BATCH)):
            yield pa.Table.from_pylist([_needed(row, position) for position, row in enumerate(batch)])


def _needed(row: Any, position: int) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise ValueError(f"row {position}: expected a dict with 'id' and 'profile', found {type(row).__name__}")
    if row.get("user_id") is None and "profile" not in row:
        raise ValueError(f"row {position}: expected 'user_id' or 'profile', found the keys {', '.join(row) or 'none'}")
    return {name: row.get(name) for name in ("id", "user_id", "profile")}


def _require(table: pa.Table, names: Sequence[str]) -> None:
    for name in names:
        if name not in table.column_names:
            raise ValueError(f"expected rows with the column {name!r}, found {', '.join(table.column_names) or 'none'}")
