import json
import re

import pytest
from console import printed_by

from lamp_dataset import SAMPLE
from lamp_dataset.formats.files import find_files
from lamp_dataset.formats.questions import read_question_ids
from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS

USER = [name for name, task in TASKS.items() if not task.time_based]


@pytest.fixture
def questions(tmp_path):
    def write(ids, **more):
        path = tmp_path / "questions.json"
        path.write_text(json.dumps([{"id": key, "input": "x", "profile": [{"id": f"{key}0"}], **more} for key in ids]))
        return path

    return write


@pytest.mark.parametrize("name", USER)
def test_a_good_file_is_fit_against_questions_and_against_golds(made, run, questions, name):
    golds, preds = made.pair(name)
    for source in (["--questions", questions(made.outputs(name)[0])], ["--golds", golds]):
        result = run("check", name, *source, "--preds", preds)
        assert (result.exit_code, result.stdout) == (0, f"{preds}: 12 predictions, fit\n")


@pytest.mark.parametrize("split", ["validation", "test"])
def test_the_samples_of_a_split_in_a_folder_are_read(made, run, split):
    with open(f"{SAMPLE}/{TASKS['LaMP_3'].questions_path(split)}") as file:
        preds = made.write("p.json", "LaMP_3", {row["id"]: "4" for row in json.load(file)})
    for words in (["--data-dir", "sample", "--split", split], ["--data-dir", SAMPLE]):
        report = run("check", "LaMP_3", *words, "--preds", preds)
        assert report.exit_code == (0 if split in ("validation", words[-1]) else 2)


def test_one_report_names_everything_that_is_wrong(made, run, questions):
    preds = made.write(
        "p.json",
        "LaMP_4",
        [("1", "a"), ("1", "b"), ("2", ""), ("3", None), ("4", 7), ("9", "x"), ("8", "東京"), (5, "number")],
    )
    result = run("check", "LaMP_5", "--questions", questions(["1", "2", "3", "4", "6", "7"]), "--preds", preds)
    assert result.exit_code == 2
    assert result.stdout == (
        f"{preds}: 8 predictions, unfit\n"
        "  error: task: expected 'LaMP_5', found 'LaMP_4'\n"
        "  error: 1 entry lacks a string as 'id', or an 'output': entry 7 {'id': 5, 'output': 'number'}\n"
        "  error: 1 duplicate id: 1\n"
        "  error: 2 samples have no prediction: 6, 7\n"
        "  error: 2 predictions have ids that no sample has: 9, 8\n"
        "  error: 2 outputs are not a string: None (sample 3), 7 (sample 4)\n"
        "  warning: 1 output is empty: 2\n"
        "  warning: 1 output has no word that ROUGE counts (a-z, 0-9): '東京' (sample 8)\n"
    )
    assert result.stderr == ""


def test_bad_input_of_check_is_one_line(made, fails, questions, tmp_path):
    preds = made.write("p.json", "LaMP_4", {"1": "a"})
    assert "expected either --questions, --golds or --data-dir" in fails("check", "LaMP_4", "--preds", preds)
    both = ["--questions", questions("1"), "--golds", preds]
    assert "expected either --questions, --golds or --data-dir" in fails("check", "LaMP_4", *both, "--preds", preds)
    (tmp_path / "rows.json").write_text('[{"id": "1", "profile": []}]')
    assert "rows.json: sample '1': " in fails(
        "check", "LaMP_4", "--questions", tmp_path / "rows.json", "--preds", preds
    )
    (tmp_path / "list.json").write_text("[]")
    assert "found a bare list" in fails("check", "LaMP_4", "--golds", preds, "--preds", tmp_path / "list.json")
    golds, preds = made.pair("LaMP_3")
    assert "--data-dir" in fails("check", "LaMP_3", "--data-dir", "sample", "--golds", golds, "--preds", preds)
    assert "--split" in fails("check", "LaMP_3", "--split", "test", "--golds", golds, "--preds", preds)


