import re
import warnings

import pytest

import lamp_metric
from lamp_dataset.tasks import TASKS
from lamp_metric.measuring import measure
from lamp_metric.unusable import unusable_line

#: Config -> predictions, golds, the ids of those that cannot be used, and in how many of them an answer is found.
CASES = {
    "LaMP_2": (["Comedy.", "comedy", "", "no idea"], ["comedy"] * 4, ["0", "2", "3"], 1),
    "LaMP_3": (["4 stars", "nan", "9", "4.0"], ["4"] * 4, ["0", "1"], 1),
    "LaMP_4": (["", "...", "東京", "a"], ["a"] * 4, ["0", "1", "2"], 0),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_used_is_counted_with_an_example_and_a_remedy(name):
    predictions, golds, unusable, rescued = CASES[name]
    samples = measure(TASKS[name], predictions, golds)
    assert samples.unusable == [(place, predictions[int(place)]) for place in unusable]
    line = unusable_line(samples, "--extract_answers", "p.json")
    assert line.startswith(f"p.json: {len(unusable)} of 4 ")
    assert f"sample '0': {predictions[0]!r}" in line
    assert ("--extract_answers" in line) == bool(rescued)
    assert line.endswith(f" {rescued} of them") == bool(rescued)
    assert "\n" not in line


@pytest.mark.parametrize("name", CASES)
def test_what_is_found_by_extraction_can_be_used(name):
    predictions, golds, unusable, rescued = CASES[name]
    if TASKS[name].labels:
        samples = measure(TASKS[name], predictions, golds, extract_answers=True)
        assert len(samples.unusable) == len(unusable) - rescued
        assert "extract" not in unusable_line(samples, "--extract_answers")


def test_the_task_whose_labels_most_predictions_are_is_named():
    for predictions, said in ((["4", "5.0", "comedy"], True), (["4", "comedy", "comedy"], False)):
        line = unusable_line(measure(TASKS["LaMP_2"], predictions, ["comedy"] * 3), "x")
        assert ("LaMP_3" in line) == said


def test_nothing_is_said_if_all_can_be_used():
    assert unusable_line(measure(TASKS["LaMP_3"], ["9", 4], ["5", "4"]), "x") is None


def test_score_and_compare_warn_once_and_keep_their_keys():
    with pytest.warns(UserWarning, match="^2 of 2 .*'Comedy.'.*extract_answers=True.* 2 of them$") as caught:
        found = lamp_metric.score("LaMP_2", ["Comedy.", "Action."], ["comedy", "action"])
    assert found == {"accuracy": 0.0, "f1": 0.0}
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(UserWarning, match="^system B: 1 of 2") as caught:
        lamp_metric.compare("LaMP_2", ["comedy", "action"], ["Comedy.", "action"], ["comedy", "action"])
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lamp_metric.score("LaMP_2", ["Comedy."], ["comedy"], extract_answers=True)


def test_the_evaluate_module_warns_too():
    evaluate = pytest.importorskip("evaluate")
    metric = evaluate.load("lamp_metric", "LaMP_3")
    with pytest.warns(UserWarning, match=re.escape("1 of 2")) as caught:
        assert list(metric.compute(predictions=["4", "?"], references=["4", "5"])) == ["MAE", "RMSE"]
    assert len(caught) == 1
