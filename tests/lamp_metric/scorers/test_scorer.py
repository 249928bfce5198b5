import pytest

from lamp_dataset.task import KINDS
from lamp_dataset.tasks import TASKS
from lamp_metric.scorers import SCORERS, register, scorer_of
from lamp_metric.scorers.ordinal import Ordinal


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
