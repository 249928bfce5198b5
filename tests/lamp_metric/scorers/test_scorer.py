import numpy as np
import pytest

from lamp_dataset.task import KINDS
from lamp_dataset.tasks import TASKS
from lamp_metric.scorers import SCORERS, register, scorer_of
from lamp_metric.scorers.labels import Ordinal


def test_every_kind_of_the_table_has_a_scorer_with_its_scores_in_their_order():
    assert {kind: tuple(scorer.higher_is_better) for kind, scorer in SCORERS.items()} == {
        name: kind.scores for name, kind in KINDS.items()
    }
    assert all(scorer_of(task).kind == task.kind for task in TASKS.values())
    with pytest.raises(ValueError, match="expected an instance of Scorer, found <class"):
        register(Ordinal)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "stars"}, "scorer 'stars': kind: expected one of classification, ordinal"),
        ({"higher_is_better": {"MAE": False}}, r"higher_is_better: expected the scores \('MAE', 'RMSE'\), found"),
        ({"shown": {"accuracy": "correct"}}, "shown: expected some of the scores"),
        ({"shown": {"RMSE": "squared_error"}}, "shown: the first score needs a statistic of single samples"),
        (
            {"shown": dict.fromkeys(("MAE", "RMSE"), "error"), "higher_is_better": {"MAE": True, "RMSE": False}},
            "shown: a statistic cannot be good and bad at once",
        ),
        ({"means": ("accuracy",)}, "means: expected some of"),
        ({}, "scorer 'ordinal': this kind has a scorer already"),
    ],
)
def test_a_scorer_that_contradicts_itself_or_the_table_is_refused_by_name(changes, message):
    with pytest.raises(ValueError, match=message):
        register(type("Stars", (Ordinal,), changes)())


@pytest.mark.parametrize(
    ("name", "gold", "outputs", "hit", "share"),
    [
        ("LaMP_2", "comedy", ["drama", " comedy", "comedy"], [0, 1, 1], [0, 1 / 2, 2 / 3]),
        ("LaMP_3", "4", ["4.0", "5", ""], [1, 1, 1], [1, 1 / 2, 1 / 3]),
        ("LaMP_3", "none", ["none"], [0], [0]),
    ],
)
def test_retrieved_labels_are_compared_by_the_value_that_they_stand_for(name, gold, outputs, hit, share):
    task = TASKS[name]
    assert SCORERS[task.kind].judge(task, gold, outputs) == {"hit": hit, "share": share}


def test_a_head_with_another_number_of_labels_fits_no_classes_and_one_number_per_sample_fits_ratings():
    labels = np.array([1, 0])
    assert SCORERS["classification"].read_head(TASKS["LaMP_1"], np.zeros((2, 3)), labels) is None
    assert SCORERS["ordinal"].read_head(TASKS["LaMP_3"], np.array([4.2, 1.0]), labels) == ([4.2, 1.0], [1, 0])
