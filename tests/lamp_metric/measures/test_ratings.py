import random

import pytest
from scipy.stats import pearsonr

import lamp_metric
from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.signature import Resampling
from lamp_metric.statistics.bootstrap import resampled_scores, unit_weights

ALSO = ["accuracy", "pearson"]


def made_ratings(n):
    rng = random.Random(n)
    golds = [rng.randint(1, 5) for _ in range(n)]
    return [rng.choice([gold, round(rng.uniform(1, 5), 2)]) for gold in golds], list(map(str, golds))


def test_figures_equal_scipy_and_sklearn():
    from sklearn.metrics import accuracy_score

    predictions, golds = made_ratings(50)
    found = lamp_metric.score("LaMP_3", predictions, golds, also=ALSO)
    numbers = list(map(float, golds))
    assert found["pearson"] == pearsonr(list(map(float, predictions)), numbers).statistic
    assert found["accuracy"] == accuracy_score(numbers, [int(value + 0.5) for value in predictions])
    found = lamp_metric.score("LaMP_3", ["4", "no idea", "2"], ["4", "1", "2"], also=["pearson"])
    assert found["pearson"] == pearsonr([4.0, 5.0, 2.0], [4.0, 1.0, 2.0]).statistic
    predictions, golds = ["4.3333"] * 9, [str(1 + place % 5) for place in range(9)]
    found = lamp_metric.score("LaMP_3", predictions, golds, also=["pearson"], confidence_level=0.95)
    assert (found["pearson"], found["pearson_ci"]) == (0.0, [0.0, 0.0])


def test_resamples_equal_scipy_on_the_resampled_ratings():
    predictions, golds = made_ratings(12)
    resampling = Resampling(n_resamples=30)
    (found,) = resampled_scores([measure(TASKS["LaMP_3"], predictions, golds, also=ALSO)], resampling)
    (weights,) = unit_weights(12, resampling)
    for place, row in enumerate(weights.astype(int)):
        drawn = [sample for sample, times in enumerate(row) for _ in range(times)]
        expected = pearsonr([float(predictions[i]) for i in drawn], [float(golds[i]) for i in drawn]).statistic
        assert found["pearson"][place] == pytest.approx(expected)
