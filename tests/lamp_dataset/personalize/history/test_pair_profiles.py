import pyarrow as pa
import pytest

from lamp_dataset.personalize.history.pair_profiles import VISIBLE


def views(visible, dates, limit=10**9):
    """What each item of a user sees; another user's items are before and after."""
    size, years = len(dates), ["2012", "2011"]
    table = pa.table(
        {
            "user": [0, 0, *[1] * size, 2, 2],
            "sample": ["8"] * (size + 4),
            "position": list(range(-2, size + 2)),
            "item": pa.array([{"date": date} for date in (*years, *dates, *years)], pa.struct({"date": pa.string()})),
        }
    )
    found = VISIBLE[visible](table, limit)
    return [(found.of(slice(n, n + 1)) - 2).tolist() for n in range(2, size + 2)]


def test_what_is_no_date_is_shown_with_its_item():
    with pytest.raises(
        ValueError, match="sample '8', item 2: expected a date like 2013, 2013-05 or 2013-05-29, found 'May'"
    ):
        views("earlier", ["2013", None, "May", "May"])


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
    assert views("earlier", dates, limit=2**31) == views("earlier", dates)


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 4, 5, 6, 2**31])
@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_other_items_are_the_nearest_stored_ones(size, limit):
    for own, found in enumerate(views("others", ["2013"] * size, limit)):
        nearest = sorted((abs(n - own), n) for n in range(size) if n != own)
        assert found == sorted(n for _, n in nearest[:limit])


def test_nothing_is_visible_with_none():
    assert views("none", ["2012", "2013"]) == [[], []]


@pytest.mark.parametrize("visible", VISIBLE)
@pytest.mark.parametrize("limit", [0, 16, 2**31])
def test_no_items_see_nothing(visible, limit):
    assert views(visible, [], limit) == []
