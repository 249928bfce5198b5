import random

import pytest
from scipy import stats

from lamp_metric.statistics.resampling import detectable_difference, few_units, holm


def test_holms_p_values_by_hand():
    """Four values sorted: .005, .01, .03, .04; times 4, 3, 2, 1: .02, .03, .06, .04, and none below the one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.4, 0.6]) == [0.8, 0.8]
    assert holm([0.7, 0.9, 0.8]) == [1.0, 1.0, 1.0]
    assert (holm([0.03]), holm([])) == ([0.03], [])


def test_holm_rejects_what_the_step_down_procedure_rejects():
    """The procedure of Holm 1979: go through the sorted values while each is at most alpha / (m - rank)."""
    rng = random.Random(0)
    for _ in range(200):
        p_values = [rng.random() ** 3 for _ in range(rng.randint(1, 7))]
        rejected = set()
        for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
            if p_values[place] > 0.05 / (len(p_values) - rank):
                break
            rejected.add(place)
        assert {place for place, p in enumerate(holm(p_values)) if p <= 0.05} == rejected


def test_a_detectable_difference_is_found_with_80_percent_power():
    """The power of the two-sided z test at 5 % and at 10 %, by scipy."""
    for level in (0.95, 0.9):
        shift = detectable_difference(0.02, level) / 0.02
        threshold = stats.norm.ppf(0.5 + level / 2)
        assert stats.norm.sf(threshold - shift) == pytest.approx(0.8, abs=1e-12)
    assert detectable_difference(1) == pytest.approx(2.8016, abs=1e-4)


def test_few_units_are_noted_with_the_smallest_p_value():
    assert few_units(30, None, 99) == few_units(30, 30, 99) == []
    for said, what in ((few_units(29, None, 99)[0], "samples (29)"), (few_units(500, 29, 99)[0], "users (29)")):
        assert what in said
        assert said.endswith(" 0.02")
    assert few_units(9, None, 99, ["RMSE", "f1"])[0].endswith(
        "0.02, and the interval of RMSE and f1 tends to be too narrow"
    )
    for n, least in ((1, "1"), (4, "0.12"), (25, "0.0002")):
        assert few_units(n, None, 10_000)[0].endswith(f"the smallest possible p is {least}")
