import csv
import io
import json
import os
import stat

import pytest

from lamp_dataset.tasks import TASKS
from lamp_metric.by_user.figures import DRAWINGS, FORMATS
from lamp_metric.by_user.report_folder import check_replaceable, users_csv, write_folder
from lamp_metric.by_user.summary import summarize
from lamp_metric.options import Resampling

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


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


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
    similarity = sum(frame.nearness[number].similarity for number in wanted) / len(wanted)
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


def test_neither_does_a_file_nor_a_report_with_something_added(written, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="file"):
        check_replaceable(tmp_path / "file")
    (written / "mine.txt").write_text("")
    with pytest.raises(ValueError, match=r"mine\.txt"):
        check_replaceable(written)
    (written / "mine.txt").unlink()
    check_replaceable(written)


def test_an_empty_folder_and_none_may_be_filled(tmp_path):
    (tmp_path / "empty").mkdir()
    check_replaceable(tmp_path / "empty")
    check_replaceable(tmp_path / "none")


def modes(folder):
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_dir() or path.is_file()}


def test_a_gated_report_is_for_its_owner_alone(frame, summary, tmp_path, monkeypatch):
    monkeypatch.setattr(type(frame), "task", property(lambda self: TASKS["LaMP_6_time"]))
    monkeypatch.setattr(type(frame), "keys", property(lambda self: ["MAE"]))
    monkeypatch.setattr("lamp_metric.by_user.report_folder.figures", lambda *_: {"systems": {"svg": b"<svg></svg>"}})
    write_folder(tmp_path / "out", frame, summary, {})
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    assert modes(tmp_path / "out") == {0o700, 0o600}
