import json

import numpy as np
import pandas as pd
import pytest

from lamp_dataset import __version__
from lamp_metric.comparison import compare, compare_all, runs_of


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


def test_the_signature_names_the_test_and_the_resampling():
    systems, drawn = {"a": ["x"] * 40, "b": ["x"] * 40}, {"confidence_level": 0.9, "n_resamples": 500, "seed": 7}
    assert compare_all(systems, task="LaMP_4", references=["x"] * 40, **drawn).signature == (
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
    systems, users = {"a": ["x"] * 12, "b": ["x"] * 12}, list("aabbccddeeff")
    found = compare_all(systems, task="LaMP_4", references=["x"] * 12, users=users, n_resamples=99)
    assert "|clusters:users|users:6|confidence:" in found.signature


GOLDS = [str(1 + i % 5) for i in range(60)]
USERS = [f"u{i % 11}" for i in range(60)]
NONE = ["3"] * 60
OWN = [gold if i % 3 else "3" for i, gold in enumerate(GOLDS)]
OTHER = [gold if i % 7 == 0 else "2" for i, gold in enumerate(GOLDS)]


def test_two_systems_give_the_figures_of_compare():
    found = compare_all({"own": OWN, "none": NONE}, task="LaMP_3", references=GOLDS, users=USERS, baseline="none")
    expected = compare("LaMP_3", OWN, NONE, GOLDS, users=USERS)
    for key, contrast in found.contrasts["own"].items():
        assert (found.systems["own"].scores[key], found.systems["none"].scores[key]) == (
            expected[key]["a"],
            expected[key]["b"],
        )
        assert contrast.difference == expected[key]["difference"]
        assert contrast.difference_ci == expected[key]["difference_ci"]
        assert contrast.p_value == contrast.p_holm == expected[key]["p_value"]
        assert contrast.better == "own"
    assert (found.n, found.users, found.baseline) == (60, 11, "none")
    assert "|test:paired-randomization|clusters:users|users:11|" in found.signature
    assert len(found.notes) == 1
    assert "few users (11)" in found.notes[0]


def test_any_iterable_goes_and_the_first_system_is_the_baseline():
    systems = {"none": iter(NONE), "own": pd.Series(OWN)}
    found = compare_all(systems, task="LaMP_3", references=iter(GOLDS), users=iter(USERS), n_resamples=50)
    assert found.baseline == "none"
    json.dumps(found.as_dict(), allow_nan=False)


def test_lists_of_lists_are_runs_and_nothing_else_is():
    assert runs_of([OWN, NONE]) == [OWN, NONE]
    assert runs_of((np.array(["1"]), ["2"])) == [np.array(["1"]), ["2"]]
    for one in (OWN, [{"id": "1", "output": "2"}], [np.str_("a")], [np.float64(3)], [], "abc", None, [["a"], "b"]):
        assert runs_of(one) == [one]


def test_bad_input_of_several_systems_is_named():
    with pytest.raises(ValueError, match="two systems.*'own'"):
        compare_all({"own": OWN}, task="LaMP_3", references=GOLDS)
    with pytest.raises(ValueError, match="baseline.*'none', 'own'.*'nine'"):
        compare_all({"none": NONE, "own": OWN}, task="LaMP_3", references=GOLDS, baseline="nine")
    with pytest.raises(ValueError, match="60 samples.*2"):
        compare_all({"none": NONE, "own": OWN}, task="LaMP_3", references=GOLDS, users=["a", "b"])
    with pytest.raises(ValueError, match="system 'own': prediction of sample 1"):
        compare_all({"none": ["1", "1"], "own": ["1", None]}, task="LaMP_3", references=["1", "1"])
    with pytest.raises(ValueError, match="1 and 60"):
        compare_all({"none": NONE, "own": ["1"]}, task="LaMP_3", references=GOLDS)


def test_unusable_predictions_are_counted_and_named():
    with pytest.warns(UserWarning, match="system 'own': 1 of 60"):
        found = compare_all({"none": NONE, "own": ["?", *OWN[1:]]}, task="LaMP_3", references=GOLDS, n_resamples=50)
    assert (found.systems["none"].unusable, found.systems["own"].unusable) == (0, 1)


def test_answers_are_extracted_on_demand():
    said = [f"I give {gold} stars" for gold in GOLDS]
    options = {"task": "LaMP_3", "references": GOLDS, "n_resamples": 50}
    found = compare_all({"none": NONE, "own": said}, extract_answers=True, **options)
    assert found.systems["own"].scores["MAE"] == 0
    assert "|extracted:yes|" in found.signature
