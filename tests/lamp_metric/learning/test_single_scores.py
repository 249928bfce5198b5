import pytest

from lamp_dataset.tasks import TASKS
from lamp_metric.learning.single_scores import SingleScores
from lamp_metric.predictions.scored_samples import measure


@pytest.mark.parametrize(
    ("name", "keys", "predictions", "references"),
    [
        ("LaMP_1", ["accuracy"], ["[1]", "[2]", "no"], ["[1]", "[1]", "[2]"]),
        ("LaMP_3", ["MAE", "accuracy"], ["4", "no", "7"], ["5", "2", "1"]),
        ("LaMP_4", ["rouge-L", "rouge-1", "rouge-2"], ["Rain in May", "", "a b"], ["Rain, again, in May", "x", "b a"]),
    ],
)
def test_values_are_the_samples_parts_in_the_scores(name, keys, predictions, references):
    also = [key for key in keys if key not in TASKS[name].scores]
    measured = measure(TASKS[name], predictions, references, also=also)
    assert SingleScores(name, keys).values(predictions, references) == {key: measured.values(key) for key in keys}


def test_a_sample_alone_has_the_same_rmse_as_mae():
    assert SingleScores("LaMP_3", ["MAE", "RMSE"]).values(["4", "1"], ["5", "4"]) == {"MAE": [1, 3], "RMSE": [1, 3]}


def test_errors_turned_as_counted_by_hand():
    """The largest errors are 4, 3 and 2 stars; 7 stars for 1 are an error of 6."""
    ratings, values = SingleScores("LaMP_3", ["MAE"]), {"MAE": [1.0, 3.0, 1.0, 6.0]}
    assert ratings.turned(values, ["5", "4", "3", "1"]) == {"MAE": [0.75, 0.0, 0.5, -0.5]}
    assert ratings.turned(values) == {"MAE": [0.75, 0.25, 0.75, 0.0]}
    assert SingleScores("LaMP_4", ["rouge-1"]).turned({"rouge-1": [0.25]}, ["x"]) == {"rouge-1": [0.25]}


@pytest.mark.parametrize(
    ("name", "key", "facts"),
    [
        ("LaMP_2", "f1", "no sample of LaMP_2 has 'f1' by itself; expected one of accuracy"),
        ("LaMP_3", "pearson", "'pearson' by itself; expected one of MAE, RMSE"),
        ("LaMP_4", "rouge-9", "expected a measure for LaMP_4: rouge-2"),
    ],
)
def test_scores_that_no_sample_has_are_named(name, key, facts):
    with pytest.raises(ValueError, match=facts):
        SingleScores(name, [key])
