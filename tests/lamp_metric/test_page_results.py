import csv
from pathlib import Path

import pytest

import lamp_metric
from lamp_dataset.tasks import TASKS
from lamp_metric.page_results import ALL_USABLE, FROM_THE_GOLDS, sample_files, score_files, try_the_sample


@pytest.mark.parametrize("name", [FROM_THE_GOLDS, *TASKS])
def test_every_config_has_a_sample(tmp_path, name):
    golds, predictions, shown = try_the_sample(name, 0.95, tmp_path)
    task = TASKS.get(name, TASKS["LaMP_4"])
    assert [row[0] for row in shown.table["data"]] == list(task.scores)
    assert shown.signature.startswith(f"task:{task.name}|n:")
    what, *usable = shown.notes.splitlines()
    assert task.name in what
    assert what.endswith(sample_files(task, tmp_path)[2])
    assert usable == [ALL_USABLE]
    assert Path(golds).parent == Path(predictions).parent == tmp_path / task.name


def test_predictions_that_cannot_be_used_are_counted(made):
    golds = made.write("g.json", "LaMP_2", {"1": "comedy", "2": "action"})
    preds = made.write("p.json", "LaMP_2", {"1": "Comedy.", "2": "action"})
    notes = score_files("LaMP_2", str(golds), str(preds)).notes
    assert all(fact in notes for fact in ("1 of 2", "'1'", "'Comedy.'"))


@pytest.fixture
def two(made):
    golds = made.write("g.json", "LaMP_3", {"1": "5", "2": "1", "3": "3"})
    a = made.write("a.json", "LaMP_3", {"1": "5", "2": "1", "3": "no idea"})
    b = made.write("b.json", "LaMP_3", {"1": "4", "2": "2", "3": "3"})
    return [str(path) for path in (golds, a, b)]


def test_two_files_are_compared_as_compare_does(two):
    golds, a, b = two
    shown = score_files("LaMP_3", golds, a, 0.9, b)
    expected = lamp_metric.compare(
        "LaMP_3", ["5", "1", "no idea"], ["4", "2", "3"], ["5", "1", "3"], confidence_level=0.9
    )
    rows = {key: cells for key, *cells in shown.table["data"]}
    for key, one in expected.items():
        numbers = (one["a"], one["b"], one["difference"], *one["difference_ci"], one["p_value"])
        better = one["better"].upper() if one["better"] else "equal"
        assert rows[key] == [*(f"{number:.4f}" for number in numbers), "lower", better]
    assert "confidence:0.9|resamples:10000" in shown.signature
    lines = shown.notes.splitlines()
    assert lines[:2] == ["A: a.json", "B: b.json"]
    assert "1 of 3" in lines[2]
    assert "few samples (3)" in lines[3]


def test_the_values_of_each_sample_are_in_a_file(two):
    golds, a, b = two
    with open(score_files("LaMP_3", golds, a).per_sample, newline="") as file:
        assert list(csv.reader(file)) == [
            ["id", "absolute_error", "squared_error"],
            ["1", "0.0", "0.0"],
            ["2", "0.0", "0.0"],
            ["3", "2.0", "4.0"],
        ]
    with open(score_files("LaMP_3", golds, a, other=b).per_sample, newline="") as file:
        head, first, *_ = csv.reader(file)
    assert head == ["id", "A absolute_error", "A squared_error", "B absolute_error", "B squared_error"]
    assert first == ["1", "0.0", "0.0", "1.0", "1.0"]


def test_a_missing_file_is_named(two):
    with pytest.raises(ValueError, match="golds"):
        score_files("LaMP_3", None, two[1])
    with pytest.raises(ValueError, match="predictions"):
        score_files("LaMP_3", two[0], "")
