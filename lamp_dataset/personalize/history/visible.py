"""What a training pair may see: the items of its user that become its profile, at most ``limit``; None for all."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from lamp_dataset.personalize.dates import day_of, last_of
from lamp_dataset.personalize.history.items import Item

#: The fields of some items.
Profile = Sequence[Mapping[str, str | None]]


def nothing(items: Sequence[Item], limit: int | None) -> Iterable[Profile]:
    """No item sees another."""
    return ((),) * len(items)


def earlier(items: Sequence[Item], limit: int | None) -> Iterator[Profile]:
    """The last items that are certainly of an earlier date, oldest first; those of one date as stored.

    A date without a day or month is all of its days. An item without a date sees nothing and is seen by none.
    """
    days = [day_of(item.fields["date"], item.place) for item in items]
    dated = sorted((last_of(day), n) for n, day in enumerate(days) if day)
    lasts, order = [last for last, _ in dated], [items[n].fields for _, n in dated]
    for day in days:
        end = bisect_left(lasts, day) if day else 0
        yield order[0 if limit is None else max(0, end - limit) : end]


def others(items: Sequence[Item], limit: int | None) -> Iterator[Profile]:
    """The other items that are stored nearest, in the stored order; of two equally near, the one before."""
    fields, last = [item.fields for item in items], len(items) - 1
    limit = last if limit is None else min(limit, last)
    for own in range(len(fields)):
        first = min(max(0, own - (limit + 1) // 2), last - limit)
        yield fields[first:own] + fields[own + 1 : first + limit + 1]


#: Name -> what each item of a user sees.
VISIBLE: Mapping[str, Callable[[Sequence[Item], int | None], Iterable[Profile]]] = MappingProxyType(
    {"none": nothing, "earlier": earlier, "others": others}
)
