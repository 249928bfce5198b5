import json
import subprocess
import sys

import pytest
from console import printed_by

import lamp_metric
from lamp_dataset import __version__
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS
from lamp_metric.commands.evaluation import Scoring, score_table
from lamp_metric.predictions.reading import join
from lamp_metric.signature import Resampling

USER = [name for name, task in TASKS.items() if not task.time_based]


def expected(made, name):
    golds, preds = made.outputs(name)
    return lamp_metric.score(name, [preds[key] for key in golds], list(golds.values()))


@pytest.mark.parametrize("name", TASKS)
def test_eval_task_with_the_benchmarks_flags_writes_its_flat_result(made, run, tmp_path, name):
    golds, preds = made.pair(name)
    output = tmp_path / "scores.json"
    result = run(
        "eval-task", "--golds_json", golds, "--preds_json", preds, "--task_name", name, "--output_file", output
    )
    assert result.exit_code == 0, result.output
    assert json.loads(output.read_text()) == expected(made, name)
    for key, value in expected(made, name).items():
        assert key in result.stdout
        assert f"{value:.4f}" in result.stdout
    assert result.stdout.endswith(f"\ntask:{name}|n:12|rule:1|version:{__version__}\n")


@pytest.mark.parametrize("name", USER)
def test_the_task_is_told_by_the_golds(made, run, name):
    golds, preds = made.pair(name)
    result = run("eval-task", "--golds_json", golds, "--preds_json", preds, "--json")
    assert json.loads(result.stdout) == {
        "task": name,
        "n": 12,
        "scores": expected(made, name),
        "intervals": {},
        "unusable": 0,
        "signature": f"task:{name}|n:12|rule:1|version:{__version__}",
    }


@pytest.mark.parametrize("labels", ["LaMP_2", "LaMP_2_news"])
@pytest.mark.parametrize("task_name", [None, "LaMP_2", "LaMP_2_time", "LaMP_2_news"])
def test_news_categories_are_told_from_movie_tags_by_their_labels(made, run, labels, task_name):
    golds, preds = made.pair(labels)
    options = ["--task_name", task_name] if task_name else []
    result = run("eval-task", "--golds_json", golds, "--preds_json", preds, *options, "--json")
    if (labels, task_name) == ("LaMP_2", "LaMP_2_news"):  # a config named in full is not second-guessed
        assert f"{golds}: reference of sample '00': " in result.stderr
        return
    assert json.loads(result.stdout)["scores"] == expected(made, labels)
    note = f"{golds}: says 'LaMP_2', but its golds are labels of LaMP_2_news"
    assert result.stderr.startswith(note) == (labels == "LaMP_2_news" != task_name)
    assert result.stderr.count("\n") == result.stderr.count(" is scored\n") == result.stderr.count(note)


def test_intervals_and_per_sample_values_in_json(made, run):
    golds, preds = made.pair("LaMP_3")
    options = ["--json", "--confidence_level", "0.9", "--n_resamples", "50", "--seed", "3", "--per_sample"]
    result = json.loads(run("eval-task", "--golds_json", golds, "--preds_json", preds, *options).stdout)
    by_gold, by_pred = made.outputs("LaMP_3")
    score = lamp_metric.score(
        "LaMP_3", [by_pred[key] for key in by_gold], list(by_gold.values()), ids=list(by_gold),
        confidence_level=0.9, n_resamples=50, seed=3, per_sample=True,
    )  # fmt: skip
    assert result["intervals"] == {"MAE": score["MAE_ci"], "RMSE": score["RMSE_ci"]}
    assert result["per_sample"] == score["per_sample"]
    assert result["signature"] == (
        "task:LaMP_3|n:12|rule:1|intervals:t(MAE),bootstrap(RMSE)|confidence:0.9|resamples:50|seed:3"
        f"|version:{__version__}"
    )


def test_texts_are_taken_out_of_their_wrappers_on_demand_and_counted_otherwise(made, run):
    golds = made.write("g.json", "LaMP_4", {"1": "Rain", "2": "Snow"})
    preds = made.write("p.json", "LaMP_4", {"1": "Title: Rain", "2": "Snow"})
    files = ["--golds_json", golds, "--preds_json", preds, "--json"]
    plain, bare = run("eval-task", *files), run("eval-task", *files, "--extract_answers")
    assert "p.json: 1 of 2 answers look wrapped (label 1), such as sample '1': 'Title: Rain'; --ext" in plain.stderr
    assert (json.loads(bare.stdout)["scores"]["rouge-1"], bare.stderr) == (1.0, "")
    golds, preds = made.whole_benchmark()
    result = run("eval-all", "--golds_zip", golds, "--preds_zip", preds, "--extract_answers", "--json")
    assert all("|extracted:yes|" in found["signature"] for found in json.loads(result.stdout).values())


