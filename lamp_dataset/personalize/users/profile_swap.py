"""The control condition in which every sample gets somebody else's profile."""

import hashlib
import itertools
import math
from collections.abc import Sequence
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from lamp_dataset.formats.texts import is_whole, short
from lamp_dataset.loading.datasets_internals import fingerprint_of
from lamp_dataset.personalize.users.inference import rows_by_name, users_of
from lamp_dataset.personalize.users.neighbors import add_neighbor_items, similar_users


def swap_profiles(
    rows: datasets.Dataset, seed: int = 0, *, match_sizes: bool = False, by: str = "other", **options: Any
) -> datasets.Dataset:
    """The control condition: every row with the profile of another user.

    Users are arranged in a circle and each gets a profile of the next one: no user keeps any of their own profiles, and
    each user's profiles serve exactly one other. A model that gains as much from these profiles as from the right ones
    gains from having more text, not from the user's own history.

    With ``by="similar"``, each user gets the history of the most similar other user instead, as
    :func:`lamp_dataset.add_neighbor_items` gives it, without what any sample asks about and what both have. This is the
    strictest control: it separates this user from such a user.

    Args:
        rows: rows of one split, as :func:`users_of` takes them.
        seed: decides the circle; the same on every machine and for every order of the rows.
        match_sizes: whether partners are chosen so that their profiles are as similar in size as possible. The seed
            then only decides among profiles of equal size.
        by: ``"other"``, as the seed decides, or ``"similar"``.
        options: for ``"similar"``: ``task`` and ``exclude``, as for :func:`lamp_dataset.similar_users`; and ``only``,
            the positions of the rows to return, since the neighbors of others need not be looked for.

    Returns:
        The rows in their order, with ``profile`` replaced. The profiles are views of the memory-mapped rows, not
        copies, unless users are similar.

    Raises:
        ValueError: there are fewer than two users, ``rows`` is not a dataset with all its rows at hand, or an option
            does not go with ``by``.
    """
    if not isinstance(rows, datasets.Dataset):
        raise ValueError(f"expected a datasets.Dataset, found {type(rows).__name__}; Dataset.from_list makes one")
    if not is_whole(seed):
        raise ValueError(f"expected a whole number as seed, found {short(seed)}")
    if by not in ("other", "similar"):
        raise ValueError(f"expected 'other' or 'similar' as by, found {short(by)}")
    if options if by == "other" else (seed or match_sizes):
        raise ValueError("seed and match_sizes go with by='other', task and exclude with by='similar'")
    if by == "similar":
        only = options.pop("only", None)
        names = users_of(rows)
        whose = None if only is None else {names[place] for place in only}
        near = similar_users(rows, 1, users=whose, **options)
        return add_neighbor_items(rows, near, None, own=False, only=only)
    users, table = users_of(rows), rows.with_format("arrow")[:]
    partner = _partners(users, pc.list_value_length(table["profile"]).to_pylist(), seed, match_sizes)
    rows_of, donors = rows_by_name(users, table["id"].to_pylist()), [0] * len(table)
    for user, own in rows_of.items():  # a user's first row gets the partner's first
        for row, donor in zip(own, itertools.cycle(rows_of[partner[user]])):
            donors[row] = donor
    profiles = [chunk.slice(position, 1) for chunk in table["profile"].chunks for position in range(len(chunk))]
    swapped = pa.chunked_array([profiles[donor] for donor in donors], table["profile"].type)
    place = table.column_names.index("profile")
    return datasets.Dataset(
        table.set_column(place, table.schema.field("profile"), swapped),
        info=rows.info.copy(),
        split=rows.split,
        fingerprint=xxhash.xxh3_64_hexdigest(f"{fingerprint_of(rows)} {seed} {match_sizes}".encode()),
    )


def _partners(users: Sequence[str], numbers: Sequence[int | None], seed: int, match_sizes: bool) -> dict[str, str]:
    """User -> the other user whose profiles they get; ``numbers`` are those of the items of each row."""
    sizes: dict[str, int] = {}
    for user, number in zip(users, numbers, strict=True):
        sizes[user] = max(number or 0, sizes.get(user, 0))
    if len(sizes) < 2:
        raise ValueError(f"expected rows of at least two users, found {len(sizes)}: there is nobody to swap with")
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
