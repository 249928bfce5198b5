import itertools
import json
import math
from statistics import stdev

import numpy as np
import pandas as pd
import pytest

from lamp_dataset import __version__
from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.reading import read_predictions, write_predictions
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.signature import Resampling
from lamp_metric.statistics.compare_systems import (
    compare,
    compare_systems,
    compare_values,
    outcomes,
    runs_of,
    sample_values,
)
from lamp_metric.statistics.resampling import holm, intervals, users_as_samples


def test_every_figure_of_a_contrast_by_hand():
    golds, systems = ["4"] * 30, {"b": ["3"] * 15 + ["4"] * 15, "a": ["4"] * 30}
    found = compare(systems, task="LaMP_3", references=golds, n_resamples=999)
    assert [found.systems[name].scores["MAE"] for name in systems] == [0.5, 0.0]
    assert list(found.contrasts) == ["a"]
    assert list(found.contrasts["a"]) == ["MAE", "RMSE"]
    mae = found.contrasts["a"]["MAE"]
    assert (mae.difference, mae.better, mae.wins, mae.ties, mae.losses) == (-0.5, "a", 15, 15, 0)
    assert mae.difference_ci[0] < -0.5 < mae.difference_ci[1] < 0
    # None of 999 draws swaps all fifteen: the smallest value possible.
    assert mae.p_value == mae.p_holm == 2 / 1000


def test_users_are_drawn_and_swapped_as_a_whole():
    systems, users = {"b": ["3", "4"] * 6, "a": ["4"] * 12}, list("aabbccddeeff")
    found = compare(systems, task="LaMP_3", references=["4"] * 12, users=iter(users))
    # all six users differ by a half: no resample of users differs from another, and two of 64 swaps are as large
    assert found.contrasts["a"]["MAE"].difference_ci == [-0.5, -0.5]
    assert found.contrasts["a"]["MAE"].p_value == 2 / 2**6
    assert (
        "|test:paired-randomization|clusters:users|users:6|intervals:t(MAE),bootstrap(RMSE)|confidence:"
        in found.signature
    )
    assert (found.n, found.users, found.baseline) == (12, 6, "b")
    assert len(found.notes) == 1
    assert "few users (6)" in found.notes[0]


GOLDS = [str(1 + i % 5) for i in range(60)]
USERS = [f"u{i % 11}" for i in range(60)]
NONE = ["3"] * 60
OWN = [gold if i % 3 else "3" for i, gold in enumerate(GOLDS)]
OTHER = [gold if i % 7 == 0 else "2" for i, gold in enumerate(GOLDS)]


def test_any_iterable_goes_and_the_signature_names_the_resampling():
    systems, ids = {"none": iter(NONE), "own": pd.Series(OWN)}, map(str, range(60))
    found = compare(systems, task="LaMP_3", references=iter(GOLDS), users=iter(USERS), ids=ids, n_resamples=50)
    assert found.baseline == "none"
    json.dumps(found.as_dict(), allow_nan=False)
    systems, drawn = {"a": ["x"] * 40, "b": ["x"] * 40}, {"confidence_level": 0.9, "n_resamples": 500, "seed": 7}
    assert compare(systems, task="LaMP_4", references=["x"] * 40, **drawn).signature == (
        f"task:LaMP_4|n:40|rule:1|test:paired-randomization|confidence:0.9|resamples:500|seed:7|version:{__version__}"
    )


@pytest.mark.parametrize(("answers", "error"), [("mean", 5 / 9), ("best", 0.0), ("majority", 1 / 3)])
def test_runs_are_averaged_or_the_best_or_most_frequent_answer_counts(answers, error):
    runs = [dict(zip("abc", run, strict=True)) for run in (["5", "1", "4"], ["3", "2", "4"], ["5", "1", "5"])]
    systems, options = {"none": ["4"] * 3, "drawn": runs}, {"references": ["5", "2", "4"], "ids": list("abc")}
    found = compare(systems, task="LaMP_3", n_resamples=9, answers=answers, **options)
    assert found.systems["drawn"].scores["MAE"] == pytest.approx(error)
    assert found.systems["drawn"].runs == (3 if answers == "mean" else 1)
    shown = {"mean": "runs:1,3", "best": "answers:best by gold (head-room, not a score) of 1,3"}
    assert f"|{shown.get(answers, 'answers:majority of 1,3')}|" in found.signature
    # The same as several answers to each sample, by id or in three levels.
    drawn = {key: [run[key] for run in runs] for key in "abc"}
    for again in (drawn, [drawn], [list(drawn.values())]):
        same = compare(systems | {"drawn": again}, task="LaMP_3", n_resamples=9, answers=answers, **options)
        assert same.contrasts == found.contrasts
        assert f"|{shown.get(answers, 'answers:majority of 1,3').replace('runs', 'answers')}|" in same.signature
    with pytest.raises(ValueError, match="answers: expected one of mean, best, majority, found 'first'"):
        compare(systems, task="LaMP_3", references=["5", "2", "4"], answers="first")