def test_eval_all_is_keyed_by_task(made, run, tmp_path):
    golds, preds = made.whole_benchmark()
    output, scratch = tmp_path / "all.json", tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "keep.txt").write_text("mine")
    options = ["--temp_dir", scratch, "--output_file", output]
    result = run("eval-all", "--golds_zip", golds, "--preds_zip", preds, *options)
    assert result.exit_code == 0, result.output
    scores = json.loads(output.read_text())
    assert scores == {name: expected(made, name) for name in OFFICIAL_NAMES}
    assert list(scores) == list(OFFICIAL_NAMES)
    assert [path.name for path in scratch.iterdir()] == ["keep.txt"]
    assert (scratch / "keep.txt").read_text() == "mine"


def test_eval_all_with_news_categories(made, run):
    names = [*OFFICIAL_NAMES[:1], "LaMP_2_news", *OFFICIAL_NAMES[2:]]
    golds, preds = made.whole_benchmark(names)
    result = json.loads(run("eval-all", "--golds_zip", golds, "--preds_zip", preds, "--json").stdout)
    assert result["LaMP_2"]["task"] == "LaMP_2_news"
    assert result["LaMP_2"]["scores"] == expected(made, "LaMP_2_news")


def test_eval_all_names_what_is_missing_and_scores_what_is_there_on_demand(made, run, fails):
    golds, _ = made.whole_benchmark()
    preds = made.zip(
        "some.zip", {f"{name}.json": (made.folder / f"{name}_preds.json").read_bytes() for name in ("LaMP_3", "LaMP_5")}
    )
    message = fails("eval-all", "--golds_zip", golds, "--preds_zip", preds)
    assert message.startswith(
        f"{preds}: expected a file for each of the 7 tasks, found none for LaMP_1, LaMP_2, LaMP_4,"
    )
    result = run("eval-all", "--golds_zip", golds, "--preds_zip", preds, "--partial", "--json")
    assert list(json.loads(result.stdout)) == ["LaMP_3", "LaMP_5"]
    assert result.stderr == "not scored, since one side is missing: LaMP_1, LaMP_2, LaMP_4, LaMP_6, LaMP_7\n"


def test_eval_all_of_disjoint_zips_is_an_error(made, fails):
    golds, _ = made.pair("LaMP_3")
    other, _ = made.pair("LaMP_4")
    g, p = made.zip("g.zip", {"a.json": golds.read_bytes()}), made.zip("p.zip", {"a.json": other.read_bytes()})
    assert fails("eval-all", "--golds_zip", g, "--preds_zip", p, "--partial").endswith(
        "p.zip LaMP_4: no task is in both"
    )


OUTPUTS = '{"task": "LaMP_4", "golds": [%s]}'
GOOD = OUTPUTS % '{"id": "1", "output": "a title"}, {"id": "2", "output": "b"}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html>oops", "found an HTML page"),
        (GOOD.replace("]", ', {"id": "3", "output": "c"}]'), "(first: '3')"),
    ],
)
def test_bad_predictions_are_one_line_and_leave_no_result(fails, tmp_path, text, message):
    golds, preds, output = tmp_path / "g.json", tmp_path / "p.json", tmp_path / "r.json"
    golds.write_text(GOOD)
    preds.write_text(text)
    line = fails("eval-task", "--golds_json", golds, "--preds_json", preds, "--output_file", output)
    assert line.startswith(f"{preds}")
    assert message in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g.json", "p.json"]


def test_other_bad_input_is_one_line(made, fails, tmp_path):
    golds, preds = made.pair("LaMP_4")
    task = ["eval-task", "--golds_json", golds, "--preds_json", preds]
    assert "expected the golds of task 'LaMP_5', found 'LaMP_4'" in fails(*task, "--task_name", "LaMP_5")
    assert "No such file" in fails("eval-task", "--golds_json", tmp_path / "none.json", "--preds_json", preds)
    assert "does not exist" in fails(*task, "--output_file", tmp_path / "none" / "r.json")
    assert f"{golds}: is also an input" in fails(*task, "--output_file", golds)
    assert "--json" in fails(*task, "--per_sample")
    ratings = ["eval-task", *("--golds_json", made.pair("LaMP_3")[0]), *("--preds_json", made.pair("LaMP_3")[1])]
    message = fails(*ratings, "--extract_answers", "--output_file", tmp_path / "r.json")
    assert "--extract_answers" in message
    assert "--output_file" in message
    assert not (tmp_path / "r.json").exists()


