import random
import re

import numpy as np
import pyarrow.compute as pc
import pytest
from scipy import stats

import lamp_metric
from lamp_dataset import __version__
from lamp_dataset.personalize.retrieval.queries import Query
from lamp_dataset.personalize.retrieval.samples import Sample
from lamp_dataset.tasks import TASKS
from lamp_metric import score
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.report.gains import (
    Frame,
    Profile,
    Profiles,
    binned,
    places,
    profiles_of,
    similarities,
    spearman,
    summarize,
)
from lamp_metric.signature import Resampling
from lamp_metric.statistics.resampling import mean_intervals, unit_weights


def of(name, query, *items):
    [found] = profiles_of([Sample(TASKS[name], "1", query, Query(query), items)])
    assert found == Profile(len(items), found.similarity, found.copy, query)
    return found.similarity, found.copy


def by_hand(document, query):
    """Word overlap F1, word by word."""
    a, b = ([word.strip(".,!?\"'()") for word in text.lower().split()] for text in (document, query))
    a, b = ([word for word in words if word] for words in (a, b))
    shared = sum(min(a.count(word), b.count(word)) for word in set(a))
    return 2 * shared / (len(a) + len(b)) if a and b else 0


def test_similarities_equal_a_plain_count():
    rng = random.Random(4)
    words = ["Rain,", "rain", "tea", "(tea)", "-", "!", "can't", "Ångström", "漢字", ""]
    texts = ["  ".join(rng.choices(words, k=rng.randint(0, 9))) for _ in range(200)]
    pairs = [(texts[n:], query) for n, query in enumerate(texts[:20])]
    for (documents, query), found in zip(pairs, similarities(pairs), strict=True):
        expected = [by_hand(text.replace("-", "!"), query.replace("-", "!")) for text in documents]
        assert found.tolist() == pytest.approx(expected)
        assert similarities([(documents, query)])[0].tolist() == found.tolist()


def test_arrow_splits_no_text_that_ends_in_white_space(monkeypatch):
    split = pc.utf8_split_whitespace
    given = []
    monkeypatch.setattr(pc, "utf8_split_whitespace", lambda texts: given.extend(texts.to_pylist()) or split(texts))
    assert [found.tolist() for found in similarities([(["Ångström  ", " "], "漢字 \u3000Ångström  ")])] == [[2 / 3, 0]]
    assert given == ["ångström", "", "漢字 \u3000ångström"]


def test_the_nearest_item_counts():
    assert of("LaMP_7", "a b c d", {"text": "x y"}, {"text": "d c x y"}, {"text": "a z"}) == (0.5, "")


@pytest.mark.parametrize("items", [(), ({"text": ""},), ({"text": " - "},)])
def test_without_words_nothing_is_near(items):
    assert of("LaMP_7", "a b", *items) == (0.0, "")
    assert of("LaMP_7", "", *items) == (0.0, "")


def test_copies_are_told_apart_from_near_copies():
    words = [f"w{n}" for n in range(20)]
    text = " ".join(words)
    assert of("LaMP_7", text, {"text": "other"}, {"text": "  W0 " + " \n".join(words[1:])})[1] == "exact"
    assert of("LaMP_7", text, {"text": f"{text}!"}) == (1.0, "near")
    assert of("LaMP_7", text, {"text": re.sub("w1 ", "v ", text)}) == (0.95, "near")
    assert of("LaMP_7", text, {"text": " ".join(words[:16])})[1] == ""
    found = of("LaMP_4", "a b c d e f", {"title": "x y z", "text": "A b c d e f"})
    assert found == (0.8, "exact")
    assert of("LaMP_4", "x y a b", {"title": "x y", "text": "a b"})[1] == "exact"


def row(task, text):
    item = dict.fromkeys(task.item_fields, "late rain")
    return {"id": "7", "input": f"{task.instruction} {text}", "profile": [item, item]}


def test_size_nearness_and_query_are_kept_but_no_gated_text():
    look = Profiles(TASKS["LaMP_7"])
    for number in range(5000):  # more than are looked at together
        look({**row(look.task, "rain and tea"), "id": f"7{number}"})
    expected = Profile(2, 0.4, "", "rain and tea")
    assert look.by_id() == {f"7{number}": expected for number in range(5000)}
    look = Profiles(TASKS["LaMP_6"])
    look(row(look.task, "late  rain"))
    assert look.by_id() == {"7": Profile(2, 1.0, "exact")}


IDS, USERS = ["1", "2", "3"], ["b", "a", "b"]
GOLDS = ["5", "1", "3"]


def frame(name="LaMP_3", golds=GOLDS, **systems):
    runs = {
        system: [measure(TASKS[name], outputs, golds, IDS, users=USERS) for outputs in given]
        for system, given in systems.items()
    }
    return Frame(runs, [Profile(4, 0.25), Profile(9, 1.0, "exact"), Profile(6, 0.75)])


@pytest.fixture
def rated():
    return frame(base=[["5", "2", "1"]], mine=[["4", "1", "3"], ["5", "1", "2"]])


def test_baseline_users_and_gains(rated):
    assert (rated.baseline, rated.others, rated.keys) == ("base", ["mine"], ("MAE",))
    assert (rated.names, rated.counts.tolist()) == (["b", "a"], [2, 1])
    assert rated.by_user(rated.sizes).tolist() == [5.0, 9.0]
    assert rated.by_user(rated.similarity).tolist() == [0.5, 1.0]
    assert rated.values("base", "MAE").tolist() == [0.0, 1.0, 2.0]
    assert rated.values("mine", "MAE").tolist() == [0.5, 0.0, 0.5]
    assert rated.gains("mine", "MAE").tolist() == [-0.5, 1.0, 1.5]


