import numpy as np
import pytest

import lamp_metric
from lamp_dataset import __version__
from lamp_dataset.tasks import TASKS
from lamp_metric import score
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.report.gains import Frame
from lamp_metric.report.profile_similarity import Profile
from lamp_metric.report.summary import summarize
from lamp_metric.signature import Resampling

#: Wide intervals: of those of 95 %, one in twenty lies off without any effect.
DRAWN = Resampling(0.999, 2000)


@pytest.fixture(scope="module")
def effect(gainers):
    return summarize(gainers.frame(), "MAE", DRAWN)


@pytest.fixture(scope="module")
def none(nobody_gains):
    return summarize(nobody_gains.frame(), "MAE", DRAWN)


def test_the_head_counts_samples_and_users(gainers, effect):
    counts = np.unique([row["user_id"] for row in gainers.rows], return_counts=True)[1]
    assert (effect["samples"], effect["users"]) == (len(gainers.rows), 150)
    assert effect["samples_per_user"] == {"median": float(np.median(counts)), "max": 5}
    assert (effect["baseline"], effect["score"]) == ("none", "MAE")
    assert effect["unusable"] == {"none": 0, "own": 0, "other": 0}
    assert effect["notes"] == []
    assert effect["signature"] == (
        f"task:LaMP_3_time|n:{len(gainers.rows)}|rule:1|test:paired-randomization|clusters:users|users:150|"
        f"confidence:0.999|resamples:2000|seed:0|version:{__version__}"
    )
    copies = effect["copies"]
    assert copies == {"exact": 0, "near": 0, "samples_without": effect["samples"], "users_without": 150}


def test_contrasts_are_those_of_compare_turned_so_that_better_is_positive(gainers, effect):
    users = [row["user_id"] for row in gainers.rows]
    systems = {name: list(gainers.outputs[name].values()) for name in ("none", "own")}
    options = {"task": "LaMP_3", "users": users, "n_resamples": 2000, "confidence_level": 0.999}
    pair = lamp_metric.compare(systems, references=list(gainers.golds.values()), **options).contrasts["own"]
    for key, one in effect["contrasts"]["own"].items():
        assert one["gain"] == pytest.approx(-pair[key].difference)
        assert one["gain_ci"] == pytest.approx([-bound for bound in reversed(pair[key].difference_ci)])
        assert one["p_value"] == pair[key].p_value <= one["p_holm"]
    gains = gainers.frame().by_user(gainers.frame().gains("own", "MAE"))
    counts = {"better": sum(gains > 0), "equal": sum(gains == 0), "worse": sum(gains < 0)}
    assert {name: effect["contrasts"]["own"]["MAE"][f"users_{name}"] for name in counts} == counts


def test_runs_of_one_system_are_averaged():
    def run(*outputs):
        return measure(TASKS["LaMP_3"], outputs, ["5", "1", "3"], ["1", "2", "3"], users=["a", "b", "b"])

    runs = {"none": [run("1", "1", "1")], "own": [run("5", "1", "3"), run("3", "1", "x")]}
    found = summarize(Frame(runs, [Profile(1, 0.0)] * 3), "MAE", Resampling(n_resamples=20))
    assert found["contrasts"]["own"]["MAE"]["gain"] == pytest.approx(2 - (0 + 4 / 3) / 2)
    assert found["contrasts"]["own"]["MAE"]["users_better"] == 2
    assert found["unusable"] == {"none": 0, "own": 1}
    assert len(found["notes"]) == 1


def test_systems_are_scored_over_samples_and_over_users(gainers, effect):
    found = effect["systems"]["own"]
    golds = list(gainers.golds.values())
    outputs = list(gainers.outputs["own"].values())
    for key, value in score("LaMP_3", outputs, golds).items():
        assert found[key]["over_samples"] == pytest.approx(value)
    errors = {}
    for row, output, gold in zip(gainers.rows, outputs, golds, strict=True):
        errors.setdefault(row["user_id"], []).append(abs(int(output) - int(gold)))
    assert found["MAE"]["over_users"] == pytest.approx(np.mean([np.mean(values) for values in errors.values()]))
    assert found["RMSE"]["over_users"] is None


