import warnings

import pandas as pd
import pyarrow as pa
import pytest

import lamp_metric
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.reading import join
from lamp_metric.predictions.scored_samples import measure, measure_joined, remarks


def test_statistics_and_scores_of_all_samples():
    samples = measure(TASKS["LaMP_3"], ["4", "?"], ["5", "2"], ["20", "21"])
    assert samples.statistics == {"absolute_error": [1.0, 3.0], "squared_error": [1.0, 9.0]}
    assert samples.scores == {"MAE": 2.0, "RMSE": 5**0.5}
    assert (samples.n, samples.scorer.sign("MAE")) == (2, -1)
    assert samples.per_sample()["21"] == {"absolute_error": 3.0, "squared_error": 9.0}
    samples = measure(TASKS["LaMP_1"], ["[1]"], ["[2]"])
    assert samples.statistics["predicted + actual [2]"] == [1.0]
    assert samples.per_sample() == {"0": {"correct": 0.0}}


def test_joined_files_are_scored_in_the_order_of_the_golds():
    golds = Outputs("LaMP_3", {"1": "1", "2": "5"}, "g.json")
    joined = join(golds, Outputs("LaMP_3", {"2": "5", "1": "2"}, "p.json"))
    assert measure_joined(joined).statistics["absolute_error"] == [1.0, 0.0]
    wrong = join(golds, Outputs("LaMP_3", {"2": None, "1": "2"}, "p.json"))
    with pytest.raises(ValueError, match=r"p\.json: prediction of sample '2': .*None"):
        measure_joined(wrong)
    assert measure_joined(joined).n_users is None
    predictions = Outputs("LaMP_3", {"2": "5", "1": "2"}, "p.json")
    samples = measure_joined(join(golds, predictions, users={"2": "b", "1": "a", "3": "c"}))
    assert (samples.users, samples.n_users) == (["a", "b"], 2)


def test_records_and_tables_are_joined_by_id_in_any_order():
    golds = [{"id": "1", "output": "a b"}, {"id": "2", "output": "c"}]
    for form in (list, pd.DataFrame, pa.Table.from_pylist):
        samples = measure(TASKS["LaMP_4"], form(golds[::-1]), form(golds))
        assert (samples.ids, samples.statistics["rouge-1"]) == (["1", "2"], [1.0, 1.0])
    with pytest.raises(ValueError, match="prediction 0: .*record.*'a'"):
        measure(TASKS["LaMP_4"], ["a", "b"], golds)


@pytest.mark.parametrize(
    ("task", "predictions", "references", "ids", "facts"),
    [
        ("LaMP_4", ["a", "b"], ["a", "b"], ["1", "1"], "ids.*'1'"),
        ("LaMP_1", ["[1]"], ["x" * 100_000], None, "^.{,300}$"),
        ("LaMP_4", ["a"], ["a"], ["1", "2"], "ids.* 2 and 1"),
        ("LaMP_4", [], [], None, "nothing"),
        ("LaMP_2", ["4"], ["4"], None, r"reference of sample 0: '4'.*LaMP_2.*LaMP_3"),
        ("LaMP_1", ["[1]"], ["[3]"], ["9"], r"reference of sample '9': '\[3\]'.*LaMP_1.*\[1\], \[2\]"),
        ("LaMP_6", ["a"], ["147-000874-EM.txt"], None, "reference of sample 0: '147-000874-EM.txt'.*avocado-builder"),
    ],
)
def test_what_cannot_be_scored_is_named(task, predictions, references, ids, facts):
    with pytest.raises(ValueError, match=facts):
        measure(TASKS[task], predictions, references, ids)


#: Config -> predictions, golds, the ids of those that cannot be used, and in how many of them an answer is found.
CASES = {
    "LaMP_2": (["Comedy.", "comedy", "", "no idea"], ["comedy"] * 4, ["0", "2", "3"], 1),
    "LaMP_3": (["4 stars", "nan", "9", "4.0"], ["4"] * 4, ["0", "1"], 1),
    "LaMP_4": (["", "...", "東京", "a"], ["a"] * 4, ["0", "1", "2"], 0),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_used_is_counted_with_an_example_and_a_remedy(name):
    predictions, golds, unusable, rescued = CASES[name]
    samples = measure(TASKS[name], predictions, golds, sides=("p.json: prediction", "reference"))
    assert samples.unusable == [(place, predictions[int(place)]) for place in unusable]
    (line,) = remarks([samples], "--extract_answers")
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
        assert "extract" not in remarks([samples], "--extract_answers")[0]


def test_the_task_whose_labels_most_predictions_are_is_named():
    for predictions, said in ((["4", "5.0", "comedy"], True), (["4", "comedy", "comedy"], False)):
        (line,) = remarks([measure(TASKS["LaMP_2"], predictions, ["comedy"] * 3)], "x")
        assert ("LaMP_3" in line) == said
    assert remarks([measure(TASKS["LaMP_3"], ["9", 4], ["5", "4"])], "x") == []
    assert remarks([measure(TASKS["LaMP_4"], ["a title", "tea"], ["", "tea"])], "x") == [
        "1 of 2 golds cannot be used: are golds and predictions swapped?"
    ]


def test_wrapped_texts_are_counted_by_kind_and_scored_without_on_demand():
    said = ["Title: Rain", "Title: **Snow**", "Review: The Wire", '"Hail"', "<think>Let me see", "...</think>Fog"]
    golds = ["Rain", "Snow", "Review: The Wire", "Hail", "Let me see", "Fog"]
    line = (
        "p.json: 5 of 6 answers look wrapped (label 2, quotes 1, reasoning that never ends 1, reasoning 1), such as "
        "sample '0': 'Title: Rain'; extract_answers=True takes that off"
    )
    plain = measure(TASKS["LaMP_4"], said, golds, sides=("p.json: prediction", "reference"))
    assert remarks([plain], "extract_answers=True") == [line]
    assert plain.statistics["rouge-1"] == [2 / 3, 2 / 3, 1, 1, 6 / 7, 2 / 3]
    bare = measure(TASKS["LaMP_4"], said, golds, extract_answers=True)
    assert bare.statistics["rouge-1"] == [1, 1, 1, 1, 0, 1]
    (line,) = remarks([bare], "x")
    assert "sample '4': '<think>Let me see'; reasoning that never ends (no </think>): 1" in line
    assert remarks([measure(TASKS["LaMP_2"], ["Title: comedy"], ["comedy"])], "x")[0].endswith("in 1 of them")


def test_score_and_compare_warn_once_and_keep_their_keys():
    with pytest.warns(UserWarning, match="^2 of 2 .*'Comedy.'.*extract_answers=True.* 2 of them$") as caught:
        found = lamp_metric.score("LaMP_2", ["Comedy.", "Action."], ["comedy", "action"])
    assert found == {"accuracy": 0.0, "f1": 0.0}
    assert [warning.filename for warning in caught] == [__file__]
    systems = {"none": ["comedy", "action"], "own": ["Comedy.", "action"]}
    with pytest.warns(UserWarning, match="^system 'own': 1 of 2") as caught:
        lamp_metric.compare(systems, task="LaMP_2", references=["comedy", "action"])
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lamp_metric.score("LaMP_2", ["Comedy."], ["comedy"], extract_answers=True)
