import pytest

from lamp_dataset import __version__
from lamp_dataset.tasks import TASKS
from lamp_metric.comparison import compare, comparison_signature, least_p
from lamp_metric.options import Resampling


def test_compare_reports_each_score():
    golds = ["4"] * 30
    result = compare("LaMP_3", ["4"] * 30, ["3"] * 15 + ["4"] * 15, golds, n_resamples=999)
    mae = result["MAE"]
    assert (mae["a"], mae["b"], mae["difference"], mae["better"]) == (0.0, 0.5, -0.5, "a")
    assert mae["difference_ci"][0] < -0.5 < mae["difference_ci"][1] < 0
    # None of 999 draws swaps all fifteen: the smallest value possible.
    assert mae["p_value"] == 2 / 1000
    assert list(result) == ["MAE", "RMSE"]


def test_equal_systems_are_equal():
    result = compare("LaMP_4", ["a b", "c"], ["a b", "c"], ["a", "c"])
    assert result["rouge-1"]["better"] is None
    assert result["rouge-1"]["p_value"] == 1.0
    assert result["rouge-1"]["difference_ci"] == [0.0, 0.0]


def test_compare_says_which_system_is_wrong():
    with pytest.raises(ValueError, match="system B.*sample 'x1'.*None"):
        compare("LaMP_4", ["a"], [None], ["a"], ids=["x1"])


def test_compare_takes_generators_and_refuses_bad_options_and_ids():
    expected = compare("LaMP_4", ["a"], ["b"], ["a"], ids=["x"])
    assert compare("LaMP_4", iter(["a"]), iter(["b"]), iter(["a"]), ids=iter(["x"])) == expected
    with pytest.raises(ValueError, match="n_resamples.*0"):
        compare("LaMP_4", ["a"], ["b"], ["a"], n_resamples=0)
    with pytest.raises(ValueError, match="ids.*'x'"):
        compare("LaMP_4", ["a"] * 2, ["b"] * 2, ["a"] * 2, ids=["x", "x"])


def test_the_smallest_p_value_is_that_of_all_swaps_or_of_the_resamples():
    assert least_p(1, 10_000) == 1.0
    assert least_p(4, 10_000) == 2 / 16
    assert least_p(2_500, 10_000) == 2 / 10_001


def test_the_signature_names_the_test_and_the_resampling():
    assert comparison_signature(TASKS["LaMP_4"], 40, Resampling(0.9, 500, 7)) == (
        f"task:LaMP_4|n:40|rule:1|test:paired-randomization|confidence:0.9|resamples:500|seed:7|version:{__version__}"
    )


def test_the_result_with_users_keeps_its_shape():
    golds, users = ["4"] * 12, list("aabbccddeeff")
    plain = compare("LaMP_3", ["4"] * 12, ["3", "4"] * 6, golds)
    clustered = compare("LaMP_3", ["4"] * 12, ["3", "4"] * 6, golds, users=iter(users))
    assert {key: list(found) for key, found in clustered.items()} == {key: list(found) for key, found in plain.items()}
    # all six users differ by a half: no resample of users differs from another, and two of 64 swaps are as large
    assert clustered["MAE"]["difference_ci"] == [-0.5, -0.5]
    assert clustered["MAE"]["p_value"] == 2 / 2**6


def test_the_signature_names_the_users():
    assert "|clusters:users|users:6|confidence:" in comparison_signature(TASKS["LaMP_4"], 40, Resampling(), 6)
