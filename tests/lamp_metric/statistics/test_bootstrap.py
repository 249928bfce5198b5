import itertools
import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.scoring import score
from lamp_metric.signature import Resampling
from lamp_metric.statistics.resampling import (
    Units,
    intervals,
    mean_intervals,
    p_values,
    percentile_interval,
    resampled_scores,
    student_interval,
)


def difference_intervals(a, b, resampling):
    """As a comparison has them: of A minus B on the same resamples."""
    of_a, of_b = resampled_scores([a, b], resampling)
    return {key: percentile_interval(of_a[key] - of_b[key], resampling.confidence_level) for key in of_a}


def ratings(n, seed):
    rng = random.Random(seed)
    golds = [rng.randint(1, 5) for _ in range(n)]
    return [str(min(5, max(1, g + rng.choice([-2, -1, 0, 0, 0, 1])))) for g in golds], [str(g) for g in golds]


def tags(n, seed, skill=0.5):
    rng = random.Random(seed)
    labels = TASKS["LaMP_2"].labels
    golds = [rng.choice(labels[:6]) for _ in range(n)]
    return [gold if rng.random() < skill else rng.choice(labels) for gold in golds], golds


@pytest.mark.parametrize("seed", range(4))
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
    assert p_values([a], [b], Resampling(n_resamples=10_000))["rouge-1"] == min(1.0, 2 * min(greater, less) / 2**n)


def test_batches_change_neither_draws_nor_p_values(monkeypatch):
    measured = measure(TASKS["LaMP_2"], *tags(101, 14))
    whole = intervals(measured, Resampling(n_resamples=99, seed=4))
    monkeypatch.setattr("lamp_metric.statistics.resampling.CELLS", 707)
    assert intervals(measured, Resampling(n_resamples=99, seed=4)) == whole
    (preds, golds), (others, _) = ratings(10, 18), ratings(10, 19)
    a, b = (measure(TASKS["LaMP_3"], p, golds) for p in (preds, others))
    exact, drawn = p_values([a], [b], Resampling(n_resamples=1024)), p_values([a], [b], Resampling(n_resamples=1023))
    assert exact != drawn
    monkeypatch.setattr("lamp_metric.statistics.resampling.CELLS", 370)
    assert p_values([a], [b], Resampling(n_resamples=1024)) == exact
    assert p_values([a], [b], Resampling(n_resamples=1023)) == drawn


