import random
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score

from lamp_dataset.tasks import TASKS
from lamp_metric.measuring import measure
from lamp_metric.options import Resampling
from lamp_metric.resampling import difference_intervals, intervals, p_values
from lamp_metric.scoring import score


def ratings(n, seed):
    rng = random.Random(seed)
    golds = [rng.randint(1, 5) for _ in range(n)]
    return [str(min(5, max(1, g + rng.choice([-2, -1, 0, 0, 0, 1])))) for g in golds], [str(g) for g in golds]


def tags(n, seed, skill=0.5):
    rng = random.Random(seed)
    labels = TASKS["LaMP_2"].labels
    golds = [rng.choice(labels[:6]) for _ in range(n)]
    return [gold if rng.random() < skill else rng.choice(labels) for gold in golds], golds


def test_mean_and_rmse_intervals_equal_scipys_bootstrap():
    measured = measure(TASKS["LaMP_3"], *ratings(80, 5))
    found = intervals(measured, Resampling(confidence_level=0.9, n_resamples=500, seed=11))
    errors = np.array(measured.statistics["absolute_error"])
    for key, statistic in {
        "MAE": lambda x, axis: np.mean(x, axis=axis),
        "RMSE": lambda x, axis: np.sqrt(np.mean(x * x, axis=axis)),
    }.items():
        oracle = stats.bootstrap(
            (errors,),
            statistic,
            confidence_level=0.9,
            n_resamples=500,
            method="percentile",
            rng=np.random.default_rng(11),
        ).confidence_interval
        assert found[key] == pytest.approx([oracle.low, oracle.high], abs=1e-12, rel=0)


