"""What a training pair may see: the items of its user that become its profile."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.personalize.dates import day_of, last_of

#: Of an item without a date: nothing is earlier, and it is not earlier than anything.
UNDATED = (np.iinfo(np.int64).min, np.iinfo(np.int64).max)


class Window(NamedTuple):
    """Which items each item of a user sees: ``order[low:high]``, and never itself."""

    order: np.ndarray
    low: np.ndarray
    high: np.ndarray


def nothing(dates: np.ndarray, limit: int) -> Window:
    """No item sees another."""
    none = np.zeros(len(dates), np.int64)
    return Window(np.arange(len(dates)), none, none)


def earlier(dates: np.ndarray, limit: int) -> Window:
    """The last ``limit`` items that are certainly of an earlier date, oldest first; those of one date as stored."""
    order = np.argsort(dates[:, 1], kind="stable")
    high = np.searchsorted(dates[order, 1], dates[:, 0], "left")
    return Window(order, np.maximum(0, high - limit), high)


def others(dates: np.ndarray, limit: int) -> Window:
    """The ``limit`` other items that are stored nearest, in the stored order; of two equally near, the one before."""
    number = len(dates)
    limit = min(limit, number - 1)
    low = np.clip(np.arange(number) - (limit + 1) // 2, 0, number - 1 - limit)
    return Window(np.arange(number), low, low + limit + 1)


#: Name -> what gives the window, from the dates (first and last day of each item) and the limit.
VISIBLE: Mapping[str, Callable[[np.ndarray, int], Window]] = MappingProxyType(
    {"none": nothing, "earlier": earlier, "others": others}
)


def windows(visible: str, dates: np.ndarray, starts: np.ndarray, limit: int | None) -> Window:
    """The windows of several users, whose items stand one after the other.

    Args:
        visible: a name in :data:`VISIBLE`.
        dates: first and last day of each item.
        starts: where each user's items start, and where the last ones end.
        limit: how many items one sees at most; None for all.
    """
    if not len(dates):
        return Window(*[np.array([], np.int64)] * 3)
    limit = len(dates) if limit is None else min(limit, len(dates))
    own = [VISIBLE[visible](dates[start:end], limit) for start, end in itertools.pairwise(starts)]
    parts = [[start + array for array in window] for start, window in zip(starts, own, strict=False)]
    return Window(*(np.concatenate(arrays).astype(np.int64) for arrays in zip(*parts, strict=True)))


def seen(window: Window, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What some items see.

    Returns:
        How many items each sees, and which, one after the other.
    """
    low, sizes = window.low[items], window.high[items] - window.low[items]
    ends = np.cumsum(sizes)
    flat = np.arange(ends[-1] if len(ends) else 0) + np.repeat(low - (ends - sizes), sizes)
    found, whose = window.order[flat], np.repeat(np.arange(len(items)), sizes)
    others = found != items[whose]
    return np.bincount(whose[others], minlength=len(items)), found[others]


def days(dates: pa.Array, where: Callable[[int], str]) -> np.ndarray:
    """First and last day of each date, as numbers that compare; a date without a day or month is all of its days.

    Args:
        dates: as :func:`~lamp_dataset.personalize.dates.day_of` wants them.
        where: gives the name of the item at a position, for messages.

    Raises:
        ValueError: something else than such a date.
    """
    encoded = dates.dictionary_encode()
    which = pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy()
    found = []
    for number, date in enumerate(encoded.dictionary.to_pylist()):
        day = day_of(date, where(int(np.flatnonzero(which == number)[0])))
        found.append(UNDATED if day is None else (_number(day), _number(last_of(day))))
    return np.array([*found, UNDATED], np.int64)[which]


def _number(day: tuple[int, int, int]) -> int:
    year, month, number = day
    return (year * 100 + month) * 100 + number
