import math
from statistics import stdev

import numpy as np
import pytest

from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.statistics.bootstrap import intervals
from lamp_metric.statistics.contrasts import compare_systems, outcomes, sample_values, user_means
from lamp_metric.statistics.resampling import Resampling
from lamp_metric.statistics.significance import holm

GENERATOR = np.random.default_rng(5)
LABELS = TASKS["LaMP_2"].labels[:5]
USERS = [f"u{int(place)}" for place in GENERATOR.integers(0, 40, 240)]
GOLDS = [str(label) for label in GENERATOR.choice(LABELS, 240)]


def tags(skill):
    guesses = GENERATOR.choice(LABELS, 240)
    return [g if GENERATOR.random() < skill else str(x) for g, x in zip(GOLDS, guesses, strict=True)]


def scored(*skills, users=USERS):
    return [measure(TASKS["LaMP_2"], tags(skill), GOLDS, users=users) for skill in skills]


SYSTEMS = {"none": scored(0.2), "own": scored(0.5, 0.45, 0.55), "other": scored(0.25)}
FOUND = compare_systems(SYSTEMS, None, Resampling(n_resamples=2000))


def test_scores_of_several_runs_are_averaged_and_their_spread_shown():
    own, runs = FOUND.systems["own"], SYSTEMS["own"]
    for key in ("accuracy", "f1"):
        assert own.scores[key] == pytest.approx(sum(run.scores[key] for run in runs) / 3, abs=1e-15)
        assert own.spread[key] == pytest.approx(stdev(run.scores[key] for run in runs))
    assert (own.runs, FOUND.systems["none"].runs, FOUND.systems["none"].spread) == (3, 1, None)
    assert FOUND.systems["none"].intervals == intervals(SYSTEMS["none"][0], Resampling(n_resamples=2000))


def test_every_system_but_the_baseline_has_a_contrast_in_every_score():
    assert {name: list(found) for name, found in FOUND.contrasts.items()} == {
        name: ["accuracy", "f1"] for name in ("own", "other")
    }
    for name, found in FOUND.contrasts.items():
        for key, contrast in found.items():
            values = FOUND.systems[name].scores[key], FOUND.systems["none"].scores[key]
            assert contrast.difference == values[0] - values[1]
            assert contrast.difference_ci[0] < contrast.difference < contrast.difference_ci[1]
            assert contrast.better == (name if contrast.difference > 0 else "none")
    assert FOUND.contrasts["own"]["accuracy"].p_value < 0.01


def test_p_values_are_corrected_within_each_score_and_users_won_by_their_mean():
    for key in ("accuracy", "f1"):
        raw, corrected = zip(*((c[key].p_value, c[key].p_holm) for c in FOUND.contrasts.values()), strict=True)
        assert list(corrected) == holm(raw)
    contrast = FOUND.contrasts["own"]["accuracy"]
    assert contrast.wins + contrast.ties + contrast.losses == FOUND.users == len(set(USERS))
    assert contrast.wins > contrast.losses
    assert FOUND.contrasts["own"]["f1"].wins is None


def test_the_standard_error_is_the_clustered_one_of_miller():
    """Equation 4 of arXiv 2411.00640: the root of the sum over users of their squared sums of deviations, over n."""
    (a,), (b,) = SYSTEMS["other"], SYSTEMS["none"]
    gaps = np.array(a.statistics["correct"]) - np.array(b.statistics["correct"])
    sums = [(gaps - gaps.mean())[[user == one for user in USERS]].sum() for one in set(USERS)]
    clustered = math.sqrt(sum(s * s for s in sums)) / len(gaps)
    contrast = FOUND.contrasts["other"]["accuracy"]
    assert contrast.standard_error == pytest.approx(clustered, rel=0.06)
    assert contrast.detectable == pytest.approx(2.8016 * contrast.standard_error, rel=1e-4)


def test_smaller_errors_win_and_equal_systems_tie():
    same = SYSTEMS["none"]
    contrast = compare_systems({"a": same, "b": same}, "b", Resampling(n_resamples=99)).contrasts["a"]["f1"]
    assert (contrast.difference, contrast.better, contrast.p_value, contrast.detectable) == (0, None, 1, None)
    golds = ["3"] * 40
    near, far = (measure(TASKS["LaMP_3"], [rating] * 40, golds) for rating in ("4", "5"))
    contrast = compare_systems({"far": [far], "near": [near]}, None, Resampling(n_resamples=99)).contrasts["near"][
        "MAE"
    ]
    assert (contrast.difference, contrast.better, contrast.wins, contrast.losses) == (-1, "near", 40, 0)


RATINGS = ["3"] * 6
OWNERS = ["b", "a", "b", "c", "a", "c"]


def rated(predictions, users=OWNERS):
    return measure(TASKS["LaMP_3"], list(predictions), RATINGS, [f"s{i}" for i in range(6)], users=users)


def test_a_user_is_won_if_the_mean_error_is_smaller():
    """By hand: b's errors are 1 and 0 against 2 and 0, a's 1 and 0 against 0 and 1, c's 1 and 1 against 0 and 1."""
    a, b = rated(["4", "4", "3", "4", "3", "4"]), rated(["5", "3", "3", "3", "4", "4"])
    assert outcomes([a], [b], "MAE") == (1, 1, 1)
    assert outcomes([a], [b], "RMSE") == (1, 1, 1)
    a, b = rated("433333", None), rated("343333", None)
    assert outcomes([a], [b], "MAE") == (1, 4, 1)
    assert sample_values([rated("433333"), rated("533333")], "MAE") == [1.5, 0, 0, 0, 0, 0]


def test_macro_f1_has_no_values_by_sample_and_rounding_makes_no_winner():
    samples = measure(TASKS["LaMP_1"], ["[1]", "[2]"], ["[1]", "[1]"])
    assert sample_values([samples], "accuracy") == [1.0, 0.0]
    assert samples.values("f1") is None
    assert outcomes([samples], [samples], "f1") is None
    texts = ["a b c", "a b", "a", "a b c d e", "a c", "b d"]
    golds = ["a b c d e f g"] * 6
    a, b = (measure(TASKS["LaMP_4"], side, golds, users=["x"] * 5 + ["y"]) for side in (texts, [*texts[4::-1], "b d"]))
    assert outcomes([a], [b], "rouge-1") == (0, 2, 0)
    assert user_means([0.25, 1.0, 0.75], ["b", "a", "b"]) == {"b": 0.5, "a": 1.0}
    assert user_means([0.1] * 10, ["a"] * 10) == {"a": 0.1}