def test_users_of_a_folder_or_of_questions_are_drawn(made, run, fails):
    folder, golds, questions = made.by_user("LaMP_3_time")
    preds = made.write("p.json", "LaMP_3_time", made.outputs("LaMP_3_time", n=40)[1])
    drawing = ["--preds_json", preds, "--json", "--confidence_level", "0.9", "--n_resamples", "50"]
    by_files = run("eval-task", "--golds_json", golds, "--questions", questions, "--task_name", "LaMP_3_time", *drawing)
    in_folder = run("eval-task", "--data-dir", folder, "--task_name", "LaMP_3_time", *drawing)
    result = json.loads(in_folder.stdout)
    assert result == json.loads(by_files.stdout)
    by_gold, by_pred = made.outputs("LaMP_3_time", n=40)
    score = lamp_metric.score(
        "LaMP_3_time", [by_pred[key] for key in by_gold], list(by_gold.values()), users=made.users(by_gold),
        confidence_level=0.9, n_resamples=50,
    )  # fmt: skip
    assert result["intervals"] == {"MAE": score["MAE_ci"], "RMSE": score["RMSE_ci"]}
    assert result["users"] == 8
    assert "|clusters:users|users:8|intervals:t(MAE),bootstrap(RMSE)|confidence:0.9|" in result["signature"]
    plain = json.loads(run("eval-task", "--data-dir", folder, "--task_name", "LaMP_3_time", *drawing[:3]).stdout)
    assert (plain["scores"], "users" in plain) == (result["scores"], False)
    assert "--confidence_level" in fails("eval-task", "--golds_json", golds, "--questions", questions, *drawing[:2])


@pytest.mark.parametrize("command", ["eval-task", "eval-all"])
def test_predictions_that_cannot_be_used_are_counted_and_never_in_the_official_result(made, run, tmp_path, command):
    """The answer "Comedy." for every sample: accuracy 0, and now somebody says why."""
    golds = made.write("g.json", "LaMP_2", dict.fromkeys("123", "comedy"))
    preds = made.write("p.json", "LaMP_2", dict.fromkeys("123", "Comedy."))
    if command == "eval-task":
        files = ["--golds_json", golds, "--preds_json", preds]
    else:
        zips = [made.zip(f"{path.stem}.zip", {path.name: path.read_bytes()}) for path in (golds, preds)]
        files = ["--golds_zip", zips[0], "--preds_zip", zips[1], "--partial"]
    result = run(command, *files, "--json", "--output_file", tmp_path / "r.json")
    found, official = json.loads(result.stdout), json.loads((tmp_path / "r.json").read_text())
    if command == "eval-all":
        found, official = found["LaMP_2"], official["LaMP_2"]
    assert (found["unusable"], found["scores"]["accuracy"]) == (3, 0.0)
    assert list(official) == ["accuracy", "f1"]
    lines = [line for line in result.stderr.splitlines() if not line.startswith("not scored")]
    assert len(lines) == 1
    assert all(fact in lines[0] for fact in ("p.json", "3 of 3", "'Comedy.'", "--extract_answers", "3 of them"))
    rescued = run(command, *files, "--json", "--extract_answers")
    assert '"unusable": 0' in rescued.stdout


def test_the_installed_command_and_the_module_run(made):
    golds, preds = made.pair("LaMP_1")
    command = ["eval-task", "--golds_json", str(golds), "--preds_json", str(preds), "--json"]
    result = subprocess.run([sys.executable, "-m", "lamp_metric", *command], capture_output=True, text=True)
    assert json.loads(result.stdout)["scores"] == expected(made, "LaMP_1")
    assert result.stderr == ""


@pytest.mark.parametrize("name", ["LaMP_3", "LaMP_4"])
def test_a_task_loads_only_what_it_needs(made, name):
    golds, preds = made.pair(name)
    code = (
        "import sys\nfrom lamp_metric.__main__ import main\n"
        f"main(['eval-task', '--golds_json', {str(golds)!r}, '--preds_json', {str(preds)!r}], standalone_mode=False)\n"
        "print(sorted({'datasets', 'evaluate', 'torch', 'gradio', 'rouge_score', 'sklearn'} & set(sys.modules)))"
    )
    # nltk, which rouge_score imports, imports scikit-learn as well.
    needed = ["rouge_score", "sklearn"] if name == "LaMP_4" else ["sklearn"]
    assert printed_by(code)[-1] == str(needed)


NEWS = join(*[Outputs("LaMP_2", {"1": "travel", "2": "sports"}, "g.json")] * 2)


def test_the_table_has_intervals_if_any_task_has():
    joined = NEWS
    plain = Scoring().evaluate(joined)
    drawn = Scoring(drawn=Resampling(0.9)).evaluate(joined)
    assert "interval" not in score_table([plain])
    lines = score_table([plain, drawn]).split("\n")
    assert lines[0].split() == ["task", "samples", "score", "value", "interval"]
    assert lines[3].split()[-2:] == ["[1.0000,", "1.0000]"]
    assert lines[-2:] == [plain["signature"], drawn["signature"]]
