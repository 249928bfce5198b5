import numpy as np
import pytest
from scipy import stats

from lamp_dataset.tasks import TASKS
from lamp_metric import score
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.report.gains import Frame, binned, places, spearman
from lamp_metric.report.profile_similarity import Profile
from lamp_metric.signature import Resampling
from lamp_metric.statistics.bootstrap import mean_intervals, unit_weights

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
