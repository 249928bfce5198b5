import numpy as np
import pytest

from lamp_metric.scoring import score
from lamp_metric.signature import Resampling, signature


def test_clusters_are_named_with_the_number_of_users():
    assert "|clusters:users|users:12|confidence:0.95|" in signature("LaMP_4", 40, Resampling(), 12)
    assert "clusters" not in signature("LaMP_4", 40, Resampling())


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"confidence_level": 95}, "confidence_level.* 0 and 1.* 95"),
        ({"confidence_level": 1.0}, "confidence_level.* 1.0"),
        ({"confidence_level": float("nan")}, "confidence_level.* nan"),
        ({"confidence_level": 0.9, "n_resamples": 0}, "n_resamples.* 1.* 0$"),
        ({"confidence_level": 0.9, "n_resamples": 10.5}, "n_resamples.* 10.5"),
        ({"confidence_level": 0.9, "seed": -1}, "seed.* 0.* -1$"),
    ],
)
def test_options_out_of_range_are_named(options, facts):
    with pytest.raises(ValueError, match=facts):
        Resampling(**options)
    with pytest.raises(ValueError, match=facts):
        score("LaMP_4", ["a"], ["a"], **options)


def test_numbers_of_numpy_are_fine_and_no_level_is_no_resampling():
    assert Resampling(np.float64(0.9), np.int64(10), np.int32(1)) == Resampling(0.9, 10, 1)
    assert Resampling.on_demand(None, n_resamples=0) is None
    assert Resampling.on_demand(0.9, 10, 3) == Resampling(0.9, 10, 3)
