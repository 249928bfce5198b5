import json
import random
import stat

import made_up
import pytest
from folders import tree

from lamp_dataset.tasks import TASKS

pytest.importorskip("matplotlib")

FEW = ("--n_resamples", 50)


def outputs_of(task, outputs):
    return json.dumps(made_up.outputs(task, outputs))


class Split:
    """A split of 12 samples of five made-up users, and the predictions of three systems."""

    def __init__(self, folder, name="LaMP_3_time"):
        self.task, self.folder, rng = TASKS[name], folder, random.Random(name)

        def text():
            return " ".join(f"secret{rng.randint(0, 9999)}" for _ in range(4))

        def row(number):
            fields = {field: text() for field in self.task.profile_fields}
            items = [{"id": f"9{number}{n}", "date": "2013", **fields} for n in range(3 + number % 5)]
            text_of_input = f"{self.task.instruction} {text()}"
            return {"id": f"9{number}", "user_id": f"user{number % 5}", "input": text_of_input, "profile": items}

        self.rows = [row(number) for number in range(12)]
        self.golds = {row["id"]: rng.choice(self.task.labels) if self.task.labels else text() for row in self.rows}
        write(folder / "data" / self.task.questions_path("validation"), json.dumps(self.rows))
        write(folder / "data" / self.task.outputs_path("validation"), outputs_of(self.task, self.golds))
        self.outputs = {}
        for system in ("none", "own", "other"):
            answers = self.task.labels or [text() for _ in range(5)]
            self.predict(system, {key: rng.choice([gold, rng.choice(answers)]) for key, gold in self.golds.items()})

    def predict(self, system, outputs):
        self.outputs[system] = outputs
        write(self.folder / f"{system}.json", outputs_of(self.task, outputs))

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
    assert lines[0] == f"{split.folder / 'report'}: 12 samples of 5 users, baseline none"
    for line, system in zip(lines[1:], ("own", "other"), strict=True):
        found = summary["contrasts"][system]["MAE"]
        assert line.startswith(f"  {system}: MAE gain {found['gain']:+.4f} ")
        assert f"p {found['p_value']:.4f} (Holm {found['p_holm']:.4f})" in line
        assert f"{found['users_better']} better, {found['users_equal']} equal, {found['users_worse']} worse" in line
    assert "few users (5)" in result.stderr
    assert summary["signature"].startswith("task:LaMP_3_time|n:12|")
    assert "|clusters:users|users:5|" in summary["signature"]


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


@pytest.mark.parametrize("name", ["LaMP_1", "LaMP_2_time", "LaMP_7_time"])
def test_every_kind_of_task_has_a_report(tmp_path, run, name):
    if not name.endswith("_time"):
        split = Split(tmp_path, f"{name}_time")
        split.task = TASKS[name]
        for row in split.rows:
            del row["user_id"]
        write(tmp_path / "data" / split.task.questions_path("validation"), json.dumps(split.rows))
        write(
            tmp_path / "data" / split.task.outputs_path("validation"),
            outputs_of(split.task, split.golds),
        )
    else:
        split = Split(tmp_path, name)
    score = split.task.scores[-1 if name == "LaMP_7_time" else 0]
    assert run(*split.call(*(["--score", score] if name == "LaMP_7_time" else []))).exit_code == 0
    assert split.summary()["score"] == score


def run_texts(split):
    """Every word of the files that could tell something: inputs, items, golds and outputs."""
    texts = [row["input"].removeprefix(split.task.instruction) for row in split.rows]
    texts += [item[field] for row in split.rows for item in row["profile"] for field in split.task.profile_fields]
    texts += [*split.golds.values(), *(text for outputs in split.outputs.values() for text in outputs.values())]
    return {word for text in texts for word in text.split()}


def test_no_text_of_a_gated_task_reaches_the_folder(tmp_path, run):
    split = Split(tmp_path, "LaMP_6_time")
    split.predict("own", {**split.outputs["own"], "90": "", "91": "?!"})
    result = run(*split.call())
    assert result.exit_code == 0, result.output
    words = run_texts(split) - {"?!"}
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


def test_bad_options_are_one_line(split, fails):
    assert "rouge-1" in fails_whole(split, fails, "--score", "rouge-1")
    assert "nobody" in fails_whole(split, fails, "--baseline", "nobody")
    assert "two systems" in fails_whole(split, fails, preds=("none",))
    assert "none" in fails_whole(split, fails, preds=("none", "none"))
    assert "none.json" in fails_whole(split, fails, "--preds", f"again={split.folder / 'none.json'}")
    golds = split.folder / "data" / split.task.outputs_path("validation")
    assert "--questions" in fails_whole(split, fails, "--golds", golds)


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


def test_a_missing_folder_to_write_in_is_named(split, fails):
    (split.folder / "own.json").unlink()  # it is named before anything is read
    assert "nowhere" in fails_whole(split, fails, output="nowhere/report")


def test_without_matplotlib_the_extra_is_named(split, fails, monkeypatch):
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
    assert "Of accuracy and pearson and value, higher is better." in text


def test_a_report_of_values_alone_is_refused(fails):
    values = ["--values", "none=a.json", "own=b.json"]
    line = fails("report", "LaMP_3_time", "--golds", "g.json", *values, "--output", "new")
    assert "a report shows predictions: pass --preds next to --values" in line
