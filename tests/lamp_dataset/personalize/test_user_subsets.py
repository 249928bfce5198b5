import json

import datasets
import numpy as np
import pyarrow as pa
import pytest

import lamp_dataset
from lamp_dataset import select_users, users_of
from lamp_dataset.personalize.user_subsets import origin_of
from lamp_dataset.personalize.users import UsersError

ROWS = [
    {"id": "10", "user_id": "a", "input": "one"},
    {"id": "11", "user_id": "b", "input": "two"},
    {"id": "12", "user_id": "a", "input": "three"},
    {"id": "13", "user_id": "7", "input": "four"},
]
CHOSEN = [ROWS[0], ROWS[2], ROWS[3]]


def load(name="LaMP_3", split="validation", **options):
    return datasets.load_dataset("lamp", name, split=split, data_dir=lamp_dataset.SAMPLE, **options)


@pytest.mark.parametrize(
    "ids",
    [["a", 7], ("7", "a", "a"), {"a": 1, "7": 2}, iter(["a", "7"]), np.array(["a", "7"]), ["a", np.int64(7)]],
    ids=lambda ids: type(ids),
)
def test_rows_of_the_users_in_the_order_of_the_rows(ids):
    assert select_users(ROWS, ids) == CHOSEN


@pytest.mark.parametrize(
    ("given", "lists"),
    [
        (tuple(ROWS), list),
        (iter(ROWS), list),
        (pa.Table.from_pylist(ROWS), pa.Table.to_pylist),
        (datasets.Dataset.from_list(ROWS), datasets.Dataset.to_list),
        (datasets.Dataset.from_list(ROWS).to_iterable_dataset(), list),
        (datasets.Dataset.from_list(ROWS[::-1]).select([3, 2, 1, 0]), datasets.Dataset.to_list),
    ],
    ids=["tuple", "iterator", "table", "dataset", "stream", "indices"],
)
def test_the_result_is_of_the_kind_of_the_rows(given, lists):
    found = select_users(given, ["a", "7"])
    assert lists(found) == CHOSEN
    if not isinstance(given, (tuple, type(iter([])))):
        assert type(found) is type(given)


def test_a_shuffled_stream_keeps_the_right_rows():
    stream = datasets.Dataset.from_list(ROWS).to_iterable_dataset(num_shards=2).shuffle(seed=1, buffer_size=3)
    found = select_users(stream, ["a", "7"])
    for epoch in range(3):
        found.set_epoch(epoch)
        assert sorted(row["id"] for row in found) == ["10", "12", "13"]


def test_the_users_of_another_data_set():
    rows = datasets.Dataset.from_list(ROWS)
    assert select_users(rows, rows.select([0, 2, 3])["user_id"]).to_list() == CHOSEN


def test_a_file_of_users(tmp_path):
    path = tmp_path / "u.json"
    path.write_text(json.dumps({"users": ["a", "7"]}))
    assert select_users(ROWS, path) == select_users(ROWS, str(path)) == CHOSEN


@pytest.mark.parametrize("streaming", [False, True])
def test_users_are_inferred_where_rows_name_none(streaming):
    rows = load(streaming=streaming)
    assert [row["id"] for row in select_users(rows, ["210"])] == ["210", "211"]
    assert users_of(load()) == ["210", "210", "2110"]
    assert select_users(rows, ["210"]).features == rows.features


def test_unknown_users_are_refused_before_any_row_is_given():
    for rows in (ROWS, datasets.Dataset.from_list(ROWS).to_iterable_dataset()):
        with pytest.raises(ValueError, match=r"2 of its 3 users.*'x'.*3 users.*'a'"):
            select_users(rows, ["a", "x", "y"])


def test_the_origin_of_rows():
    assert origin_of(load()) == ("LaMP_3", "validation")
    assert origin_of(load(streaming=True)) == ("LaMP_3", "validation")
    assert origin_of(load(split="validation[:2]"))[0] == "LaMP_3"
    assert origin_of(datasets.Dataset.from_list(ROWS)) == origin_of(ROWS) == (None, None)


def test_a_file_of_another_config_or_split_is_refused(tmp_path):
    path = tmp_path / "u.json"
    for config, split in (("LaMP_3_time", "validation"), ("LaMP_3", "test")):
        path.write_text(json.dumps({"recipe": {"config": config, "split": split}, "users": ["210"]}))
        with pytest.raises(ValueError, match=r"u\.json.*LaMP_3"):
            select_users(load(), path)


def test_a_file_of_a_time_based_config_serves_all_splits(tmp_path):
    rows = {split: load("LaMP_3_time", split) for split in ("train", "test")}
    shared = set(rows["train"]["user_id"]) & set(rows["test"]["user_id"])
    path = tmp_path / "u.json"
    recipe = {"config": "LaMP_3_time", "split": "test"}
    path.write_text(json.dumps({"recipe": recipe, "users": [*sorted(shared), "nobody in train"]}))
    assert shared
    assert set(select_users(rows["train"], path)["user_id"]) == shared
    with pytest.raises(ValueError, match="'nobody in train'"):
        select_users(rows["test"], path)


@pytest.mark.parametrize("rows", [{"id": ["1"]}, "rows.json", 7, datasets.DatasetDict(), [{"text": "x"}], ["x"]])
def test_something_else_than_rows_is_refused(rows):
    with pytest.raises(UsersError):
        select_users(rows, ["a"])
