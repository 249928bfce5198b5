import datasets
import numpy as np
import pytest

from lamp_dataset.personalize.row_forms import BATCH, RowsError, batches, items_of, tables

ROWS = [{"id": str(number), "profile": [{"id": "a", "text": f"{number}"}]} for number in range(BATCH + 44)]


@pytest.mark.parametrize("rows", [{"id": ["1"], "profile": [[]]}, None, 7, "rows.json", datasets.DatasetDict()])
def test_something_else_than_rows_is_refused(rows):
    with pytest.raises(RowsError, match=f"rows of one split, found {type(rows).__name__}"):
        list(batches(rows))


@pytest.mark.parametrize(
    ("row", "facts"),
    [
        ("text", "expected a dict with 'id' and 'profile', found str"),
        ({"text": "x"}, "expected 'user_id' or 'profile', found the keys text"),
        ({"id": "1", "profile": ["a"]}, "list of dicts as profile, found 'a'"),
    ],
)
def test_a_bad_row_is_named_by_its_place_among_all_rows(row, facts):
    with pytest.raises(RowsError, match=f"row 300: .*{facts}"):
        list(tables([*ROWS, row]))


@pytest.mark.parametrize("profile", ["text", ["a", "b"], [1], [None], 7, {"id": ["1"], "text": ["a"]}])
def test_a_profile_is_a_list_of_dicts(profile):
    with pytest.raises(RowsError, match="here: expected a list of dicts as profile"):
        items_of(profile, "here")


def test_the_items_of_a_profile_are_those_that_were_given():
    item = {"id": "1"}
    for profile in ([item], (item,), iter([item]), np.array([item], object)):
        assert items_of(profile, "here")[0] is item
    assert items_of(None, "here") == items_of([], "here") == []
