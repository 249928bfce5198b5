import json
import math

import numpy as np
import pandas as pd
import pytest

from lamp_dataset import __version__
from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.statistics.comparing import compare, compare_values, runs_of
from lamp_metric.statistics.contrasts import users_as_samples


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
    assert "|test:paired-randomization|clusters:users|users:6|confidence:" in found.signature
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
    systems = {"none": ["4"] * 3, "drawn": [["5", "1", "4"], ["3", "2", "4"], ["5", "1", "5"]]}
    found = compare(systems, task="LaMP_3", references=["5", "2", "4"], n_resamples=9, answers=answers)
    assert found.systems["drawn"].scores["MAE"] == pytest.approx(error)
    assert found.systems["drawn"].runs == (3 if answers == "mean" else 1)
    assert (f"|answers:{answers}" in found.signature) == (answers != "mean")
    with pytest.raises(ValueError, match="answers: expected one of mean, best, majority, found 'first'"):
        compare(systems, task="LaMP_3", references=["5", "2", "4"], answers="first")


def test_lists_of_lists_are_runs_and_nothing_else_is():
    assert runs_of([OWN, NONE]) == [OWN, NONE]
    assert runs_of((np.array(["1"]), ["2"])) == [np.array(["1"]), ["2"]]
    for one in (OWN, [{"id": "1", "output": "2"}], [np.str_("a")], [np.float64(3)], [], "abc", None, [["a"], "b"]):
        assert runs_of(one) == [one]


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
    assert found.signature.startswith("n:60|rule:1|also:value(better:lower)|test:paired-randomization|clusters:users")
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


@pytest.mark.parametrize(
    ("options", "message"),
    [({"average": "users"}, "means of users' means need the user"), ({"average": "user"}, "expected 'samples' or")],
)
def test_an_average_that_cannot_be_taken_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        compare({"a": ["4"], "b": ["5"]}, task="LaMP_3", references=["5"], **options)
