import json

import pytest

from lamp_dataset.tasks import TASKS
from lamp_metric.by_user.making import check_score, make_report
from lamp_metric.by_user.nearness import Nearness
from lamp_metric.by_user.profiles import Profile
from lamp_metric.options import Resampling
from lamp_metric.predictions.joining import JoinedOutputs

pytest.importorskip("matplotlib")


def test_a_report_is_made_of_scored_runs_and_profiles(gainers, tmp_path):
    frame = gainers.frame()
    ids = frame.samples.ids
    joined = {
        name: JoinedOutputs(gainers.task, ids, list(outputs.values()), list(gainers.golds.values()), ("", ""))
        for name, outputs in gainers.outputs.items()
    }
    profiles = {
        # in another order than the samples
        sample: Profile(size, Nearness(1.0, "exact"), f"input {sample}")
        for sample, size in reversed(list(zip(ids, frame.sizes, strict=True)))
    }
    summary = make_report(tmp_path / "out", frame.systems, joined, profiles, "MAE", Resampling(n_resamples=20))
    assert json.loads((tmp_path / "out" / "summary.json").read_text()).items() >= summary.items()
    assert summary["copies"]["exact"] == len(ids)
    bins = summary["by_profile_size"]["bins"]
    assert (bins[0]["low"], bins[-1]["high"]) == (min(frame.sizes), max(frame.sizes))
    sample = summary["extremes"]["own"]["gain"][0]["sample"]
    assert f"<dd>input {sample}</dd>" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "key", "expected"),
    [("LaMP_3", None, "MAE"), ("LaMP_2", "accuracy", "accuracy"), ("LaMP_4_time", "rouge-L", "rouge-L")],
)
def test_the_score_is_one_that_users_have(name, key, expected):
    assert check_score(TASKS[name], key) == expected


@pytest.mark.parametrize(("name", "key"), [("LaMP_3", "RMSE"), ("LaMP_2", "f1"), ("LaMP_4", "MAE")])
def test_another_score_is_an_error(name, key):
    with pytest.raises(ValueError, match=f"{name}.*'{key}'"):
        check_score(TASKS[name], key)
