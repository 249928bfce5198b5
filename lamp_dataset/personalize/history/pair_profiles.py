"""What a training pair may see: the items of its user that become its profile, at most ``limit``."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.dates import day_of, last_of

#: Above any number made of a date.
_ABOVE = 10**9


class Views(NamedTuple):
    """What each item sees: of ``order``, the numbers of items, those from ``first`` to before ``end``, but itself."""

    order: np.ndarray
    first: np.ndarray
    end: np.ndarray

    def of(self, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How many items each of some items sees, and the numbers of these, one after the other."""
        count = (self.end - self.first)[items]
        place = np.repeat(np.arange(len(items)), count)
        seen = self.order[np.arange(len(place)) + (self.first[items] - count.cumsum() + count)[place]]
        others = seen != items[place]
        return np.bincount(place[others], minlength=len(items)), seen[others]


def earlier(items: pa.Table, limit: int) -> Views:
    """The last items that are certainly of an earlier date, oldest first; those of one date as stored.

    A date without a day or month is all of its days. An item without a date sees nothing and is seen by none.
    """
    days, lasts = _days(items)
    user = items["user"].to_numpy() * _ABOVE
    dated = np.flatnonzero(days)
    order = dated[np.argsort((user + lasts)[dated], kind="stable")]
    begin, end = (np.searchsorted((user + lasts)[order], wanted) for wanted in (user, user + days))
    return Views(order, np.maximum(begin, end - limit), end)


def _days(items: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """The date of each item and the last day that it may mean, as numbers; 0 for none."""
    dates = pc.struct_field(items["item"].combine_chunks(), "date").dictionary_encode("encode")
    which = dates.indices.to_numpy()
    places = (f"item {short(items['id'][n].as_py())}" for n in np.unique(which, return_index=True)[1].tolist())
    days = list(map(day_of, dates.dictionary.to_pylist(), places))
    numbers = [(day, last_of(day)) if day else ((0, 0, 0), (0, 0, 0)) for day in days]
    first, last = (np.array(numbers, np.int64).reshape(-1, 2, 3) @ (10_000, 100, 1)).T
    return first[which], last[which]


def others(items: pa.Table, limit: int) -> Views:
    """The other items that are stored nearest, in the stored order; of two equally near, the one before."""
    own, user = np.arange(len(items)), items["user"].to_numpy()
    begin, end = (np.searchsorted(user, user, side) for side in ("left", "right"))
    count = np.minimum(limit, end - begin - 1)
    first = np.clip(own - (count + 1) // 2, begin, end - 1 - count)
    return Views(own, first, first + count + 1)


def stored_before(items: pa.Table, limit: int) -> Views:
    """The items stored last before each, for tasks whose profiles are stored by time."""
    own, user = np.arange(len(items)), items["user"].to_numpy()
    count = np.minimum(limit, own - np.searchsorted(user, user))
    return Views(own, own - count, own)


#: Name -> what each item of some users sees.
VISIBLE: Mapping[str, Callable[[pa.Table, int], Views]] = MappingProxyType(
    {"none": lambda items, limit: others(items, 0), "earlier": earlier, "others": others}
)
