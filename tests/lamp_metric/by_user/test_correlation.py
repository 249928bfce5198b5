import numpy as np
import pytest

from lamp_metric.by_user.correlation import spearman
from lamp_metric.options import Resampling
from lamp_metric.resampling import unit_weights

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
    found = spearman(x, {"y": y}, resampling)["y"]
    assert found["rho"] == pytest.approx(stats.spearmanr(x, y).statistic)
    assert found["rho_ci"] == pytest.approx(np.percentile(drawn, [5, 95]).tolist())


def test_a_trait_that_does_not_vary_has_no_correlation():
    nothing = {"rho": None, "rho_ci": None}
    assert spearman(np.ones(5), {"own": np.arange(5.0)}, Resampling()) == {"own": nothing}
    found = spearman(np.arange(5.0), {"own": np.ones(5), "other": np.arange(5.0)}, Resampling())
    assert found["own"] == nothing
    assert found["other"]["rho"] == pytest.approx(1)


def test_resamples_without_variation_are_left_out():
    found = spearman(np.array([1.0, 2.0]), {"own": np.array([3.0, 4.0])}, Resampling(n_resamples=50))
    assert found["own"] == {"rho": pytest.approx(1), "rho_ci": pytest.approx([1, 1])}
