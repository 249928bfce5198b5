"""Some users of a split: who is among them, by activity, by chance or by name, and which rows are theirs."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise
from pathlib import PurePath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from lamp_dataset.formats.lists import UserSubset, data_of, read_user_subset, subset_of
from lamp_dataset.formats.texts import counted
from lamp_dataset.personalize.row_forms import tables
from lamp_dataset.personalize.users.inference import UserFinder, by_name
from lamp_dataset.task import SPLITS
from lamp_dataset.tasks import TASKS


def select_users(rows: Any, ids: Iterable[str | int] | str | os.PathLike[str]) -> Any:
    """The rows of some users, in their order.

    A user is what :func:`lamp_dataset.users_of` gives: the row's ``user_id``, or where rows have none, the one inferred
    from the profiles. Inferred users depend on which rows there are: select from a whole split.

    Args:
        rows: rows of one split, as :func:`lamp_dataset.users_of` takes them.
        ids: ids of users, strings or whole numbers, such as another data set's column; or the path of a users file, as
            ``lamp-dataset users`` writes it, or with an id per line.

    Returns:
        The same kind of thing: a ``Dataset``, an ``IterableDataset`` (which is read once to find its users), an Arrow
        table, or for other iterables a list of the rows.

    Raises:
        ValueError: some of the users have no rows, unless a users file was made from another split of a time-based
            config; the file belongs to another config, or to another split of a user-based one; or it has another
            shape.
        OSError: the file cannot be read.

    >>> rows = [{"id": "1", "user_id": "a"}, {"id": "2", "user_id": "b"}, {"id": "3", "user_id": "a"}]
    >>> [row["id"] for row in select_users(rows, ["a"])]
    ['1', '3']
    """
    return _selected(rows, ids, "users")


def select_samples(rows: Any, ids: Iterable[str | int] | str | os.PathLike[str]) -> Any:
    """The rows of some samples, in their order; otherwise as :func:`select_users`.

    ``ids`` are those of samples, or the path of a samples file, which ``lamp-dataset leaks`` writes.

    Raises:
        ValueError: samples are not among the rows, or the file is of another config or split or has another shape.
        OSError: the file cannot be read.
    """
    return _selected(rows, ids, "samples")


def _selected(rows: Any, ids: Any, kind: str) -> Any:
    if not hasattr(rows, "column_names") and not isinstance(rows, (str, bytes, Mapping)) and hasattr(rows, "__iter__"):
        rows = list(rows)  # to be read twice
    positions, column, values = _found(rows, ids, kind)
    if isinstance(rows, list):
        return [rows[position] for position in positions]
    if isinstance(rows, pa.Table):
        return rows.take(positions)
    if hasattr(rows, "select"):
        return rows.select(positions)
    is_one = partial(_is_one_of, frozenset(values))  # not the positions: a stream may come in another order next time
    return rows.filter(is_one, input_columns=[column])


def _is_one_of(names: frozenset[str], name: Any) -> bool:  # unlike a lambda, it goes to the workers of a DataLoader
    return str(name) in names


def chosen_positions(rows: Any, users: Any = None, samples: Any = None) -> list[int]:
    """Positions of the rows of some users and among some samples; None: all. Errors as for :func:`select_users`."""
    given = (("users", users), ("samples", samples))
    found = [_found(rows, ids, kind)[0] for kind, ids in given if ids is not None]
    kept = sorted(set(range(len(rows))).intersection(*found))
    if not kept and found:
        raise ValueError("none of these samples is one of these users'")
    return kept


def _found(rows: Any, ids: Any, kind: str) -> tuple[list[int], str, Iterable[str]]:
    """Positions of the rows of these users or samples, and a column that distinguishes these rows by its values."""
    is_file = isinstance(ids, (str, os.PathLike))
    subset = read_user_subset(ids, kind) if is_file else subset_of(dict.fromkeys(ids), kind=kind)
    info, split = getattr(rows, "info", None), str(getattr(rows, "split", None))
    split = split if split in SPLITS and getattr(info, "dataset_name", None) == "lamp" else None
    if getattr(info, "dataset_name", None) == "lamp" and info.config_name in TASKS:
        subset.check_fits(TASKS[info.config_name], split)
    if kind == "samples" and "data" not in subset.recipe:
        ids = [str(name) for table in tables(rows, "id") for name in table["id"].to_pylist()]
        return subset.positions(ids, split), "id", subset.users
    finder, names, sizes = UserFinder(), [], []
    for table in tables(rows):
        finder.add(table)
        names += table["id"].to_pylist() if "id" in table.column_names else []
        sizes += profile_sizes(table) if "profile" in table.column_names else []
    users, splits = finder.users(), getattr(info, "splits", None) or {}
    if split not in splits or len(users) >= splits[split].num_examples:  # of a part, nothing is known
        whole = len(names) == len(sizes) == len(users)
        data = data_of(names, users, sizes) if whole else {"samples": len(users), "users": len(set(users))}
        subset.check_data(data, split)
    if kind == "samples":
        return subset.positions(list(map(str, names)), split), "id", subset.users
    positions = subset.positions(users, split)
    if finder.named:
        return positions, "user_id", subset.users
    return positions, "id", [names[position] for position in positions]  # which are unique where users are inferred


@dataclass(frozen=True)
class Users:
    """The users of some rows.

    Attributes:
        samples: user -> number of rows.
        profile: user -> number of items, in the largest of the user's profiles.
        data: numbers of samples and users, and a fingerprint of sample ids, users and profile sizes, which
            distinguishes versions of the data.
    """

    samples: Mapping[str, int]
    profile: Mapping[str, int]
    data: Mapping[str, Any]

    def recipe(self, config: str, split: str) -> dict[str, Any]:
        """How a recipe begins: what was chosen from."""
        return {"config": config, "split": split, "data": self.data}


def profile_sizes(table: pa.Table) -> list[int]:
    """The number of items in the profile of each row."""
    return pc.fill_null(pc.list_value_length(table["profile"]), 0).to_pylist()


def users_of_rows(rows: Any) -> Users:
    """The users of ``rows``, as :func:`lamp_dataset.users_of` gives them. Their order does not matter."""
    finder, ids, sizes = UserFinder(), [], []
    for table in tables(rows):
        finder.add(table)
        ids += table["id"].to_pylist()
        sizes += profile_sizes(table)
    users = finder.users()
    largest: Counter[str] = Counter()
    for user, size in zip(users, sizes, strict=True):
        largest[user] = max(largest[user], size)
    return Users(Counter(users), largest, data_of(ids, users, sizes))


def choose(
    users: Users,
    config: str,
    split: str,
    *,
    ids: UserSubset | None = None,
    others: UserSubset | None = None,
    cold_start: int | None = None,
    top: int | None = None,
    by: str = "profile",
    sample: int | None = None,
    seed: int = 0,
    strata: int = 1,
) -> UserSubset:
    """Some users of a split: of those that meet the first three conditions, all of them, the ``top`` or a ``sample``.

    Args:
        users, config, split: from which users.
        ids: only users among these.
        others: only users that are not among these.
        cold_start: only users with at most this many profile items.
        top: this many users, those with the most of ``by``; ties are broken by name: shorter ones first.
        by: ``"profile"`` or ``"samples"``.
        sample: this many at random, in the order of their names. A larger sample holds the smaller ones.
        seed: decides the sample, whatever the order of the rows.
        strata: users are split by the size of their profiles into so many groups of equal size, and each gives as many
            to the sample.

    Returns:
        The users, with the recipe that chose them.

    Raises:
        ValueError: this chooses nobody in particular or in two ways, ``ids`` or ``others`` has users that the split
            does not have, nobody is left, or fewer than ``top`` or ``sample``.
    """
    if top is not None and sample is not None:
        raise ValueError("expected one of top and sample, found both")
    if (ids, others, cold_start, top, sample) == (None,) * 5:
        raise ValueError("which users? Expected some of top, sample, ids, others, cold_start; found none")
    if strata != 1 and (strata < 1 or sample is None or sample % strata):
        raise ValueError(f"expected a sample with as many users of each of {strata} strata, found {sample}")
    left = set(users.samples)
    for subset in (ids, others):
        if subset is not None:
            subset.check_data(users.data, split)
    if ids is not None:
        ids.positions(list(users.samples), split)  # raises if it names others
        left &= set(ids.users)
    if others is not None:
        if others.recipe.get("split") in (None, split):
            others.positions(list(users.samples), split)
        left -= set(others.users)
    left = sorted((user for user in left if cold_start is None or users.profile[user] <= cold_start), key=by_name)
    wanted = top if sample is None else sample
    if len(left) < (wanted or 1):
        least = counted(wanted or 1, "users")
        raise ValueError(f"{config}, split {split!r}: expected at least {least}, found {len(left)}")
    if top is not None:
        left = sorted(left, key=lambda user: -getattr(users, by)[user])[:top]
    elif sample is not None:
        left.sort(key=users.profile.__getitem__)
        drawn = {user: hashlib.blake2b(f"{seed}\0{user}".encode()).digest() for user in left}
        bounds = pairwise(len(left) * part // strata for part in range(strata + 1))
        groups = (sorted(left[start:end], key=drawn.__getitem__)[: sample // strata] for start, end in bounds)
        left = sorted(chain.from_iterable(groups), key=by_name)
    recipe = users.recipe(config, split)
    for name, subset in (("ids", ids), ("others", others)):
        if subset is not None:
            fingerprint = xxhash.xxh3_128_hexdigest("\n".join(sorted(subset.users)).encode())
            recipe[name] = {"file": PurePath(subset.name).name, "users": len(subset.users), "fingerprint": fingerprint}
    recipe |= {} if cold_start is None else {"cold_start": cold_start}
    recipe |= {} if top is None else {"top": top, "by": by}
    recipe |= {} if sample is None else {"sample": sample, "seed": seed}
    recipe |= {} if strata == 1 else {"strata": strata}
    return UserSubset(tuple(left), recipe=recipe)