def test_a_larger_score_is_a_gain_for_texts():
    texts = frame("LaMP_4", ["a b", "c", "d"], base=[["a", "c", "d"]], mine=[["a b", "x", "d"]])
    assert texts.keys == ("rouge-1", "rouge-L")
    assert texts.gains("mine", "rouge-L").tolist() == pytest.approx([1 / 3, -1, 0])


def test_some_samples_are_scored_as_if_there_were_no_others(rated):
    rest = rated.only(np.array([True, False, True]))
    assert (rest.users, rest.profiles) == (["b", "b"], [Profile(4, 0.25), Profile(6, 0.75)])
    assert rest.samples.ids == ["1", "3"]
    assert rest.systems["mine"][1].scores == score("LaMP_3", ["5", "2"], ["5", "3"])


@pytest.mark.parametrize("name", ["LaMP_1", "LaMP_2", "LaMP_4"])
def test_every_kind_of_score_is_worked_out_anew(name):
    labels = TASKS[name].labels or ("a b", "b c", "c")
    golds, outputs = [labels[0], labels[1], labels[1]], [labels[1], labels[1], labels[0]]
    rest = frame(name, golds, base=[outputs]).only(np.array([False, True, True]))
    assert rest.samples.scores == pytest.approx(score(name, outputs[1:], golds[1:]))


def test_bins_are_about_equal_and_never_part_equal_values():
    values = np.array([5, 1, 1, 1, 2, 3, 4, 9, 9, 9])
    found = [sorted(values[mask].tolist()) for mask in places(values, 3)]
    assert found == [[1, 1, 1], [2, 3, 4, 5], [9, 9, 9]]


@pytest.mark.parametrize(("values", "count"), [([3, 3, 3], 1), ([1], 1), ([1, 2, 2, 2, 2, 2, 2, 2], 2)])
def test_fewer_bins_where_values_are_few(values, count):
    masks = places(np.array(values), 5)
    assert len(masks) == count
    assert np.sum(masks, axis=0).tolist() == [1] * len(values)


def test_a_bin_is_described_by_its_samples(gainers):
    frame, resampling = gainers.frame(), Resampling(n_resamples=200)
    sizes = np.array(frame.sizes)
    found = binned(frame, sizes, "MAE", resampling)
    assert len(found) == 5
    assert sum(entry["samples"] for entry in found) == len(sizes)
    last = found[-1]
    mask = sizes >= last["low"]
    gains = frame.gains("own", "MAE")[mask]
    users = [user for user, inside in zip(frame.users, mask, strict=True) if inside]
    assert last == {
        "low": int(sizes[mask].min()),
        "high": int(sizes.max()),
        "median": float(np.median(sizes[mask])),
        "samples": len(users),
        "users": len(set(users)),
        "scores": last["scores"],
        "gains": {
            "own": {"gain": gains.mean(), "gain_ci": mean_intervals([gains], users, resampling)[0]},
            "other": last["gains"]["other"],
        },
    }
    assert last["scores"]["none"]["score"] - last["scores"]["own"]["score"] == pytest.approx(gains.mean())


def test_a_bin_of_one_user_has_no_interval(gainers):
    frame = gainers.frame()
    alone = np.array([float(user == frame.users[0]) for user in frame.users])
    rest, one = binned(frame, alone, "MAE", Resampling(n_resamples=10))
    assert (one["low"], one["high"], one["users"]) == (1.0, 1.0, 1)
    assert one["scores"]["own"]["score_ci"] is None
    assert one["gains"]["other"]["gain_ci"] is None
    assert rest["gains"]["other"]["gain_ci"] is not None


@pytest.mark.parametrize("ties", [1, 10, 10_000])
def test_rho_and_interval_equal_scipys_on_the_same_resamples(ties):
    rng = np.random.default_rng(2)
    x = np.round(rng.normal(size=60) * ties) / ties
    y = np.round((x + rng.normal(size=60)) * ties) / ties
    resampling = Resampling(n_resamples=200, confidence_level=0.9)
    drawn = [
        stats.spearmanr(np.repeat(x, row.astype(int)), np.repeat(y, row.astype(int))).statistic
        for weights in unit_weights(60, resampling)
        for row in weights
    ]
    found = spearman({"other": y, "x": x}, {"y": y}, resampling)["x"]["y"]
    assert found["rho"] == pytest.approx(stats.spearmanr(x, y).statistic)
    assert found["rho_ci"] == pytest.approx(np.percentile(drawn, [5, 95]).tolist())


def test_a_trait_that_does_not_vary_has_no_correlation():
    nothing = {"rho": None, "rho_ci": None}
    traits, columns = {"same": np.ones(5), "size": np.arange(5.0)}, {"own": np.ones(5), "other": np.arange(5.0)}
    found = spearman(traits, columns, Resampling())
    assert found["same"] == {"own": nothing, "other": nothing}
    assert found["size"]["own"] == nothing
    assert found["size"]["other"]["rho"] == pytest.approx(1)
    found = spearman({"size": np.array([1.0, 2.0])}, {"own": np.array([3.0, 4.0])}, Resampling(n_resamples=50))
    assert found["size"]["own"] == {"rho": pytest.approx(1), "rho_ci": pytest.approx([1, 1])}


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
    assert effect["notes"] == ["3 comparisons: no p (Holm) can be below 0.003; that takes more resamples"]
    assert effect["signature"] == (
        f"task:LaMP_3_time|n:{len(gainers.rows)}|rule:1|test:paired-randomization|pairs:all|clusters:users|users:150|"
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
