import pyarrow as pa
import pytest

from lamp_dataset import TASKS
from lamp_dataset.personalize.history.declared import declared, declared_items, profile_type

TASK = TASKS["LaMP_3_time"]
ITEM = {"id": "90", "text": "good", "score": "5", "date": "2013"}
ROW = {"id": "9", "user_id": "u", "input": "… review: bad", "output": "1", "profile": [ITEM]}


def both(row):
    """A row as a dict and as Arrow."""
    return [row], pa.Table.from_pylist([row])


@pytest.mark.parametrize("form", [0, 1])
def test_numbers_become_texts_and_more_columns_go(form):
    item = {**ITEM, "id": 90, "score": 5, "date": 2013, "extra": [1]}
    table = declared(TASK, both({**ROW, "id": 9, "user_id": 7, "output": 1, "more": 0.5, "profile": [item]})[form], 0)
    assert table.to_pylist() == [{**ROW, "user_id": "7"}]
    assert table.schema.field("profile").type == profile_type(TASK)


@pytest.mark.parametrize("form", [0, 1])
@pytest.mark.parametrize("profile", [None, []])
def test_empty_profiles_and_withheld_golds(form, profile):
    row = {"id": "9", "input": "x", "profile": profile}
    (found,) = declared(TASK, both(row)[form], 0).to_pylist()
    assert {key: value for key, value in found.items() if value} == {"id": "9", "input": "x"}
    assert (found["output"], found["profile"]) == (None, [])


@pytest.mark.parametrize("form", [0, 1])
def test_a_missing_date_is_none_and_a_dict_of_lists_a_list_of_dicts(form):
    profile = {"id": ["90", "91"], "text": ["a", "b"], "score": ["1", None]}
    (found,) = declared(TASK, both({**ROW, "profile": profile})[form], 0).to_pylist()
    assert found["profile"] == [
        {"id": "90", "date": None, "text": "a", "score": "1"},
        {"id": "91", "date": None, "text": "b", "score": None},
    ]


def test_slices_and_nulls_keep_their_items():
    table = pa.Table.from_pylist([ROW, {**ROW, "id": "8", "profile": None}, {**ROW, "id": "7"}])
    assert declared(TASK, table.slice(1), 1).to_pylist() == [{**ROW, "id": "8", "profile": []}, {**ROW, "id": "7"}]


def test_dicts_may_spell_a_number_in_two_ways():
    rows = [ROW, {**ROW, "profile": [{**ITEM, "score": 5}, {**ITEM, "score": 5, "date": None}]}]
    assert declared(TASK, rows, 0)["profile"].to_pylist() == [[ITEM], [ITEM, {**ITEM, "date": None}]]


@pytest.mark.parametrize("form", [0, 1])
@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"id": None}, "row 6.*'id'"),
        ({"input": None}, "row 6.*'input'"),
        ({"profile": [{"id": "1", "title": "x"}]}, "'text' of LaMP_3_time.*'title'"),
        ({"profile": ["x"]}, "'x'"),
        ({"profile": "x"}, "'x'"),
        ({"profile": 5}, "5"),
        ({"profile": [None, ITEM]}, "None"),
    ],
)
def test_rows_of_another_shape_are_named(form, row, found):
    rows = [{**ROW, **row}] if form == 0 else pa.Table.from_pylist([{**ROW, **row}])
    with pytest.raises(ValueError, match=found):
        declared(TASK, rows, 6)


@pytest.mark.parametrize("name", ["id", "input", "profile"])
def test_a_missing_column_is_named(name):
    with pytest.raises(ValueError, match=f"{name!r}.*found"):
        declared(
            TASK,
            pa.table([[]], ["x"])
            if name == "id"
            else pa.table({"id": []} | ({"input": []} if name == "profile" else {})),
            0,
        )


@pytest.mark.parametrize("row", [None, "x", ["id"]])
def test_what_is_no_row_is_shown(row):
    with pytest.raises(ValueError, match="row 3: expected a dict"):
        declared(TASK, [row], 3)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"profile": {"id": ["1"], "text": ["a", "b"]}}, "row 3: .*equal length"),
        ({"profile": [{**ITEM, "text": "half \ud83d"}]}, "row 3: 'text' .*surrogate"),
        ({"user_id": "\udc00"}, "row 3: 'user_id' .*surrogate"),
    ],
)
def test_what_cannot_be_stored_is_named(more, found):
    with pytest.raises(ValueError, match=found):
        declared(TASK, [ROW, {**ROW, **more}], 2)


def test_a_row_without_a_profile_is_no_row_with_an_empty_one():
    with pytest.raises(ValueError, match="row 0: expected 'profile', found the keys id, input"):
        declared(TASK, [{"id": "1", "input": "x"}], 0)


def test_items_of_another_config_are_named():
    with pytest.raises(ValueError, match="row 4: .*'score'.*'id', 'text'"):
        declared_items(TASK, pa.array([{"id": "1", "text": "x"}]), "row 4")