def test_lists_of_lists_are_runs_or_answers_as_their_lengths_say():
    assert runs_of([OWN, NONE], "a", 60) == [OWN, NONE]
    assert runs_of((np.array(["1"]), ["2"]), "a", 1) == [["1"], ["2"]]
    assert runs_of(list(np.array([[1, 2], [3, 4], [5, 6]])), "a", 3) == [[[1, 2], [3, 4], [5, 6]]]
    assert runs_of([["1", "2"], ["3", "4"], ["5", "6"]], "a", 3) == [[["1", "2"], ["3", "4"], ["5", "6"]]]
    assert runs_of([[["1", "2"], ["3"]], [["4"], ["5"]]], "a", 2) == [[["1", "2"], ["3"]], [["4"], ["5"]]]
    for one in (OWN, [{"id": "1", "output": "2"}], [np.str_("a")], [np.float64(3)], [], "abc", None, [["a"], "b"]):
        assert runs_of(one, "a", 2) == [one]
    with pytest.raises(ValueError, match="system 'own': 2 lists of 2 may be 2 runs, or 2 answers to each of the 2"):
        compare({"none": ["1", "2"], "own": [["1", "2"], ["2", "2"]]}, task="LaMP_3", references=["1", "2"])


def test_predictions_come_by_id_as_files_have_them(tmp_path):
    write_predictions(tmp_path / "own.json", "LaMP_3", ["b", "a"], [["2", "1"], ["5", "4"]])
    own = read_predictions(tmp_path / "own.json")
    assert own == {"b": ["2", "1"], "a": ["5", "4"]}
    options = {"task": "LaMP_3", "references": ["5", "2"], "n_resamples": 9}
    found = compare({"none": ["5", "5"], "own": own}, ids=["a", "b"], **options)
    assert found.systems["own"].scores["MAE"] == 0.5
    assert "|answers:1,2|" in found.signature
    twice = compare({"none": ["5", "5"], "own": [own, {"a": ["5", "5"], "b": ["2", "2"]}]}, ids=["a", "b"], **options)
    assert twice.systems["own"].scores["MAE"] == 0.25
    assert "|runs:1,2|answers:1,2|" in twice.signature
    for systems, ids, message in (
        ({"own": own}, None, "system 'own': predictions by sample id need the samples' ids"),
        (
            {"own": [own, {"a": "5", "b": "2"}]},
            ["a", "b"],
            "system 'own': expected as many answers to a sample in each",
        ),
        ({"own": [own, own]}, None, "system 'own': predictions by sample id need the samples' ids"),
        ({"own": ["5"]}, None, "system 'own': expected as many predictions as references, 2, found 1"),
        ({"own": {"a": "5"}}, ["a", "b"], "system 'own' lacks 1 of the 2 ids in ids"),
        (
            {"own": own | {"b": ["2"]}},
            ["a", "b"],
            "system 'own': prediction of sample 'b': expected a list of 2 answers",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            compare({"none": ["5", "5"], **systems}, ids=ids, **options)


def test_all_pairs_and_holm_equal_a_plain_implementation():
    """Five systems, 8 users: every swap by hand, of the plain MAE; Holm's step-down over the ten pairs."""
    generator = np.random.default_rng(4)
    golds, users = generator.integers(1, 6, 24), np.arange(24) % 8
    said = {name: np.clip(golds + generator.integers(-2, 3, 24) * (generator.random(24) < p), 1, 5)
            for name, p in zip("abcde", (0.9, 0.3, 0.6, 0.9, 0.1), strict=True)}  # fmt: skip
    systems = {name: [str(value) for value in values] for name, values in said.items()}
    options = {"task": "LaMP_3", "references": list(map(str, golds)), "users": [f"u{one}" for one in users]}
    found = compare(systems, **options, baseline="c", all_pairs=True)
    errors = {name: np.abs(values - golds) for name, values in said.items()}
    expected = {}
    for one, other in itertools.combinations("cabde", 2):
        gaps = np.array([(errors[other] - errors[one])[users == user].sum() for user in range(8)])
        null = [gaps @ signs for signs in itertools.product((1, -1), repeat=8)]
        greater, less = (np.sum(null >= gaps.sum()), np.sum(null <= gaps.sum()))
        expected[other, one] = gaps.sum() / 24, min(1, 2 * min(greater, less) / 256)
    maes = [pair for pair in found.pairs if pair.score == "MAE"]
    assert [(pair.system, pair.baseline) for pair in maes] == list(expected)
    ordered, least, holms = sorted(p for _, p in expected.values()), 0.0, {}
    for rank, p in enumerate(ordered):
        least = max(least, min(1.0, p * (10 - rank)))
        holms.setdefault(p, least)
    for pair, (difference, p) in zip(maes, expected.values(), strict=True):
        assert pair.contrast.difference == pytest.approx(difference)
        assert pair.contrast.p_value == pytest.approx(p)
        assert pair.contrast.p_holm == pytest.approx(holms[p])
    assert min(pair.contrast.p_holm for pair in maes) < 0.1 < max(pair.contrast.p_holm for pair in maes)
    assert "|pairs:all|" in found.signature
    # The contrasts with the baseline are as without pairs, and their own family.
    plain = compare(systems, **options, baseline="c")
    assert (plain.pairs, plain.contrasts) == (None, found.contrasts)
    assert "pairs" not in plain.as_dict()
    first = found.as_dict()["pairs"][0]
    assert list(first)[:5] == ["system", "baseline", "score", "difference", "difference_ci"]
    assert (first["p"], first["p_holm"]) == (found.pairs[0].contrast.p_value, found.pairs[0].contrast.p_holm)


def test_bad_input_of_several_systems_is_named():
    with pytest.raises(ValueError, match="two systems.*'own'"):
        compare({"own": OWN}, task="LaMP_3", references=GOLDS)
    with pytest.raises(ValueError, match="baseline.*'none', 'own'.*'nine'"):
        compare({"none": NONE, "own": OWN}, task="LaMP_3", references=GOLDS, baseline="nine")
    with pytest.raises(ValueError, match="60 samples.*2"):
        compare({"none": NONE, "own": OWN}, task="LaMP_3", references=GOLDS, users=["a", "b"])
    with pytest.raises(ValueError, match="system 'own': prediction of sample 1"):
        compare({"none": ["1", "1"], "own": ["1", None]}, task="LaMP_3", references=["1", "1"])
    with pytest.raises(ValueError, match="n_resamples.*0"):
        compare({"none": NONE, "own": OWN}, task="LaMP_3", references=GOLDS, n_resamples=0)


def test_answers_are_extracted_on_demand():
    said = [f"I give {gold} stars" for gold in GOLDS]
    options = {"task": "LaMP_3", "references": GOLDS, "n_resamples": 50}
    found = compare({"none": NONE, "own": said}, extract_answers=True, **options)
    assert found.systems["own"].scores["MAE"] == 0
    assert "|extracted:yes|" in found.signature


IDS = [str(place) for place in range(60)]
WHOSE = dict(zip(IDS, USERS, strict=True))


def test_values_from_elsewhere_have_the_figures_of_the_same_scores():
    """Absolute errors as values: all figures of the MAE, with seeds and by user."""
    systems = {"none": NONE, "own": [OWN, OTHER]}
    expected = compare(systems, task="LaMP_3", references=GOLDS, users=USERS, n_resamples=200)

    def errors(run):
        return {key: abs(int(p) - int(r)) for key, p, r in zip(IDS, run, GOLDS, strict=True)}

    values = {"none": errors(NONE), "own": [errors(OWN), errors(OTHER)]}
    found = compare_values(values, users=WHOSE, higher_is_better=False, n_resamples=200)
    assert found.contrasts["own"]["value"] == expected.contrasts["own"]["MAE"]
    for name, system in found.systems.items():
        assert system.scores["value"] == expected.systems[name].scores["MAE"]
        assert system.intervals["value"] == expected.systems[name].intervals["MAE"]
    assert found.task is None
    assert found.signature.startswith(
        "n:60|rule:1|runs:1,2|also:value(better:lower)|test:paired-randomization|clusters:users"
    )
    json.dumps(found.as_dict(), allow_nan=False)
    for form in ("text", "markdown", "latex", "json", "csv"):
        assert getattr(found, f"to_{form}")()


def test_the_direction_says_who_wins():
    values = {"none": dict.fromkeys(IDS, 1), "own": dict.fromkeys(IDS, 2)}
    assert compare_values(values).contrasts["own"]["value"].better == "own"
    found = compare_values(values, higher_is_better=False).contrasts["own"]["value"]
    assert (found.better, found.losses, found.difference) == ("none", 60, 1.0)
    systems = {"none": ["a b", "c d"] * 20, "own": ["a b c", "c d e"] * 20}
    found = compare(systems, task="LaMP_4", references=["a b c", "c e d"] * 20, also=["rouge-2"], n_resamples=50)
    assert list(found.contrasts["own"]) == ["rouge-1", "rouge-L", "rouge-2"]
    assert "|also:rouge-2(rouge_score " in found.signature


@pytest.mark.parametrize(
    ("values", "users", "message"),
    [
        ({"none": {"1": 1, "2": 2}, "own": {"1": 1}}, None, "system 'own' lacks 1 of the 2 ids in the samples"),
        ({"none": {"1": 1, "2": 2}, "own": {"1": 1, "2": "x"}}, None, "system 'own': expected a number for sample '2'"),
        (
            {"none": {"1": 1, "2": 2}, "own": {"1": 1, "2": 2}},
            {"1": "u"},
            "users: 1 of 2 samples have none .first: '2'",
        ),
        ({"none": {"1": 1, "2": 2}, "own": {"1": 1, "2": 2}}, dict.fromkeys("12", "u"), "expected at least two users"),
        ({"none": {"1": 1}}, None, "expected two systems or more"),
    ],
)
def test_values_that_are_not_of_the_same_samples_are_refused(values, users, message):
    with pytest.raises(ValueError, match=message):
        compare_values(values, users=users)


FOUR, OWNERS = ["5", "5", "1", "3"], ["ann", "ann", "bob", "cy"]


def test_the_scores_are_means_of_each_users_own_by_hand():
    samples = measure(TASKS["LaMP_3"], ["4", "2", "1", "5"], FOUR, users=OWNERS, also=["accuracy", "pearson"])
    found = users_as_samples(samples)
    assert found.ids == found.users == ["ann", "bob", "cy"]
    assert found.statistics["MAE"] == [2.0, 0.0, 2.0]
    assert found.statistics["RMSE"] == [math.sqrt(5), 0.0, 2.0]
    assert found.scores == pytest.approx({"MAE": 4 / 3, "RMSE": (math.sqrt(5) + 2) / 3, "accuracy": 1 / 3})
    assert found.scorer.higher_is_better == {"MAE": False, "RMSE": False, "accuracy": True}
    samples = measure(TASKS["LaMP_2"], ["comedy", "action"], ["comedy", "classic"], users=["ann", "bob"])
    assert users_as_samples(samples).scores == {"accuracy": 0.5}


def test_means_of_users():
    systems, users = {"none": ["3"] * 40, "own": FOUR * 10}, [f"u{place}" for place in range(40)]
    options = {"task": "LaMP_3", "references": FOUR * 10, "users": users, "n_resamples": 99}
    plain, averaged = (compare(systems, **options, average=over) for over in ("samples", "users"))
    assert averaged.contrasts["own"]["MAE"] == plain.contrasts["own"]["MAE"]
    assert "|average:users|clusters:users|users:40|" in averaged.signature
    assert (averaged.n, averaged.users) == (40, 40)
    systems, users = {"none": ["3"] * 4, "own": ["5", "5", "1", "1"]}, ["ann", "ann", "ann", "bob"]
    found = compare(systems, task="LaMP_3", references=["5", "5", "1", "3"], users=users, average="users").contrasts[
        "own"
    ]["MAE"]
    assert found.difference == 0.0
    assert (found.wins, found.losses) == (1, 1)
    labels = {"task": "LaMP_2", "references": ["comedy"] * 4, "users": users, "average": "users"}
    notes = compare({"a": ["comedy"] * 4, "b": ["action"] * 4}, **labels).notes
    assert notes[0] == "f1: no mean over samples, so left out of the users' means"


@pytest.mark.parametrize(
    ("options", "message"),
    [({"average": "users"}, "means of users' means need the user"), ({"average": "user"}, "expected 'samples' or")],
)
def test_an_average_that_cannot_be_taken_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        compare({"a": ["4"], "b": ["5"]}, task="LaMP_3", references=["5"], **options)


GENERATOR = np.random.default_rng(5)
LABELS = TASKS["LaMP_2"].labels[:5]
TAGGERS = [f"u{int(place)}" for place in GENERATOR.integers(0, 40, 240)]
TAGS = [str(label) for label in GENERATOR.choice(LABELS, 240)]


def tags(skill):
    guesses = GENERATOR.choice(LABELS, 240)
    return [g if GENERATOR.random() < skill else str(x) for g, x in zip(TAGS, guesses, strict=True)]


def scored(*skills, users=TAGGERS):
    return [measure(TASKS["LaMP_2"], tags(skill), TAGS, users=users) for skill in skills]


SYSTEMS = {"none": scored(0.2), "own": scored(0.5, 0.45, 0.55), "other": scored(0.25)}
COMPARED = compare_systems(SYSTEMS, None, Resampling(n_resamples=2000))


def test_scores_of_several_runs_are_averaged_and_their_spread_shown():
    own, runs = COMPARED.systems["own"], SYSTEMS["own"]
    for key in ("accuracy", "f1"):
        assert own.scores[key] == pytest.approx(sum(run.scores[key] for run in runs) / 3, abs=1e-15)
        assert own.spread[key] == pytest.approx(stdev(run.scores[key] for run in runs))
    assert (own.runs, COMPARED.systems["none"].runs, COMPARED.systems["none"].spread) == (3, 1, None)
    assert "|runs:1,3,1|" in COMPARED.signature
    assert COMPARED.systems["none"].intervals == intervals(SYSTEMS["none"][0], Resampling(n_resamples=2000))


def test_every_system_but_the_baseline_has_a_contrast_in_every_score():
    assert {name: list(found) for name, found in COMPARED.contrasts.items()} == {
        name: ["accuracy", "f1"] for name in ("own", "other")
    }
    for name, found in COMPARED.contrasts.items():
        for key, contrast in found.items():
            values = COMPARED.systems[name].scores[key], COMPARED.systems["none"].scores[key]
            assert contrast.difference == values[0] - values[1]
            assert contrast.difference_ci[0] < contrast.difference < contrast.difference_ci[1]
            assert contrast.better == (name if contrast.difference > 0 else "none")
    assert COMPARED.contrasts["own"]["accuracy"].p_value < 0.01


def test_p_values_are_corrected_within_each_score_and_users_won_by_their_mean():
    for key in ("accuracy", "f1"):
        raw, corrected = zip(*((c[key].p_value, c[key].p_holm) for c in COMPARED.contrasts.values()), strict=True)
        assert list(corrected) == holm(raw)
    contrast = COMPARED.contrasts["own"]["accuracy"]
    assert contrast.wins + contrast.ties + contrast.losses == COMPARED.users == len(set(TAGGERS))
    assert contrast.wins > contrast.losses
    assert COMPARED.contrasts["own"]["f1"].wins is None


def test_the_standard_error_is_the_clustered_one_of_miller():
    """Equation 4 of arXiv 2411.00640: the root of the sum over users of their squared sums of deviations, over n."""
    (a,), (b,) = SYSTEMS["other"], SYSTEMS["none"]
    gaps = np.array(a.statistics["correct"]) - np.array(b.statistics["correct"])
    sums = [(gaps - gaps.mean())[[user == one for user in TAGGERS]].sum() for one in set(TAGGERS)]
    clustered = math.sqrt(sum(s * s for s in sums)) / len(gaps)
    contrast = COMPARED.contrasts["other"]["accuracy"]
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
RATERS = ["b", "a", "b", "c", "a", "c"]


def rated(predictions, users=RATERS):
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


def test_so_few_users_that_nothing_can_be_found_have_no_detectable_difference():
    """Of five users the smallest possible p is 0.0625; of six it is 0.031, but 0.094 among three pairs."""
    golds = ["3"] * 12
    systems = {"a": ["4", "5"] * 6, "b": ["3", "3", "4"] * 4, "c": ["5", "1", "2", "3"] * 3}
    options = {"task": "LaMP_3", "references": golds}
    few = compare(systems, **options, users=[f"u{n % 5}" for n in range(12)]).contrasts["b"]["MAE"]
    assert (few.detectable, few.p_value >= 0.0625) == (None, True)
    found = compare(systems, **options, users=[f"u{n % 6}" for n in range(12)], all_pairs=True)
    assert found.notes[0] == "3 comparisons: no p (Holm) can be below 0.094; that takes more users"
    one = found.contrasts["b"]["MAE"]
    half = (one.difference_ci[1] - one.difference_ci[0]) / 2
    assert one.standard_error < half / 2  # Student's quantile is above 2
    assert one.detectable > half
