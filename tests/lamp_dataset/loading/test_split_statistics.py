import made_up
import pyarrow as pa
import pytest

from lamp_dataset.loading.rows import _words, split_stats
from lamp_dataset.tasks import TASKS

pytestmark = pytest.mark.oldest


def tables(task, made, golds, size=7):
    rows = made_up.expected(task, made, golds)
    schema = pa.schema(
        [("input", pa.string()), ("output", pa.string()), ("profile", pa.list_(pa.struct([("id", pa.string())])))]
    )
    columns = [{"input": r["input"], "output": r["output"], "profile": r["profile"]} for r in rows]
    return [pa.Table.from_pylist(columns[start : start + size], schema) for start in range(0, len(columns), size)]


@pytest.mark.parametrize("name", ["LaMP_3", "LaMP_4_time"])
def test_figures_equal_a_count_in_plain_python(name):
    task = TASKS[name]
    made = made_up.rows(task, 30)
    golds = made_up.golds(task, made)
    found = split_stats(tables(task, made, golds), task)
    expected = {
        "samples": 30,
        "input_words": made_up.summary([len(row["input"].split()) for row in made]),
        "output_words": made_up.summary([len(gold.split()) for gold in golds.values()]),
        "profile_size": made_up.summary([len(row["profile"]) for row in made]),
    }
    if task.labels:
        expected["labels"] = pytest.approx({label: list(golds.values()).count(label) / 30 for label in task.labels})
    assert found == expected


def test_withheld_golds_have_no_figures_and_other_golds_come_last():
    task = TASKS["LaMP_3"]
    found = split_stats(tables(task, made_up.rows(task, 5), None), task)
    assert found["output_words"] is None
    assert "labels" not in found
    assert split_stats([], task) == {"samples": 0, "input_words": None, "output_words": None, "profile_size": None}
    made = made_up.rows(task, 4)
    found = split_stats(
        tables(task, made, dict(zip([row["id"] for row in made], ["5", "x", "5", "1"], strict=True))), task
    )
    assert found["labels"] == {"1": 0.25, "2": 0, "3": 0, "4": 0, "5": 0.5, "x": 0.25}


def test_words_are_what_str_split_counts():
    texts = [*made_up.ODD, " \u3000 a\u2028b\xa0c ", "\x1c\x1d x \x85", "\ufeff y"]
    assert _words(pa.chunked_array([texts])).tolist() == [len(text.split()) for text in texts]