def test_macro_f1_interval_equals_scipys_bootstrap_of_sklearns_f1():
    preds, golds = tags(60, 6)
    labels = list(TASKS["LaMP_2"].labels)

    def macro_f1(places):
        drawn = places.astype(int)
        return f1_score(
            [golds[i] for i in drawn], [preds[i] for i in drawn], labels=labels, average="macro", zero_division=0
        )

    oracle = stats.bootstrap(
        (np.arange(60.0),),
        macro_f1,
        vectorized=False,
        n_resamples=200,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    found = intervals(measure(TASKS["LaMP_2"], preds, golds), Resampling(n_resamples=200, seed=1))
    assert found["f1"] == pytest.approx([oracle.low, oracle.high], abs=1e-12, rel=0)


def test_paired_difference_interval_equals_scipys_paired_bootstrap():
    (preds, golds), (others, _) = ratings(50, 7), ratings(50, 8)
    a, b = (measure(TASKS["LaMP_3"], p, golds) for p in (preds, others))
    oracle = stats.bootstrap(
        (np.array(a.statistics["absolute_error"]), np.array(b.statistics["absolute_error"])),
        lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        paired=True, n_resamples=300, method="percentile", rng=np.random.default_rng(3),
    ).confidence_interval  # fmt: skip
    found = difference_intervals(a, b, Resampling(n_resamples=300, seed=3))
    assert found["MAE"] == pytest.approx([oracle.low, oracle.high], abs=1e-12, rel=0)


@pytest.mark.parametrize("n", [1, 2, 5, 9])
@pytest.mark.parametrize("seed", range(6))
def test_exact_p_values_equal_scipys_permutation_test(n, seed):
    preds, golds = ratings(n, seed)
    others, _ = ratings(n, seed + 100)
    a, b = (measure(TASKS["LaMP_3"], p, golds) for p in (preds, others))
    found = p_values(a, b, Resampling(n_resamples=512))
    for key, statistic in {
        "MAE": lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        "RMSE": lambda x, y, axis: np.sqrt(np.mean(x * x, axis=axis)) - np.sqrt(np.mean(y * y, axis=axis)),
    }.items():
        errors = [np.array(system.statistics["absolute_error"]) for system in (a, b)]
        if n == 1:
            # scipy wants two samples; one pair can only be swapped or not.
            expected = 1.0
        else:
            expected = stats.permutation_test(
                errors, statistic, permutation_type="samples", n_resamples=np.inf, vectorized=True
            ).pvalue
        assert found[key] == pytest.approx(expected, abs=1e-12)


def test_exact_p_value_of_macro_f1_equals_an_enumeration_with_sklearn():
    preds, golds = tags(8, 9)
    others, _ = tags(8, 10)
    labels = list(TASKS["LaMP_2"].labels)

    def f1(x):
        return f1_score(golds, x, labels=labels, average="macro", zero_division=0)

    null = []
    for pattern in range(2**8):
        swapped = [(q, p) if pattern >> i & 1 else (p, q) for i, (p, q) in enumerate(zip(preds, others, strict=True))]
        null.append(f1([p for p, _ in swapped]) - f1([q for _, q in swapped]))
    observed = f1(preds) - f1(others)
    expected = min(1, 2 * min(np.mean(np.array(null) >= observed - 1e-12), np.mean(np.array(null) <= observed + 1e-12)))
    a, b = (measure(TASKS["LaMP_2"], p, golds) for p in (preds, others))
    assert p_values(a, b, Resampling(n_resamples=256))["f1"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_exact_p_values_count_ties_as_fractions_do(seed):
    """Sums that are equal in exact arithmetic differ by their rounding: the counts must not."""
    rng, n = random.Random(seed), 9
    golds = ["a b c d e"] * n  # values are fifths, so many sums are equal
    preds, others = ([" ".join(rng.sample("abcdefgh", 5)) for _ in range(n)] for _ in range(2))

    def rouge_1(pred, gold):
        pred, gold = set(pred.split()), set(gold.split())
        return Fraction(2 * len(pred & gold), len(pred) + len(gold))

    gaps = [rouge_1(a, gold) - rouge_1(b, gold) for a, b, gold in zip(preds, others, golds, strict=True)]
    null = [sum(-gap if pattern >> i & 1 else gap for i, gap in enumerate(gaps)) for pattern in range(2**n)]
    greater, less = sum(value >= sum(gaps) for value in null), sum(value <= sum(gaps) for value in null)
    a, b = (measure(TASKS["LaMP_4"], side, golds) for side in (preds, others))
    assert p_values(a, b, Resampling(n_resamples=10_000))["rouge-1"] == min(1.0, 2 * min(greater, less) / 2**n)


def test_drawn_p_values_agree_with_scipys():
    (preds, golds), (others, _) = ratings(40, 12), ratings(40, 13)
    a, b = (measure(TASKS["LaMP_3"], p, golds) for p in (preds, others))
    expected = stats.permutation_test(
        [np.array(system.statistics["absolute_error"]) for system in (a, b)],
        lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        permutation_type="samples", n_resamples=20_000, rng=np.random.default_rng(0),
    ).pvalue  # fmt: skip
    # The error of both drawn values is below 0.004 (one standard deviation); seeds are fixed.
    assert p_values(a, b, Resampling(n_resamples=20_000))["MAE"] == pytest.approx(expected, abs=0.015)


def test_batches_do_not_change_the_draws(monkeypatch):
    measured = measure(TASKS["LaMP_2"], *tags(101, 14))
    whole = intervals(measured, Resampling(n_resamples=99, seed=4))
    monkeypatch.setattr("lamp_metric.resampling._CELLS", 707)
    assert intervals(measured, Resampling(n_resamples=99, seed=4)) == whole


def test_batches_do_not_change_p_values(monkeypatch):
    (preds, golds), (others, _) = ratings(10, 18), ratings(10, 19)
    a, b = (measure(TASKS["LaMP_3"], p, golds) for p in (preds, others))
    exact, drawn = p_values(a, b, Resampling(n_resamples=1024)), p_values(a, b, Resampling(n_resamples=1023))
    assert exact != drawn
    monkeypatch.setattr("lamp_metric.resampling._CELLS", 370)
    assert p_values(a, b, Resampling(n_resamples=1024)) == exact
    assert p_values(a, b, Resampling(n_resamples=1023)) == drawn


def test_a_seed_repeats_and_another_differs():
    preds, golds = tags(200, 15)
    first, again, other = (score("LaMP_2", preds, golds, confidence_level=0.95, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first["f1"] == other["f1"]
    assert first["f1_ci"] != other["f1_ci"]
    assert list(first) == ["accuracy", "f1", "accuracy_ci", "f1_ci"]


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    # 200 data sets with a true accuracy of 0.7: 90 % intervals miss it 20 times, give or take 5 per deviation.
    rng = random.Random(16)
    hits = 0
    for seed in range(200):
        golds = ["[1]"] * 100
        preds = ["[1]" if rng.random() < 0.7 else "[2]" for _ in golds]
        low, high = score("LaMP_1", preds, golds, confidence_level=0.9, n_resamples=200, seed=seed)["accuracy_ci"]
        hits += low <= 0.7 <= high
    assert 160 <= hits <= 195


def test_one_sample_has_no_width():
    assert score("LaMP_4", ["a b"], ["a"], confidence_level=0.95)["rouge-1_ci"] == [2 / 3, 2 / 3]
