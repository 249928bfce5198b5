import numpy as np
import pytest

from lamp_metric.report.gains_by_trait import binned, places, spearman
from lamp_metric.statistics.bootstrap import mean_intervals, unit_weights
from lamp_metric.statistics.resampling import Resampling


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


stats = pytest.importorskip("scipy.stats")


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
