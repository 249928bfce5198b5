import datasets
import numpy as np
import pyarrow as pa
import pytest
from made_users import odd_histories

import lamp_dataset
from lamp_dataset import TASKS
from lamp_dataset.personalize.row_forms import (
    BATCH,
    RowsError,
    as_dicts,
    batches,
    items_of,
    on_disk,
    schema_of,
    tables,
)

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


TASK = TASKS["LaMP_3_time"]
ITEM = {"id": "90", "date": "2013", "text": "good", "score": "5"}
ROW = {"id": "9", "user_id": "u", "input": "… review: bad", "output": "1", "profile": [ITEM]}
FORMS = {
    "dicts": lambda rows: rows,
    "generator": lambda rows: (row for row in rows),
    "table": pa.Table.from_pylist,
    "memory": datasets.Dataset.from_list,
    "stream": lambda rows: datasets.Dataset.from_list(rows).to_iterable_dataset(),
    "selection": lambda rows: datasets.Dataset.from_list([*rows, *rows]).select(range(len(rows), 2 * len(rows))),
    "formatted": lambda rows: datasets.Dataset.from_list(rows).with_format("numpy"),
}


@pytest.mark.parametrize("form", FORMS)
def test_numbers_become_texts_and_what_may_be_missing_is_none(form, tmp_path):
    numbers = {**ROW, "id": 7, "user_id": 7, "output": 1, "more": 0.5, "profile": [{**ITEM, "id": 90, "score": 5}]}
    bare = {"id": "6", "input": "x", "profile": None}
    for given, expected in [
        ([ROW, {**ROW, "id": "8", "profile": []}], [ROW, {**ROW, "id": "8", "profile": []}]),
        ([numbers], [{**ROW, "id": "7", "user_id": "7"}]),
        ([bare], [{**bare, "user_id": None, "output": None, "profile": []}]),
        ([{**ROW, "profile": [{"id": "1", "text": "a", "score": None}]}],
         [{**ROW, "profile": [{"id": "1", "date": None, "text": "a", "score": None}]}]),
    ]:  # fmt: skip
        assert on_disk(TASK, FORMS[form](given), tmp_path).to_list() == expected
        assert list(as_dicts(TASK, FORMS[form](given))) == expected


@pytest.mark.parametrize("name", TASKS)
def test_prepared_rows_are_read_where_they_are(name, tmp_path):
    rows = datasets.load_dataset("lamp", name, data_dir=lamp_dataset.SAMPLE, split="test")
    for given in (rows, rows.select([1, 0]), rows.with_format("numpy")):
        found = on_disk(TASKS[name], given, tmp_path)
        assert found.to_list() == given.with_format(None).to_list()
        assert found.format["type"] is None
    assert list(tmp_path.iterdir()) == []


def test_hundreds_of_rows_are_stored_in_their_order(tmp_path):
    task = TASKS["LaMP_4_time"]
    rows = odd_histories(task, users=100)
    first, second = on_disk(task, rows, tmp_path), on_disk(task, rows[:1], tmp_path)
    assert (first.to_list(), len(second)) == (list(as_dicts(task, rows)), 1)
    assert first.features.arrow_schema == schema_of(task)


@pytest.mark.parametrize("form", ["dicts", "table", "memory"])
@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"id": None}, "row 1: expected 'id', found None"),
        ({"input": None}, "row 1: expected 'input', found None"),
        ({"profile": [{"id": "1", "title": "x"}]}, "row 1, item 0: .*'text' of LaMP_3_time.*'title'"),
        ({"profile": [ITEM, None]}, "row 1: expected a list of dicts as profile, found None in it"),
        ({"profile": "x"}, "row 1: expected a list of dicts as profile, found 'x'"),
        ({"profile": {"id": ["1"], "text": ["a"]}}, "row 1: expected a list of dicts as profile, found {"),
    ],
)
def test_rows_of_another_shape_are_named(form, row, found, tmp_path):
    rows = [{**ROW, "profile": row["profile"] and None} if "profile" in row else ROW, {**ROW, **row}]
    with pytest.raises(ValueError, match=found):
        on_disk(TASK, FORMS[form](rows), tmp_path)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("x", "row 1: expected a dict, found 'x'"),
        ({"id": "1", "input": "x"}, "row 1: expected 'profile', found the keys id, input"),
        ({}, "row 1: expected 'id', found the keys none"),
        ({**ROW, "user_id": "\udc00"}, "row 1: 'user_id' .*surrogate"),
        ({**ROW, "profile": [ITEM, {**ITEM, "text": "half \ud83d"}]}, "row 1, item 1: 'text' .*surrogate"),
    ],
)
def test_dicts_that_cannot_be_stored_are_named(row, found, tmp_path):
    with pytest.raises(ValueError, match=found):
        on_disk(TASK, [ROW, row], tmp_path)


@pytest.mark.parametrize("rows", ["train", {"train": []}, 3, datasets.DatasetDict()])
def test_what_is_no_split_is_refused(rows, tmp_path):
    with pytest.raises(ValueError, match=type(rows).__name__):
        on_disk(TASK, rows, tmp_path)
