import json
import re
import stat

import pytest
from folders import tree
from made_users import Gainers

from lamp_metric.result_tables.text_and_csv import shown_p

pytest.importorskip("matplotlib")

FEW = ("--n_resamples", 50)


#: Words that are in no page unless a text is.
SECRET = " ".join(f"secret{number}" for number in range(500))


class Split(Gainers):
    """The files of a split of five made-up users, and of the predictions of three systems."""

    def __init__(self, folder, name="LaMP_3_time"):
        super().__init__(name, effect=False, users=5, words=SECRET)
        self.folder = folder
        self.write(folder)

    def predict(self, system, outputs):
        self.outputs[system] = outputs
        self.write(self.folder)

    def call(self, *options, preds=("none", "own", "other"), output="report"):
        files = [f"{system}={self.folder / system}.json" for system in preds]
        data = [] if "--golds" in options else ["--data-dir", self.folder / "data"]
        return ["report", self.task.name, *data, "--preds", *files, "--output", self.folder / output, *FEW, *options]

    def summary(self, output="report"):
        return json.loads((self.folder / output / "summary.json").read_text())


def ends(split):
    """The samples that stand for the users who gain and lose most."""
    return [
        user["sample"] for sides in split.summary()["extremes"].values() for side in sides.values() for user in side
    ]


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def split(tmp_path):
    return Split(tmp_path)


def test_a_report_is_written_and_summed_up(split, run):
    result = run(*split.call())
    assert (result.exit_code, result.exception) == (0, None), result.output
    assert {path.name for path in (split.folder / "report").iterdir()} == {
        "report.html", "users.csv", "summary.json", "figures",
    }  # fmt: skip
    summary = split.summary()
    lines = result.stdout.splitlines()
    assert lines[0] == f"{split.folder / 'report'}: {len(split.rows)} samples of 5 users, baseline none"
    for line, system in zip(lines[1:], ("own", "other"), strict=True):
        found = summary["contrasts"][system]["MAE"]
        assert line.startswith(f"  {system}: MAE gain {found['gain']:+.4f} ")
        assert f"p {shown_p(found['p_value'])} (Holm {shown_p(found['p_holm'])})" in line
        assert f"{found['users_better']} better, {found['users_equal']} equal, {found['users_worse']} worse" in line
    assert "few users (5)" in result.stderr
    assert summary["signature"].startswith(f"task:LaMP_3_time|n:{len(split.rows)}|")
    assert "|clusters:users|users:5|" in summary["signature"]


def test_all_pairs_runs_and_wrapped_answers_are_in_the_report(tmp_path, run):
    """Two seeds of two answers to each sample; another system's answers are in a chat's frame."""
    split = Split(tmp_path, "LaMP_7_time")
    own = split.outputs["own"]
    split.predict("seed", {key: [value, value] for key, value in own.items()})
    split.predict("drawn", {key: [value, "rain"] for key, value in own.items()})
    split.predict("other", {key: f'"{value}"' for key, value in own.items()})
    data = ["--data-dir", split.folder / "data", "--output", split.folder / "report", *FEW]
    files = {name: split.folder / f"{name}.json" for name in ("none", "seed", "drawn", "other")}
    systems = [f"none={files['none']}", f"own={files['seed']},{files['drawn']}", f"other={files['other']}"]
    result = run("report", split.task.name, *data, "--preds", *systems)
    assert result.exit_code == 0, result.output
    summary, n = split.summary(), len(split.rows)
    assert "|runs:1,2,1|answers:1,2,1|" in summary["signature"]
    assert "|pairs:all|" in summary["signature"]
    assert summary["runs"] == {"none": 1, "own": 4, "other": 1}
    assert summary["wrapped"] == {"none": 0, "own": 0, "other": n}
    assert summary["systems"]["own"]["rouge-1"]["spread"] > 0
    assert summary["systems"]["none"]["rouge-1"]["spread"] is None
    compared = run("compare", split.task.name, *data[:2], *FEW, "--preds", *systems, "--all-pairs", "--json")
    pairs = json.loads(compared.stdout)["pairs"]
    assert [{key: pair[key] for key in pairs[0]} for pair in summary["pairs"]] == pairs
    last = summary["pairs"][-2]
    assert (last["system"], last["baseline"], last["score"]) == ("other", "own", "rouge-1")
    assert last["gain"] == last["difference"]
    page = (split.folder / "report" / "report.html").read_text(encoding="utf-8")
    for shown in ("<h2>All pairs</h2>", "other − own", "± runs", "own 4 runs", f"{n} outputs of other look wrapped"):
        assert shown in page


def test_samples_of_the_users_at_the_ends_are_on_the_page(split, run):
    run(*split.call())
    page = (split.folder / "report" / "report.html").read_text(encoding="utf-8")
    inputs = {row["id"]: row["input"].removeprefix(split.task.instruction).strip() for row in split.rows}
    assert ends(split)
    assert all(inputs[sample] in page for sample in ends(split))


def test_golds_and_questions_do_as_well_as_a_folder(split, run):
    run(*split.call())
    names = (split.task.outputs_path("validation"), split.task.questions_path("validation"))
    golds, questions = (split.folder / "data" / name for name in names)
    assert run(*split.call("--golds", golds, "--questions", questions, output="again")).exit_code == 0
    for name in ("summary.json", "users.csv", "report.html", "figures/systems.svg"):
        assert (split.folder / "again" / name).read_bytes() == (split.folder / "report" / name).read_bytes()


