import re

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.reading import (
    NO_ID,
    as_list,
    as_text,
    check_batch,
    join_records,
    record_of,
    user_names,
    where,
)

TEXTS, LABELS = TASKS["LaMP_4"], TASKS["LaMP_1"]
ROWS = [{"id": "1", "output": "a b"}, {"id": "2", "output": "c"}]
COLUMNS = {"id": ["1", "2"], "output": ["a b", "c"]}


class Polars:
    """What a data frame of polars has: its rows come from to_dicts, and it iterates over its columns."""

    columns = ["id", "output"]

    def to_dicts(self):
        return list(ROWS)

    def __iter__(self):
        return iter(self.columns)


def test_values_in_messages_are_short_and_outputs_files_get_a_hint():
    assert where(["7", "8"], 1) == "sample '8'"
    assert where(None, 1) == "sample 1"
    with pytest.raises(ValueError, match="bytes") as caught:
        as_text(b"x" * 100_000, TEXTS, "there")
    assert len(str(caught.value)) < 200
    with pytest.raises(ValueError, match='side: .*"golds"'):
        as_list({"task": "LaMP_4", "golds": []}, "side")


@pytest.mark.parametrize(
    ("value", "task", "text"),
    [
        (" a\n", TEXTS, "a"),
        (4, LABELS, "4"),
        (4.5, None, "4.5"),
        (np.int64(4), LABELS, "4"),
        (np.float32(0.5), LABELS, "0.5"),
        (np.array("a "), TEXTS, "a"),
    ],
)
def test_texts_are_stripped_and_numbers_become_texts(value, task, text):
    assert as_text(value, task, "here") == text


@pytest.mark.parametrize("value", [None, True, ["a"], {"a": 1}, b"a", np.array(["a"])])
@pytest.mark.parametrize("task", [TEXTS, LABELS, None])
def test_other_values_are_named(value, task):
    with pytest.raises(ValueError, match=f"^there: .*{type(value).__name__.removesuffix('Type')}"):
        as_text(value, task, "there")


@pytest.mark.parametrize(
    "values",
    [
        ["a b", "c"],
        ("a b", "c"),
        iter(["a b", "c"]),
        (text for text in ("a b", "c")),
        np.array(["a b", "c"]),
        pd.Series(["a b", "c"]),
        pa.array(["a b", "c"]),
        pa.chunked_array([["a b"], ["c"]]),
        datasets.Dataset.from_dict(COLUMNS)["output"],
        {"a b": 1, "c": 2}.keys(),
    ],
    ids=lambda values: type(values).__name__,
)
def test_what_has_an_order_becomes_a_list(values):
    assert as_list(values, "side") == ["a b", "c"]


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(COLUMNS),
        pa.table(COLUMNS),
        pa.RecordBatch.from_pydict(COLUMNS),
        Polars(),
        datasets.Dataset.from_dict(COLUMNS),
    ],
    ids=lambda table: f"{type(table).__module__.split('.')[0]} {type(table).__name__}",
)
def test_a_table_with_id_and_output_is_records(table):
    assert as_list(table, "side") == ROWS
    batch = check_batch(table, table, TEXTS, None)
    assert (batch.records, batch.predictions, batch.references) == (True, ROWS, ROWS)


@pytest.mark.parametrize("columns", [["output"], ["id", "prediction"], ["id"]])
@pytest.mark.parametrize("table", [pd.DataFrame, pa.table], ids=["pandas", "arrow"])
def test_another_table_is_an_error(table, columns):
    with pytest.raises(ValueError, match="prediction 0: .*'id' and 'output'"):
        check_batch(table({column: ["a", "b"] for column in columns}), ["a", "b"], TEXTS, None)


@pytest.mark.parametrize("values", [None, "ab", b"ab", 3, {"a": 1}, {"a"}, frozenset("a"), np.array("a")])
def test_what_has_no_order_or_no_values_is_an_error(values):
    with pytest.raises(ValueError, match="^side: .*list"):
        as_list(values, "side")


@pytest.mark.parametrize(
    ("record", "facts"),
    [
        ("a", "'a'"),
        ({"output": "a"}, "'id'.*keys: 'output'"),
        ({"id": "1"}, "'output'.*keys: 'id'"),
        ({}, "'id'.*none"),
        ({"id": 1, "output": "a"}, "string.*'id'.* 1"),
        ({"id": "", "output": "a"}, "'id'.*empty"),
    ],
)
def test_records_of_another_shape_are_named(record, facts):
    with pytest.raises(ValueError, match=f"^gold 3: .*{facts}"):
        record_of(record, 3, "gold")


def test_a_batch_has_the_form_of_the_batches_before():
    batch = check_batch(["a"], [" b"], TEXTS, None)
    assert batch.predictions == [{"id": NO_ID, "output": "a"}]
    assert batch.references == [{"id": NO_ID, "output": "b"}]
    assert (batch.records, batch.number) == (False, None)
    assert "sample 7: " in check_batch([4], ["a"], None, None, offset=7).number
    assert check_batch([4], [4], LABELS, None).number is None
    with pytest.raises(ValueError, match="prediction 5: .*record"):
        check_batch(["a"], ["a"], TEXTS, True, offset=5)
    with pytest.raises(ValueError, match="prediction 5: .*string"):
        check_batch(ROWS, ROWS, TEXTS, False, offset=5)


def test_lists_of_other_length_name_the_record():
    with pytest.raises(ValueError, match="1 and 2.*'2'"):
        check_batch(ROWS[:1], ROWS, TEXTS, None)
    with pytest.raises(ValueError, match="3 and 2.*duplicate.*'1'"):
        check_batch([*ROWS, ROWS[0]], ROWS, TEXTS, None)
    with pytest.raises(ValueError, match="1 and 2$"):
        check_batch(["a"], ["a", "b"], TEXTS, None)
    with pytest.raises(ValueError, match="prediction of sample 0: .*LaMP_4.*int 4"):
        check_batch([4], ["a"], TEXTS, None)


def test_records_are_joined_by_id_and_strings_by_position():
    assert join_records(ROWS[::-1], ROWS) == (["1", "2"], ["a b", "c"], ["a b", "c"])
    bare = [{"id": NO_ID, "output": text} for text in "ab"]
    assert join_records(bare, bare[::-1]) == (None, ["a", "b"], ["b", "a"])
    with pytest.raises(ValueError, match="2 strings among records"):
        join_records([*ROWS, *bare], [*ROWS, *bare])


def test_strings_and_whole_numbers_are_users_one_for_each_sample():
    assert user_names(["a", "b", "a"], 3) == ["a", "b", "a"]
    assert user_names((7, np.int64(8)), 2) == ["7", "8"]
    assert user_names(iter("ab"), 2) == ["a", "b"]
    assert user_names(pd.Series(["a", "b"]), 2) == ["a", "b"]
    for users in (["a", "b"] * 3, ["a"]):
        with pytest.raises(ValueError, match=f"users.* 3 .*{len(users)}"):
            user_names(users, 3)
    with pytest.raises(ValueError, match="two users.*'a'"):
        user_names(["a", "a"], 2)


@pytest.mark.parametrize("user", [None, float("nan"), "", 1.5, True, ["a"], {"id": "1"}])
def test_a_sample_without_a_user_is_named(user):
    with pytest.raises(ValueError, match=f"sample 1.*{re.escape(repr(user))}"):
        user_names(["a", user])
    with pytest.raises(ValueError, match="sample 'y'"):
        user_names(["a", user], 2, ["x", "y"])
