import numpy as np
import pyarrow as pa
import pytest

from lamp_dataset.personalize.history.pair_profiles import VISIBLE


def views(visible, dates, limit=10**9):
    """What each item of a user sees; another user's items are before and after."""
    size, years = len(dates), ["2012", "2011"]
    table = pa.table(
        {
            "user": [0, 0, *[1] * size, 2, 2],
            "id": [f"u/{n}" for n in range(-2, size + 2)],
            "item": pa.StructArray.from_arrays(
                [pa.array(map(str, range(-2, size + 2))), pa.array([*years, *dates, *years])], ["id", "date"]
            ),
        }
    )
    found = VISIBLE[visible](table, limit)
    return [(found.of(np.array([n]))[1] - 2).tolist() for n in range(2, size + 2)]


def test_what_is_no_date_is_shown_and_an_empty_one_is_none():
    with pytest.raises(ValueError, match="item 'u/2': expected a date like 2013, 2013-05 or 2013-05-29, found 'May'"):
        views("earlier", ["2013", None, "May", "May"])
    assert views("earlier", ["2012", "", "2013", ""]) == [[], [], [0], []]
    assert views("none", ["2012", "2013"]) == [[], []]


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