def test_that_users_with_large_profiles_gain_is_found(effect):
    contrast = effect["contrasts"]["own"]["MAE"]
    assert contrast["gain"] > 0 < contrast["gain_ci"][0]
    assert contrast["p_value"] < 0.001
    low, high = effect["by_profile_size"]["spearman"]["own"]["rho_ci"]
    assert 0.2 < low < high < 1
    bins = [entry["gains"]["own"]["gain"] for entry in effect["by_profile_size"]["bins"]]
    assert bins[0] < 0.2 < 0.5 < bins[-1]
    assert effect["by_profile_size"]["bins"][-1]["gains"]["own"]["gain_ci"][0] > 0


@pytest.mark.parametrize("system", ["own", "other"])
def test_where_nobody_gains_nothing_is_found(none, system):
    contrast = none["contrasts"][system]["MAE"]
    assert contrast["p_value"] > 0.001
    assert contrast["gain_ci"][0] < 0 < contrast["gain_ci"][1]
    for trait in ("by_profile_size", "by_similarity"):
        low, high = none[trait]["spearman"][system]["rho_ci"]
        assert low < 0 < high


def test_the_ends_are_the_users_with_the_largest_gains(gainers, effect):
    frame = gainers.frame()
    gains = dict(zip(frame.names, frame.by_user(frame.gains("own", "MAE")), strict=True))
    best, worst = effect["extremes"]["own"]["gain"], effect["extremes"]["own"]["lose"]
    assert [one["gain"] for one in best] == sorted(gains.values(), reverse=True)[:10]
    assert [one["gain"] for one in worst] == sorted(gains.values())[:10]
    for one in best + worst:
        assert gains[one["user"]] == one["gain"]
        row = next(row for row in gainers.rows if row["id"] == one["sample"])
        assert row["user_id"] == one["user"]
        assert one["profile_size"] == len(row["profile"])
        assert abs(one["sample_gain"]) >= abs(one["gain"])


def test_contrasts_without_copies_are_those_of_the_other_samples(gainers):
    frame = gainers.frame()
    kinds = ["exact" if n % 3 == 0 else "near" if n % 3 == 1 else "" for n in range(len(frame.users))]
    leaky = Frame(frame.systems, [Profile(1, 0.1, kind) for kind in kinds])
    found = summarize(leaky, "MAE", Resampling(n_resamples=100))["copies"]
    rest = frame.only(np.array([not kind for kind in kinds]))
    assert (found["exact"], found["near"]) == (kinds.count("exact"), kinds.count("near"))
    assert (found["samples_without"], found["users_without"]) == (kinds.count(""), len(rest.names))
    assert found["contrasts_without"] == summarize(rest, "MAE", Resampling(n_resamples=100))["contrasts"]


def test_too_few_users_are_not_compared_and_systems_named_after_k_are_lined_up(gainers):
    frame = gainers.frame()
    last = len(frame.users) - 1
    leaky = Frame(frame.systems, [Profile(1, 1.0, "" if n == last else "near") for n in range(last + 1)])
    found = summarize(leaky, "MAE", Resampling(n_resamples=10))["copies"]
    assert (found["samples_without"], found["contrasts_without"]) == (1, None)
    named = Frame(dict(zip(["k=16", "k4", "k=x"], frame.systems.values(), strict=True)), frame.profiles)
    found = summarize(named, "MAE", Resampling(n_resamples=10))
    assert [(one["k"], one["system"]) for one in found["by_k"]] == [(4, "k4"), (16, "k=16")]
    assert found["by_k"][0]["score"] == found["systems"]["k4"]["MAE"]["over_samples"]