@pytest.mark.parametrize("text", ['{"golds": [{"id": "1", "output": "a"}]}', '[{"id": "1", "output": "a"}]'])
def test_golds_given_as_questions_are_named_as_such(made, fails, tmp_path, text):
    preds, path = made.write("p.json", "LaMP_4", {"1": "a"}), tmp_path / "golds.json"
    path.write_text(text)
    message = f"{path}: expected a questions file, found an outputs file: sample '1' has the keys 'id', 'output'"
    assert fails("check", "LaMP_4", "--questions", path, "--preds", preds) == message


@pytest.mark.parametrize("command", ["check", "pack"])
def test_a_check_imports_no_library_of_the_scores(made, command, tmp_path):
    golds = made.write("g.json", "LaMP_4", {"1": "東京", "2": "a"})
    words = {
        "check": ["LaMP_4", "--golds", str(golds), "--preds", str(golds)],
        "pack": [str(golds), "--partial", "--output", str(tmp_path / "out.zip")],
    }[command]
    code = (
        "import sys\nfrom lamp_metric.__main__ import main\n"
        f"main({[command, *words]!r}, standalone_mode=False)\n"
        "print(sorted({'numpy', 'sklearn', 'rouge_score', 'nltk', 'datasets', 'evaluate'} & set(sys.modules)))"
    )
    lines = printed_by(code)
    assert any("ROUGE" in line for line in lines)
    assert lines[-1] == "[]"


def test_pack_and_eval_all_are_a_round_trip(made, run, tmp_path):
    golds_zip, preds_zip = made.whole_benchmark()
    packed = tmp_path / "submission.zip"
    files = [tmp_path / f"{name}_preds.json" for name in reversed(OFFICIAL_NAMES)]
    result = run("pack", *files, "--output", packed)
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith(f"wrote {packed}: {', '.join(OFFICIAL_NAMES)}\n")
    assert " but the splits of LaMP_7 have " in result.stdout
    ours, theirs = (
        run("eval-all", "--golds_zip", golds_zip, "--preds_zip", path, "--json").stdout for path in (packed, preds_zip)
    )
    assert ours == theirs


def test_files_of_the_gated_task_are_for_their_owner_alone(made, run, tmp_path):
    golds, preds = made.pair("LaMP_6")
    outputs = {name: tmp_path / name for name in ("s.zip", "scores.json", "all.json", "more.zip")}
    for path in outputs.values():
        path.touch(0o644)
    zips = ("--golds_zip", outputs["s.zip"], "--preds_zip", outputs["s.zip"], "--partial")
    for command in (
        ("pack", preds, "--partial", "--output", outputs["s.zip"]),
        ("pack", made.pair("LaMP_3")[1], preds, "--partial", "--output", outputs["more.zip"]),
        ("eval-task", "--golds_json", golds, "--preds_json", preds, "--output_file", outputs["scores.json"]),
        ("eval-all", *zips, "--output_file", outputs["all.json"]),
    ):
        assert run(*command).exit_code == 0
    assert {path.stat().st_mode & 0o777 for path in outputs.values()} == {0o600}


@pytest.mark.parametrize("config", ["LaMP_3", "LaMP_3_time", "LaMP_2_news"])
def test_pack_checks_the_ids_of_a_split_in_the_setting_of_the_predictions(config, made, run, tmp_path):
    ids = read_question_ids(find_files(TASKS[config], SAMPLE, ("test",))["test"].questions)
    fit = dict.fromkeys(ids, TASKS[config].labels[0])
    other = {f"{ids[0]}9": TASKS[config].labels[0], **dict(list(fit.items())[1:])}
    for outputs, status, told in ((fit, 0, "fit"), (other, 2, f"no prediction: {ids[0]}\n")):
        preds = made.write("p.json", config, outputs)
        options = ("--partial", "--data-dir", "sample", "--split", "test", "--output", tmp_path / "s.zip")
        result = run("pack", preds, *options)
        assert (result.exit_code, "warning" in result.stdout) == (status, False)
        assert told in result.stdout
        assert (tmp_path / "s.zip").exists() == (status == 0)
        (tmp_path / "s.zip").unlink(missing_ok=True)