def test_a_seed_repeats_and_another_differs():
    preds, golds = tags(200, 15)
    first, again, other = (score("LaMP_2", preds, golds, confidence_level=0.95, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first["f1"] == other["f1"]
    assert first["f1_ci"] != other["f1_ci"]
    assert list(first) == ["accuracy", "f1", "accuracy_ci", "f1_ci"]
    assert score("LaMP_4", ["a b"], ["a"], confidence_level=0.95)["rouge-1_ci"] == [2 / 3, 2 / 3]


def owners(n, users, seed):
    """Users of ``n`` samples, some with many and some with one, in mixed order."""
    rng = random.Random(seed)
    return [f"u{min(rng.randrange(users), rng.randrange(users))}" for _ in range(n)]


ONE_OF_EACH = ("LaMP_1", "LaMP_2", "LaMP_3", "LaMP_4")


def two_systems(name, n, seed, users=None):
    """Two systems scored on the same samples."""
    rng, labels = random.Random(f"{name} {seed}"), TASKS[name].labels

    def answer():
        return rng.choice(labels[:4]) if labels else " ".join(rng.choices("abcdefg", k=4))

    golds = [answer() for _ in range(n)]
    sides = ([rng.choice([gold, answer()]) for gold in golds] for _ in range(2))
    return [(side, golds, measure(TASKS[name], side, golds, users=users)) for side in sides]


def plain_score(name, predictions, golds):
    """The first and second score of the task in plain Python, from the predictions themselves."""
    n, labels = len(golds), TASKS[name].labels
    pairs = list(zip(predictions, golds, strict=True))
    if name == "LaMP_3":
        errors = [abs(float(p) - float(g)) for p, g in pairs]
        return sum(errors) / n, (sum(e * e for e in errors) / n) ** 0.5
    if name == "LaMP_4":
        values = [score("LaMP_4", [p], [g]) for p, g in pairs]
        return sum(v["rouge-1"] for v in values) / n, sum(v["rouge-L"] for v in values) / n
    f1 = 0.0
    for label in labels:
        both = sum(p == label for p, _ in pairs) + sum(g == label for _, g in pairs)
        f1 += 2 * sum(p == label == g for p, g in pairs) / both if both else 0.0
    return sum(p == g for p, g in pairs) / n, f1 / len(labels)


def plain_gap(name, a, b, golds):
    """The differences of both scores."""
    return [x - y for x, y in zip(plain_score(name, a, golds), plain_score(name, b, golds), strict=True)]


def plain_p(null, observed, place):
    """Two-sided, of the score at ``place``."""
    greater = sum(row[place] >= observed[place] - 1e-12 for row in null)
    less = sum(row[place] <= observed[place] + 1e-12 for row in null)
    return min(1, 2 * min(greater, less) / len(null))


def swapped(a, b, pattern):
    """Both sides, with the predictions swapped where the pattern says so."""
    pairs = [(q, p) if swap else (p, q) for p, q, swap in zip(a, b, pattern, strict=True)]
    return [p for p, _ in pairs], [q for _, q in pairs]


def plain_percentile(values, share):
    """Linear interpolation between the nearest two, as numpy does by default."""
    values = sorted(values)
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_clustered_intervals_equal_a_plain_implementation(name):
    """Users are drawn one by one, their samples written out, and each resample is scored as a whole."""
    n, resamples = 90, 60
    users = owners(n, 60, 3)
    assert len(set(users)) >= 30  # fewer would get Student's intervals of means
    (a, golds, scored_a), (b, _, scored_b) = two_systems(name, n, 5, users)
    order = list(dict.fromkeys(users))
    generator = np.random.default_rng(2)
    of_a, differences = [], []
    for drawn in generator.integers(0, len(order), (resamples, len(order))):
        samples = [i for unit in drawn for i in range(n) if users[i] == order[unit]]
        values = [plain_score(name, [side[i] for i in samples], [golds[i] for i in samples]) for side in (a, b)]
        of_a.append(values[0])
        differences.append([x - y for x, y in zip(*values, strict=True)])
    drawing = Resampling(0.9, resamples, 2)
    for found, expected in (
        (intervals(scored_a, drawing), of_a),
        (difference_intervals(scored_a, scored_b, drawing), differences),
    ):
        for place, key in enumerate(TASKS[name].scores):
            column = [row[place] for row in expected]
            bounds = [plain_percentile(column, 0.05), plain_percentile(column, 0.95)]
            assert found[key] == pytest.approx(bounds, abs=1e-12, rel=0)


@pytest.mark.parametrize("name", ONE_OF_EACH)
@pytest.mark.parametrize("resamples", [32, 20])
def test_clustered_p_values_equal_a_plain_implementation(name, resamples):
    """All samples of a user are swapped at once, and both sides are scored as a whole; 32 are all ways to swap."""
    users = [f"u{number}" for number in (0, 1, 0, 2, 3, 2, 2, 4, 0, 1, 3, 3, 3, 3, 0, 2)]
    (a, golds, scored_a), (b, _, scored_b) = two_systems(name, len(users), 6, users)
    if resamples == 32:
        patterns = list(itertools.product((0, 1), repeat=5))
    else:
        words = np.random.default_rng(1).integers(0, 2**64 - 1, resamples, dtype=np.uint64, endpoint=True).tolist()
        # unpackbits starts with the highest bit of the lowest byte
        patterns = [[word >> (7 - place) & 1 for place in range(5)] for word in words] + [[0] * 5]
    null = [plain_gap(name, *swapped(a, b, [pattern[int(user[1:])] for user in users]), golds) for pattern in patterns]
    found = p_values([scored_a], [scored_b], Resampling(n_resamples=resamples, seed=1))
    for place, key in enumerate(TASKS[name].scores):
        assert found[key] == pytest.approx(plain_p(null, plain_gap(name, a, b, golds), place), abs=1e-12)


@pytest.mark.parametrize("name", ONE_OF_EACH)
@pytest.mark.parametrize("n", [9, 70])
def test_users_with_one_sample_each_change_no_digit(name, n):
    plain = [scored for *_, scored in two_systems(name, n, 8)]
    clustered = [scored for *_, scored in two_systems(name, n, 8, [f"u{n - i}" for i in range(n)])]
    drawing = Resampling(n_resamples=700, seed=5)
    assert intervals(clustered[0], drawing) == intervals(plain[0], drawing)
    assert difference_intervals(*clustered, drawing) == difference_intervals(*plain, drawing)
    assert p_values(*([side] for side in clustered), drawing) == p_values(*([side] for side in plain), drawing)


@pytest.mark.parametrize("n_users", [12, 60])
def test_the_interval_of_a_mean_is_that_of_the_score(n_users):
    users = owners(100, n_users, 7)
    *_, a = two_systems("LaMP_4", 100, 10, users)[0]
    drawing = Resampling(n_resamples=200, seed=1)
    for whose in (users, np.array(users), None):
        expected = intervals(replace(a, users=whose), drawing)["rouge-L"]
        assert mean_intervals([a.statistics["rouge-L"]], whose, drawing)[0] == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_runs_are_swapped_together_and_their_scores_averaged(name):
    """Two runs against one: the mean over both pairs, by all swaps of six samples."""
    (a, golds, first), (b, _, other) = two_systems(name, 6, 11)
    c = a[::-1]
    null = []
    for pattern in itertools.product((0, 1), repeat=6):
        gaps = [plain_gap(name, *swapped(run, b, pattern), golds) for run in (a, c)]
        null.append([sum(pair) / 2 for pair in zip(*gaps, strict=True)])
    found = p_values([first, measure(TASKS[name], c, golds)], [other], Resampling(n_resamples=64))
    for place, key in enumerate(TASKS[name].scores):
        assert found[key] == pytest.approx(plain_p(null, null[0], place), abs=1e-12)


def test_few_samples_get_the_textbook_interval_of_a_mean():
    """By hand: 1, 3, 5 have the mean 3 and the standard error 2 / sqrt(3); t of 97.5 % with 2 degrees is 4.3027."""
    found = student_interval(np.array([1.0, 3.0, 5.0]), np.ones(3), 0.95)
    assert found == pytest.approx([3 - 4.30265 * 2 / 3**0.5, 3 + 4.30265 * 2 / 3**0.5], abs=1e-4)
    values = np.random.default_rng(0).normal(size=29)
    expected = stats.t.interval(0.9, 28, values.mean(), stats.sem(values))
    assert mean_intervals([values], None, Resampling(0.9))[0] == pytest.approx(expected, abs=1e-12)
    users = [f"u{n % 29}" for n in range(29 * 7)]
    of_users = values + 0.5
    samples = np.tile(of_users, 7) + np.repeat(np.linspace(-1, 1, 7), 29)
    expected = stats.t.interval(0.95, 28, of_users.mean(), stats.sem(of_users))
    assert mean_intervals([samples], users, Resampling())[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("sizes", [[1, 2, 5, 30], [60, 1, 1, 4, 9, 2, 2], [3, 3, 4]])
def test_unequal_users_get_the_interval_of_bell_and_mccaffrey(sizes):
    """Their matrices, samples by samples, for a regression on a constant alone (Imbens and Kolesar 2016, section 3)."""
    generator = np.random.default_rng(len(sizes))
    user = np.repeat(np.arange(len(sizes)), sizes)
    values = generator.normal(size=len(sizes))[user] + generator.normal(size=len(user))
    n = len(user)
    design, residual_maker = np.ones(n), np.eye(n) - 1 / n
    residuals, variance, columns = residual_maker @ values, 0.0, []
    for one in range(len(sizes)):
        own = np.flatnonzero(user == one)
        values_of, vectors = np.linalg.eigh(np.eye(len(own)) - 1 / n)
        adjustment = vectors @ np.diag(values_of**-0.5) @ vectors.T
        variance += (design[own] @ adjustment @ residuals[own] / n) ** 2
        columns.append(residual_maker[own].T @ adjustment @ design[own] / n)
    eigenvalues = np.linalg.eigvalsh(np.array(columns) @ np.array(columns).T)
    df = eigenvalues.sum() ** 2 / (eigenvalues**2).sum()
    assert df < len(sizes) - 1 + 1e-9
    half = stats.t.ppf(0.975, df) * variance**0.5
    found = mean_intervals([values], list(map(str, user)), Resampling())[0]
    assert found == pytest.approx([values.mean() - half, values.mean() + half], abs=1e-10)


def test_a_ratio_of_sums_over_few_users_is_linearized():
    """By hand: 6 / 4 of three users; residuals 2 - 1.5, 1 - 3, 3 - 1.5, squared 6.5; times 3 / 2, over 4 squared."""
    half = stats.t.ppf(0.975, 2) * (6.5 * 1.5) ** 0.5 / 4
    found = mean_intervals([[2.0, 1.0, 3.0]], list("abc"), Resampling(), [1.0, 2.0, 1.0])[0]
    assert found == pytest.approx([1.5 - half, 1.5 + half])


def test_scores_that_are_no_means_keep_their_bootstrap_and_so_do_30_users():
    golds, predictions = ratings(58, 3)
    for users, few in ((29, True), (30, False)):
        samples = measure(TASKS["LaMP_3"], predictions, golds, users=[f"u{n % users}" for n in range(58)])
        drawn = Resampling(n_resamples=50)
        bootstrap = {key: percentile_interval(v, 0.95) for key, v in resampled_scores([samples], drawn)[0].items()}
        found = intervals(samples, drawn)
        assert found["RMSE"] == bootstrap["RMSE"]
        assert (found["MAE"] != bootstrap["MAE"]) == few
    alone = measure(TASKS["LaMP_3"], ["4"], ["5"])
    assert intervals(alone, Resampling(n_resamples=9))["MAE"] == [1.0, 1.0]  # a single one has no spread
    assert Units.of(1, None).sizes.tolist() == [1.0]
