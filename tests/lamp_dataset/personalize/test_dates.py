import re

import pytest

from lamp_dataset.personalize.dates import day_of, last_of


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("2013", (2013, 0, 0)),
        (2013, (2013, 0, 0)),
        ("2013-05", (2013, 5, 0)),
        ("2013-5", (2013, 5, 0)),
        ("2013-05-29", (2013, 5, 29)),
        ("2013-5-9", (2013, 5, 9)),
        ("2016-02-29", (2016, 2, 29)),
        ("", None),
        (None, None),
    ],
)
def test_a_date_has_a_year_and_perhaps_a_month_and_a_day(date, day):
    assert day_of(date, "item 0") == day


BAD = """2013-13-45 2013-13 2013-00 2013-02-29 2013-05-32 2013-05-0 20130529 2_0_1_6 2013- 2013-05-29-1 29-05-2013
-2013 +2013 0000 213 \u0662\u0660\u0661\u0663 2013/05 2013-05-29T10:00 May"""


@pytest.mark.parametrize("date", [*BAD.split(), " 2013", "2013\n", " "])
def test_all_else_is_refused_with_its_place(date):
    expected = f"sample '8', item 2: expected a date like 2013, 2013-05 or 2013-05-29, found {date!r}"
    with pytest.raises(ValueError, match=re.escape(expected)):
        day_of(date, "sample '8', item 2")


def test_a_date_without_month_or_day_may_mean_the_last_one():
    assert [last_of(day) for day in [(2013, 0, 0), (2013, 5, 0), (2013, 5, 29)]] == [
        (2013, 99, 99),
        (2013, 5, 99),
        (2013, 5, 29),
    ]