def test_odd_ids_and_outputs_are_escaped_and_cut(made, run, questions):
    ids = ["\x1b[2J", "9" * 10**5]
    preds = made.write("p.json", "LaMP_2", [(ids[0], "\x07" * 10**5), (ids[1], ""), ("\x9b", "x" * 10**5)])
    result = run("check", "LaMP_2", "--questions", questions([*ids, "\u202e"]), "--preds", preds)
    assert result.exit_code == 2
    assert len(result.output) < 2000
    assert "".join(result.output.split("\n")).isprintable()


def test_bad_input_of_pack_is_one_line(made, fails, tmp_path):
    preds = made.pair("LaMP_3")[1]
    output = tmp_path / "s.zip"
    assert "found none for LaMP_1, LaMP_2, LaMP_4" in fails("pack", preds, "--output", output)
    here = (preds, "--partial", "--output", output)
    assert "--split belongs to --data-dir" in fails("pack", *here, "--split", "test")
    assert str(tmp_path / "none") in fails("pack", *here, "--data-dir", tmp_path / "none")
    assert f"{preds}: is also an input" in fails("pack", preds, "--partial", "--output", preds)
    assert "does not exist" in fails("pack", preds, "--partial", "--output", tmp_path / "none" / "s.zip")
    assert not output.exists()
    path = tmp_path / "p.json"
    path.write_text('{"id": "1", "output": "4"}\n{"id": "2", "output": "5"}\n')
    message = fails("pack", path, "--partial", "--output", tmp_path / "s.zip")
    assert all(fact in message for fact in ("p.json", "JSON lines", "lamp_metric.write_predictions"))


def test_a_file_of_another_tasks_labels_is_doubtful(made, run, questions, tmp_path):
    preds = made.write("p.json", "LaMP_2", {str(n): str(1 + n % 5) for n in range(9)})
    for command in (
        ["check", "LaMP_2", "--questions", questions(map(str, range(9))), "--preds", preds],
        ["pack", preds, "--partial", "--output", tmp_path / "s.zip"],
    ):
        result = run(*command)
        assert result.exit_code == 1
        assert result.stdout.startswith(f"{preds}: 9 predictions, doubtful\n")
        assert "LaMP_3" in result.stdout
    assert not (tmp_path / "s.zip").exists()


def test_a_task_under_another_name_gets_a_hint(made, fails, tmp_path):
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"task": "LaMP_2N", "golds": [{"id": "1", "output": "4"}]}))
    zipped = made.zip("p.zip", {"p.json": path.read_bytes()})
    for command in (
        ["pack", path, "--partial", "--output", tmp_path / "s.zip"],
        ["eval-task", "--golds_json", path, "--preds_json", path],
        ["eval-all", "--golds_zip", zipped, "--preds_zip", zipped],
    ):
        assert re.search(r"p\.json: .*'LaMP_2N'.*'LaMP_2'", fails(*command))


def test_a_zip_holds_one_setting_that_a_config_says(run, made):
    folder, golds, _ = made.by_user("LaMP_4_time")
    output, plain = made.folder / "s.zip", made.write("LaMP_3.json", "LaMP_3", made.outputs("LaMP_3")[1])
    options = ("--partial", "--output", output)
    assert run("pack", f"LaMP_4_time={golds}", *options, "--data-dir", folder, "--split", "validation").exit_code == 0
    assert output.exists()
    for words, said in (
        ([f"LaMP_4_time={golds}", f"LaMP_3={plain}"], "a zip holds one setting: found LaMP_4_time and LaMP_3"),
        ([f"LaMP_5_time={golds}"], "expected predictions for task 'LaMP_5', as LaMP_5_time is called, found 'LaMP_4'"),
        ([f"LaMP_4_tim={golds}"], "LaMP_4_time"),
        ([f"LaMP_4_time={golds}", plain, "--data-dir", folder], "LaMP_3_time"),
        ([golds, "--data-dir", folder], "LaMP_4"),
    ):
        result = run("pack", *words, *options)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1), words
        assert said in result.stderr
