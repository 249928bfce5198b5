"""The dates of profile items: the one rule that retrieval by date and training pairs share."""

import datetime
import re
from functools import lru_cache

from lamp_dataset.formats.texts import short

#: Year, month and day; 0 for what a date does not give.
Day = tuple[int, int, int]

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?")


def day_of(date: object, where: str) -> Day | None:
    """The day of a date such as ``"2013"``, ``"2013-05"`` or ``"2013-5-29"``; None for None and ``""``.

    Args:
        date: the field ``date`` of a profile item.
        where: the place of the item, for messages.

    Raises:
        ValueError: anything else, and an impossible date.

    >>> day_of("2013-5-29", ""), day_of("2013", "")
    ((2013, 5, 29), (2013, 0, 0))
    """
    if date is None or date == "":
        return None
    try:
        return _day(str(date))
    except ValueError:
        raise ValueError(f"{where}: expected a date like 2013, 2013-05 or 2013-05-29, found {short(date)}") from None


def last_of(day: Day) -> Day:
    """The last day that a date can mean: for a year, its last.

    >>> last_of((2013, 5, 0))
    (2013, 5, 99)
    """
    year, month, number = day
    return year, month or 99, number or 99


@lru_cache(maxsize=100_000)
def _day(date: str) -> Day:
    found = _DATE.fullmatch(date)
    year, month, day = found.groups() if found else ("", None, None)
    datetime.date(int(year), int(month or 1), int(day or 1))
    return int(year), int(month or 0), int(day or 0)
