"""Which users of a split: the most active ones, those with short profiles, a random sample, all others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from lamp_dataset.formats.texts import counted, short
from lamp_dataset.formats.user_files import UserSubset
from lamp_dataset.personalize.users import tables, users_in


@dataclass(frozen=True)
class Activity:
    """How much there is of a user.

    Attributes:
        samples: number of rows.
        profile: number of items, in the largest of the user's profiles.
    """

    samples: int = 0
    profile: int = 0


#: What the most active users have most of.
MEASURES = ("profile", "samples")


@dataclass(frozen=True)
class Users:
    """The users of some rows.

    Attributes:
        activity: user -> how much there is.
        fingerprint: of sample ids, users and profile sizes; it tells one version of the data from another.
    """

    activity: Mapping[str, Activity]
    fingerprint: str

    @property
    def samples(self) -> int:
        """Number of rows."""
        return sum(activity.samples for activity in self.activity.values())


def users_of_rows(rows: Any) -> Users:
    """The users of ``rows``, which :func:`lamp_dataset.users_of` tells. Their order does not matter."""
    ids: list[str] = []
    sizes: list[int] = []
    users = users_in(_noting(tables(rows), ids, sizes))
    found: dict[str, Activity] = {}
    for user, size in zip(users, sizes, strict=True):
        old = found.get(user, Activity())
        found[user] = Activity(old.samples + 1, max(old.profile, size))
    lines = sorted(map(repr, zip(ids, users, sizes, strict=True)))
    return Users(MappingProxyType(found), xxhash.xxh3_128_hexdigest("\n".join(lines).encode()))


def _noting(parts: Iterator[pa.Table], ids: list[str], sizes: list[int]) -> Iterator[pa.Table]:
    for table in parts:
        ids += table["id"].to_pylist()
        sizes += pc.fill_null(pc.list_value_length(table["profile"]), 0).to_pylist()
        yield table


def by_name(user: str) -> tuple[int, str]:
    """Sorts users: shorter names first, so that numbers come in their order."""
    return len(user), user


@dataclass(frozen=True)
class Choice:
    """Which users: of those whom no condition (the first three) excludes all, ``top`` or ``sample``.

    Attributes:
        ids: only users among these.
        others: only users that are not among these.
        cold_start: only users with at most this many profile items.
        top: this many users, those with the most of ``by``; ties are broken by name, see :func:`by_name`.
        by: one of :data:`MEASURES`.
        sample: this many at random, in the order of their names.
        seed: decides the sample, whatever the order of the rows. A larger sample holds the smaller ones.
    """

    ids: UserSubset | None = None
    others: UserSubset | None = None
    cold_start: int | None = None
    top: int | None = None
    by: str = MEASURES[0]
    sample: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError if this chooses nobody in particular, or in two ways."""
        if self.top is not None and self.sample is not None:
            raise ValueError("expected one of top and sample, found both")
        if (self.ids, self.others, self.cold_start, self.top, self.sample) == (None,) * 5:
            raise ValueError("which users? Expected some of top, sample, ids, others, cold_start; found none")
        if self.by not in MEASURES:
            raise ValueError(f"expected one of {', '.join(MEASURES)}, found {short(self.by)}")

    def of(self, users: Users, config: str, split: str) -> UserSubset:
        """The chosen users of a split, with the recipe that chose them.

        Raises:
            ValueError: ``ids`` or ``others`` has users that the split does not have, nobody is left, or fewer than
                ``top`` or ``sample``.
        """
        left = sorted(self._left(users, split), key=by_name)
        wanted = self.top if self.sample is None else self.sample
        if len(left) < (wanted or 1):
            least = counted(wanted or 1, "users")
            raise ValueError(f"{config}, split {split!r}: expected at least {least}, found {len(left)}")
        if self.top is not None:
            left = sorted(left, key=lambda user: -getattr(users.activity[user], self.by))[: self.top]
        elif self.sample is not None:
            left = sorted(sorted(left, key=self._draw)[: self.sample], key=by_name)
        data = {"samples": users.samples, "users": len(users.activity), "fingerprint": users.fingerprint}
        return UserSubset(tuple(left), recipe={"config": config, "split": split, "data": data, **self._recipe()})

    def _left(self, users: Users, split: str) -> set[str]:
        """The users whom no condition excludes."""
        for subset in (self.ids, self.others):
            if subset is not None and (subset is self.ids or subset.recipe.get("split") in (None, split)):
                subset.positions(list(users.activity), split)  # says if it is of other users
        left = set(users.activity if self.ids is None else self.ids.users) & set(users.activity)
        left -= set(() if self.others is None else self.others.users)
        limit = self.cold_start
        return {user for user in left if limit is None or users.activity[user].profile <= limit}

    def _draw(self, user: str) -> bytes:
        return hashlib.blake2b(f"{self.seed}\0{user}".encode()).digest()

    def _recipe(self) -> dict[str, Any]:
        """What was asked for, as JSON."""
        names = ("cold_start", *(("top", "by") if self.top is not None else ()))
        names += ("sample", "seed") if self.sample is not None else ()
        found = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return {**{name: _told(getattr(self, name)) for name in ("ids", "others") if getattr(self, name)}, **found}


def _told(subset: UserSubset) -> dict[str, Any]:
    """A file of users, as the recipe names it: by its content."""
    fingerprint = xxhash.xxh3_128_hexdigest("\n".join(sorted(subset.users)).encode())
    return {"file": PurePath(subset.name).name, "users": len(subset.users), "fingerprint": fingerprint}
