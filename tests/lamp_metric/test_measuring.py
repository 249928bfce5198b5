import pandas as pd
import pyarrow as pa
import pytest

from lamp_dataset.formats.ids import DuplicateIdError
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.tasks import TASKS
from lamp_metric.measuring import measure, measure_joined
from lamp_metric.predictions.joining import join


def test_statistics_and_scores_of_all_samples():
    samples = measure(TASKS["LaMP_3"], ["4", "?"], ["5", "2"], ["20", "21"])
    assert samples.statistics == {"absolute_error": [1.0, 3.0], "squared_error": [1.0, 9.0]}
    assert samples.scores == {"MAE": 2.0, "RMSE": 5**0.5}
    assert (samples.n, samples.scorer.higher_is_better) == (2, False)
    assert samples.per_sample()["21"] == {"absolute_error": 3.0, "squared_error": 9.0}


def test_only_what_makes_sense_for_a_sample_is_shown():
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


def test_records_and_tables_are_joined_by_id_in_any_order():
    golds = [{"id": "1", "output": "a b"}, {"id": "2", "output": "c"}]
    for form in (list, pd.DataFrame, pa.Table.from_pylist):
        samples = measure(TASKS["LaMP_4"], form(golds[::-1]), form(golds))
        assert (samples.ids, samples.statistics["rouge-1"]) == (["1", "2"], [1.0, 1.0])
    with pytest.raises(ValueError, match="prediction 0: .*record.*'a'"):
        measure(TASKS["LaMP_4"], ["a", "b"], golds)
    with pytest.raises(ValueError, match="prediction of sample 0: .*dict"):
        measure(TASKS["LaMP_4"], golds, ["a", "b"])
    with pytest.raises(ValueError, match="'id' and 'output'"):
        measure(TASKS["LaMP_4"], pd.DataFrame({"output": ["a"]}), pd.DataFrame({"output": ["a"]}))


def test_answers_are_extracted_on_demand():
    said = ["I give 4 stars", "no idea"]
    assert measure(TASKS["LaMP_3"], said, ["4", "1"]).scores["MAE"] == (3 + 4) / 2
    assert measure(TASKS["LaMP_3"], said, ["4", "1"], extract_answers=True).scores["MAE"] == 4 / 2


@pytest.mark.parametrize(
    ("task", "predictions", "references", "ids", "facts"),
    [
        ("LaMP_4", ["a"], ["a", "b"], None, "1 and 2"),
        ("LaMP_4", ["a"], ["a"], ["1", "2"], "ids.* 2 and 1"),
        ("LaMP_4", ["a", "b"], ["a", "b"], ["1", 1], "ids.* 1 at position 1"),
        ("LaMP_4", [], [], None, "nothing"),
        ("LaMP_2", ["4"], ["4"], None, r"reference of sample 0: '4'.*LaMP_2.*LaMP_3"),
        ("LaMP_1", ["[1]"], ["[3]"], ["9"], r"reference of sample '9': '\[3\]'.*LaMP_1.*\[1\], \[2\]"),
        ("LaMP_6", ["a"], ["147-000874-EM.txt"], None, "reference of sample 0: '147-000874-EM.txt'.*avocado-builder"),
    ],
)
def test_what_cannot_be_scored_is_named(task, predictions, references, ids, facts):
    with pytest.raises(ValueError, match=facts):
        measure(TASKS[task], predictions, references, ids)


def test_duplicate_ids_are_an_error():
    with pytest.raises(DuplicateIdError, match="ids.*'1'"):
        measure(TASKS["LaMP_4"], ["a", "b"], ["a", "b"], ["1", "1"])


def test_a_long_reference_is_shortened_in_the_message():
    with pytest.raises(ValueError, match="LaMP_1") as caught:
        measure(TASKS["LaMP_1"], ["[1]"], ["x" * 100_000])
    assert len(str(caught.value)) < 300


def test_users_go_with_the_samples():
    joined = join(Outputs("LaMP_3", {"1": "1", "2": "5"}, "g.json"), Outputs("LaMP_3", {"2": "5", "1": "2"}, "p.json"))
    samples = measure_joined(joined, {"2": "b", "1": "a", "3": "c"})
    assert (samples.users, samples.n_users) == (["a", "b"], 2)
    assert measure_joined(joined).n_users is None
