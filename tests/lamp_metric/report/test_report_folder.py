import csv
import io
import json
import os
import stat

import pytest
from folders import tree

from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.report.figures import DRAWINGS, FORMATS
from lamp_metric.report.profile_similarity import Profile
from lamp_metric.report.report_folder import (
    check_score,
    excerpts,
    make_report,
    users_csv,
    write_folder,
)
from lamp_metric.report.summary import summarize
from lamp_metric.statistics.resampling import Resampling

SUMMARY = {"baseline": "none", "extremes": {"own": {"gain": [{"sample": "2"}], "lose": []}}}
PROFILES = {key: Profile(1, 0.0, "", f"text {key}") for key in "12"}


def scored(name, *outputs):
    return [measure(TASKS[name], outputs, ["gold 1", "gold 2"], ["1", "2"])]


def test_input_gold_and_both_outputs_are_shown_but_of_no_gated_task():
    systems = {
        "none": scored("LaMP_4", "a", "b"),
        "own": scored("LaMP_4", "c", "4"),
        "other": scored("LaMP_4", "e", "f"),
    }
    assert excerpts(SUMMARY, systems, PROFILES) == {
        "own": {"2": {"input": "text 2", "gold": "gold 2", "output of none": "b", "output of own": "4"}}
    }
    systems = {"none": scored("LaMP_6", "a", "b"), "own": scored("LaMP_6", "c", "d")}
    assert excerpts(SUMMARY, systems, PROFILES) == {}


pytest.importorskip("matplotlib")

FILES = {"report.html", "users.csv", "summary.json"} | {
    f"figures/{name}.{kind}" for name in DRAWINGS if name != "score_by_k" for kind in FORMATS
}


@pytest.fixture(scope="module")
def frame(gainers):
    return gainers.frame()


@pytest.fixture(scope="module")
def summary(frame):
    return summarize(frame, "MAE", Resampling(n_resamples=20))


@pytest.fixture(scope="module")
def written(frame, summary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports") / "report"
    write_folder(folder, frame, summary, {})
    return folder


def test_the_folder_is_whole(written, summary):
    assert set(tree(written)) == FILES
    assert json.loads((written / "summary.json").read_text()) == {"made_by": "lamp-metric report", **summary}
    page = (written / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg ") == 5


def test_a_row_per_user(written, frame, gainers):
    rows = list(csv.DictReader(io.StringIO((written / "users.csv").read_text())))
    assert [row["user"] for row in rows] == frame.names
    wanted = {
        number: (row, gainers.golds[row["id"]])
        for number, row in enumerate(gainers.rows)
        if row["user_id"] == rows[5]["user"]
    }
    errors = {
        system: [abs(int(outputs[row["id"]]) - int(gold)) for row, gold in wanted.values()]
        for system, outputs in gainers.outputs.items()
    }
    means = {system: sum(values) / len(values) for system, values in errors.items()}
    similarity = sum(frame.profiles[number].similarity for number in wanted) / len(wanted)
    expected = {
        "samples": len(wanted),
        "profile_size": len(next(iter(wanted.values()))[0]["profile"]),
        "similarity": similarity,
        **{f"{system} MAE": mean for system, mean in means.items()},
        **{f"{system} MAE gain": means["none"] - means[system] for system in ("own", "other")},
    }
    assert {key: float(value) for key, value in rows[5].items() if key != "user"} == pytest.approx(expected, rel=1e-5)
    assert users_csv(frame).encode() == (written / "users.csv").read_bytes()


def test_the_same_input_gives_the_same_folder_over_an_older_one(written, frame, summary):
    before = tree(written)
    write_folder(written, frame, summary, {})
    assert tree(written) == before
    assert os.listdir(written.parent) == ["report"]


@pytest.mark.parametrize("name", ["notes.txt", "figures/mine.svg", "report.html", "summary.json"])
def test_a_folder_that_holds_something_else_stays(frame, summary, tmp_path, name):
    (tmp_path / "out" / name).parent.mkdir(parents=True)
    (tmp_path / "out" / name).write_text("{}")
    before = tree(tmp_path)
    with pytest.raises(ValueError, match=f"{tmp_path / 'out'}: .*{name}"):
        write_folder(tmp_path / "out", frame, summary, {})
    assert tree(tmp_path) == before


def modes(folder):
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_dir() or path.is_file()}


def test_a_gated_report_is_for_its_owner_alone(frame, summary, tmp_path, monkeypatch):
    monkeypatch.setattr(frame, "task", TASKS["LaMP_6_time"])
    monkeypatch.setattr("lamp_metric.report.report_folder.figures", lambda *_: {"systems": {"svg": b"<svg></svg>"}})
    write_folder(tmp_path / "out", frame, summary, {})
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    assert modes(tmp_path / "out") == {0o700, 0o600}


def test_a_report_is_made_of_scored_runs_and_profiles(gainers, tmp_path):
    frame = gainers.frame()
    ids = frame.samples.ids
    profiles = {
        # in another order than the samples
        sample: Profile(size, 1.0, "exact", f"input {sample}")
        for sample, size in reversed(list(zip(ids, frame.sizes, strict=True)))
    }
    summary = make_report(tmp_path / "out", frame.systems, profiles, "MAE", Resampling(n_resamples=20))
    assert json.loads((tmp_path / "out" / "summary.json").read_text()).items() >= summary.items()
    assert summary["copies"]["exact"] == len(ids)
    bins = summary["by_profile_size"]["bins"]
    assert (bins[0]["low"], bins[-1]["high"]) == (min(frame.sizes), max(frame.sizes))
    sample = summary["extremes"]["own"]["gain"][0]["sample"]
    assert f"<dd>input {sample}</dd>" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_the_score_is_one_that_users_have():
    for name, key, expected in (("LaMP_3", None, "MAE"), ("LaMP_2", "accuracy", "accuracy")):
        assert check_score(TASKS[name], key) == expected
    for name, key in (("LaMP_3", "RMSE"), ("LaMP_2", "f1"), ("LaMP_4", "MAE")):
        with pytest.raises(ValueError, match=f"{name}.*'{key}'"):
            check_score(TASKS[name], key)
