import random

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, mean_squared_error

from lamp_metric.scorers.labels import number_of
from lamp_metric.scoring import score


def test_scores_equal_sklearn_on_random_cases():
    rng = random.Random(2)
    for _ in range(500):
        n = rng.choice([1, 2, 7, 100])
        golds = [str(rng.randint(1, 5)) for _ in range(n)]
        preds = [
            rng.choice([str(rng.randint(1, 5)), f"{rng.uniform(-3, 9):.3f}", f" {rng.randint(0, 9)} "]) for _ in golds
        ]
        y, x = [float(g) for g in golds], [float(p) for p in preds]
        expected = {"MAE": mean_absolute_error(y, x), "RMSE": mean_squared_error(y, x) ** 0.5}
        assert score("LaMP_3", preds, golds) == pytest.approx(expected, abs=1e-15, rel=0)


def test_hand_worked_errors():
    assert score("LaMP_3", ["1", "5", "3"], ["4", "4", "3"]) == {
        "MAE": 4 / 3,
        "RMSE": pytest.approx((10 / 3) ** 0.5, abs=1e-15),
    }
    # MAE 0.2356 and RMSE 0.5347896782848375 are on the leaderboard: 589 points of error in all, 715 squared.
    errors = [2] * 63 + [1] * 463 + [0] * (2500 - 63 - 463)
    result = score("LaMP_3", [3 + e for e in errors], ["3"] * 2500)
    assert result == {"MAE": 0.2356, "RMSE": 0.5347896782848375}


@pytest.mark.parametrize(("gold", "end"), [("1", 5.0), ("2", 5.0), ("3", 5.0), ("4", 1.0), ("5", 1.0)])
@pytest.mark.parametrize("text", ["", "three", "3 stars", "nan", "-inf", "Infinity", "1e999", "3,5", "[3]", "1e200"])
def test_no_number_counts_as_the_farther_end(text, gold, end):
    assert score("LaMP_3", [text], [gold])["MAE"] == abs(end - float(gold))


@pytest.mark.parametrize(
    ("text", "value"),
    [("5.0", 5.0), (" 3 ", 3.0), ("-1", -1.0), ("1e3", 1000.0), ("+4", 4.0), ("0", 0.0), ("1_0", 10.0), ("٤", 4.0)],
)
def test_what_python_reads_as_a_number_is_taken_as_it_is(text, value):
    assert number_of(text) == value
    assert score("LaMP_3", [text], ["3"])["MAE"] == abs(value - 3)


def test_numbers_are_fine():
    assert score("LaMP_3", [4, 4.5, np.int64(2), np.float32(1)], [5, "4", 2.0, np.int32(1)])["MAE"] == 1.5 / 4


@pytest.mark.parametrize("gold", ["0", "6", "4.5", "five", "", "nan"])
def test_a_gold_off_the_scale_is_an_error(gold):
    with pytest.raises(ValueError, match=r"reference of sample 0: .*LaMP_3.*1, 2, 3, 4, 5\. "):
        score("LaMP_3", ["1"], [gold])
