import numpy as np
import pyarrow as pa
import pytest

from lamp_dataset.personalize.history.visible import UNDATED, days, seen, windows


def where(position):
    return f"item {position}"


def views(visible, dates, limit=None, starts=None):
    """What each item sees."""
    found = days(pa.array(dates, pa.string()), where)
    window = windows(visible, found, np.array(starts or [0, len(dates)]), limit)
    sizes, which = seen(window, np.arange(len(dates)))
    return [part.tolist() for part in np.split(which, np.cumsum(sizes)[:-1])]


def test_a_date_is_all_of_its_days():
    found = days(pa.array(["2013", "2013-05", "2013-05-29", None, "2013", ""]), where)
    assert found.tolist() == [
        [20130000, 20139999],
        [20130500, 20130599],
        [20130529, 20130529],
        list(UNDATED),
        [20130000, 20139999],
        list(UNDATED),
    ]


@pytest.mark.parametrize("date", [" ", "May", "2013-13", "2013-05-32", "2013-05-29-1"])
def test_what_is_no_date_is_shown_with_its_item(date):
    with pytest.raises(ValueError, match="item 2: expected a date like 2013, 2013-05 or 2013-05-29") as error:
        days(pa.array(["2013", None, date, date]), where)
    assert repr(date) in str(error.value)


def test_earlier_items_are_those_of_certainly_earlier_dates():
    dates = ["2013-05-29", "2012", "2013", None, "2013-05-29", "2013-05-28", "2012-12-31", "2014"]
    assert views("earlier", dates) == [
        [6, 1, 5],  # 2013 may be later; the last day of 2012 is as late as 2012 may be
        [],
        [6, 1],
        [],
        [6, 1, 5],
        [6, 1],
        [],
        [6, 1, 5, 0, 4, 2],
    ]


def test_an_empty_date_is_none():
    assert views("earlier", ["2012", "", "2013", ""]) == [[], [], [0], []]


def test_the_nearest_earlier_items_are_kept_oldest_first():
    dates = [str(year) for year in range(2010, 2015)]
    assert views("earlier", dates[::-1], limit=2) == [[2, 1], [3, 2], [4, 3], [4], []]
    assert views("earlier", dates, limit=10**30) == views("earlier", dates)


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 4, 5, 6, 10**30, None])
@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_other_items_are_the_nearest_stored_ones(size, limit):
    for own, found in enumerate(views("others", ["2013"] * size, limit)):
        nearest = sorted((abs(n - own), n) for n in range(size) if n != own)
        assert found == sorted(n for _, n in nearest[:limit])


def test_nothing_is_visible_with_none():
    assert views("none", ["2012", "2013"]) == [[], []]


@pytest.mark.parametrize("visible", ["earlier", "others"])
def test_users_do_not_see_each_other(visible):
    dates = ["2010", "2011", "2012", "2010", "2013", "2012"]
    together = views(visible, dates, starts=[0, 3, 4, 6])
    alone = [
        [[start + n for n in seen] for seen in views(visible, dates[start:end])]
        for start, end in ((0, 3), (3, 4), (4, 6))
    ]
    assert together == [seen for user in alone for seen in user]


def test_no_items_are_no_window():
    window = windows("earlier", np.empty((0, 2), np.int64), np.array([0]), 16)
    sizes, which = seen(window, np.array([], np.int64))
    assert (len(sizes), len(which)) == (0, 0)