@pytest.mark.parametrize(("name", "score"), [("LaMP_1_time", "accuracy"), ("LaMP_7_time", "rouge-L")])
def test_every_kind_of_task_has_a_report(tmp_path, run, name, score):
    split = Split(tmp_path, name)
    assert run(*split.call("--score", score)).exit_code == 0
    assert split.summary()["score"] == score


def test_no_text_of_a_gated_task_reaches_the_folder(tmp_path, run):
    split = Split(tmp_path, "LaMP_6_time")
    split.predict("own", {**split.outputs["own"], "90": "", "91": "?!"})
    result = run(*split.call())
    assert result.exit_code == 0, result.output
    words = set(re.findall(r"secret\d+", json.dumps([split.rows, split.golds, split.outputs])))
    assert len(words) > 50
    files = [path for path in (tmp_path / "report").rglob("*") if path.is_file()]
    for path in files:
        content = path.read_bytes()
        assert not [word for word in words if word.encode() in content], path
    assert ends(split)
    assert {*ends(split)} <= {*split.golds}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    folders = (tmp_path / "report", tmp_path / "report" / "figures")
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


def fails_whole(split, fails, *options, **changes):
    """The message of a call that fails and leaves nothing behind."""
    before = tree(split.folder)
    message = fails(*split.call(*options, **changes))
    assert tree(split.folder) == before
    assert not (split.folder / "report").exists()
    return message


def test_bad_options_are_one_line_and_values_alone_refused(split, fails):
    assert "rouge-1" in fails_whole(split, fails, "--score", "rouge-1")
    assert "nobody" in fails_whole(split, fails, "--baseline", "nobody")
    assert "two systems" in fails_whole(split, fails, preds=("none",))
    assert "none" in fails_whole(split, fails, preds=("none", "none"))
    assert "none.json" in fails_whole(split, fails, "--preds", f"again={split.folder / 'none.json'}")
    golds = split.folder / "data" / split.task.outputs_path("validation")
    assert "--questions" in fails_whole(split, fails, "--golds", golds)
    values = ["--values", "none=a.json", "own=b.json"]
    line = fails("report", "LaMP_3_time", "--golds", "g.json", *values, "--output", "new")
    assert "a report shows predictions: pass --preds next to --values" in line


def test_bad_rows_and_predictions_are_one_line(split, fails):
    questions = split.folder / "data" / split.task.questions_path("validation")
    for rows, fact in (
        ([{**row, "user_id": "user0"} for row in split.rows], "'user0'"),
        ([{**row, "user_id": None} if row["id"] == "94" else row for row in split.rows], "'94'"),
    ):
        write(questions, json.dumps(rows))
        assert fact in fails_whole(split, fails)
    write(questions, json.dumps(split.rows))
    split.predict("own", {**split.outputs["own"], "93": None})
    assert "own.json: prediction of sample '93'" in fails_whole(split, fails)


def test_options_reach_the_report(split, run):
    """Another baseline, answers in sentences, what cannot be used, and names that tell k."""
    said = {key: f"My rating: {gold} stars" for key, gold in split.golds.items()}
    split.predict("k=4", {**said, "90": "no idea", "91": float("nan")})
    split.predict("k=0", split.outputs["none"])
    result = run(*split.call("--baseline", "k=4", "--extract_answers", preds=("k=0", "k=4")))
    assert result.exit_code == 0, result.output
    summary = split.summary()
    assert (summary["baseline"], list(summary["contrasts"])) == ("k=4", ["k=0"])
    assert "|extracted:yes|" in summary["signature"]
    assert summary["unusable"] == {"k=0": 0, "k=4": 2}
    assert "2 outputs of k=4 cannot be used" in (split.folder / "report" / "report.html").read_text(encoding="utf-8")
    assert [one["k"] for one in summary["by_k"]] == [0, 4]
    assert (split.folder / "report" / "figures" / "score_by_k.pdf").exists()


def test_a_folder_that_holds_something_else_is_left_alone_before_any_work(split, fails):
    write(split.folder / "report" / "thesis.tex", "mine")
    (split.folder / "own.json").unlink()
    assert "thesis.tex" in fails(*split.call())
    assert tree(split.folder / "report") == {"thesis.tex": b"mine"}


def test_a_missing_folder_and_a_missing_extra_are_named(split, fails, monkeypatch):
    (split.folder / "own.json").unlink()  # it is named before anything is read
    assert "nowhere" in fails_whole(split, fails, output="nowhere/report")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install '.[report]'" in fails_whole(split, fails)


def test_values_from_elsewhere_and_measures_have_their_sections(split, run):
    values = {name: split.folder / f"v_{name}.json" for name in ("none", "own")}
    for place, path in enumerate(values.values()):
        write(path, json.dumps({key: (number % 4 + 1) * (1 + place) for number, key in enumerate(split.golds)}))
    given = ["--values", *(f"{name}={path}" for name, path in values.items()), "--also", "accuracy", "pearson"]
    result = run(*split.call(*given, "--score", "value", preds=("none", "own")))
    assert result.exit_code == 0, result.output
    found = split.summary()
    assert list(found["systems"]["own"]) == ["MAE", "RMSE", "accuracy", "pearson", "value"]
    assert (found["score"], found["higher_is_better"]) == ("value", True)
    assert found["contrasts"]["own"]["value"]["gain"] > 0
    assert found["by_profile_size"]["bins"]
    assert found["by_similarity"]["bins"]
    assert "|also:accuracy(rounded:half-up),pearson(constant:0),value(better:higher)|" in found["signature"]
    text = (split.folder / "report" / "report.html").read_text()
    assert "For accuracy and pearson and value, higher is better." in text
