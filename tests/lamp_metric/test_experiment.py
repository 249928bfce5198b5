import json

import numpy as np
import pandas as pd
import pytest

from lamp_metric.comparison import compare
from lamp_metric.experiment import compare_all, runs_of

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


def test_bad_input_is_named():
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
