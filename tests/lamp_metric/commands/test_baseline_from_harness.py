import json
import shutil
import sys
from pathlib import Path

import pytest

from lamp_dataset import SAMPLE, TASKS
from lamp_dataset.formats.files import find_files
from lamp_dataset.formats.json_files import read_json
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.tasks import OFFICIAL_NAMES

DATE = "2026-01-31T10-00-00.000001"


def lm_eval_run(folder, config, answers, original):
    """A made-up run of lm_eval with logged samples."""
    folder.mkdir(exist_ok=True)
    lines = [
        json.dumps({"doc": {"id": key, "config": config}, "filtered_resps": [answer]})
        for key, answer in answers.items()
    ]
    (folder / f"samples_{config.lower()}_{DATE}.jsonl").write_text("\n".join(lines) + "\n")
    counts = {config.lower(): {"original": original, "effective": len(answers)}}
    (folder / f"results_{DATE}.json").write_text(json.dumps({"n-samples": counts}))
    return folder


def golds_of(config):
    return read_outputs(find_files(TASKS[config], SAMPLE)["validation"].outputs).by_id


def test_the_folder_of_task_files(run):
    folder = Path(run("lm-eval-tasks").stdout.rstrip("\n"))
    assert folder.is_absolute()
    assert (folder / "lamp_3.yaml").is_file()


@pytest.mark.parametrize("config", TASKS)
def test_a_run_of_lm_eval_goes_on_to_check_score_and_pack(run, tmp_path, config):
    golds = golds_of(config)
    output = tmp_path / "preds.json"
    result = run("from-lm-eval", lm_eval_run(tmp_path / "runs", config, golds, len(golds)), "--output", output)
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"{output}: {len(golds)} predictions of {config}" in result.stderr
    assert dict(read_outputs(output, TASKS[config]).by_id) == dict(golds)
    assert output.stat().st_mode & 0o077 == (0 if TASKS[config].gated else 0o044)
    assert run("check", config, "--data-dir", "sample", "--preds", output).exit_code == 0
    done = run("eval-task", "--data-dir", "sample", "--task_name", config, "--preds_json", output, "--json")
    best = 0.0 if config.startswith("LaMP_3") else 1.0
    assert json.loads(done.stdout)["scores"][TASKS[config].scores[0]] == best
    if TASKS[config].official_name not in OFFICIAL_NAMES:
        return
    packed = run("pack", output, "--partial", "--output", tmp_path / "submission.zip")
    assert packed.exit_code == 0, packed.output


def test_bad_logs_are_one_line(fails, tmp_path):
    runs = lm_eval_run(tmp_path / "runs", "LaMP_3", {"210": "4"}, original=1)
    [samples] = runs.glob("*.jsonl")
    before = samples.read_bytes()
    assert "also an input" in fails("from-lm-eval", runs, "--output", samples)
    assert samples.read_bytes() == before
    assert "nowhere" in fails("from-lm-eval", tmp_path / "nowhere", "--output", tmp_path / "p.json")
    assert str(tmp_path / "no") in fails("from-lm-eval", runs, "--output", tmp_path / "no" / "p.json")


def test_a_missing_harness_says_what_to_install(fails, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "inspect_ai", None)
    log = tmp_path / "log.eval"
    log.write_bytes(b"")
    assert "pip install '.[inspect]'" in fails("from-inspect", log, "--output", tmp_path / "p.json")


def written(path, name):
    return dict(read_outputs(path, TASKS[name]).by_id)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_titles_of_the_first_item_in_any_split(run, tmp_path, split):
    rows = read_json(Path(SAMPLE) / TASKS["LaMP_5_time"].questions_path(split))
    options = ("--data-dir", SAMPLE, "--split", split)
    assert run("baseline", "LaMP_5_time", *options, "--output", tmp_path / "p.json").exit_code == 0
    assert written(tmp_path / "p.json", "LaMP_5_time") == {row["id"]: row["profile"][0]["title"] for row in rows}


def test_what_it_writes_can_be_scored(run, tmp_path):
    for name in TASKS:
        output = tmp_path / f"{name}.json"
        done = run("baseline", name, "--data-dir", "sample", "--output", output)
        assert f"{output.name}: {len(written(output, name))} predictions: " in done.stderr
        done = run("eval-task", "--data-dir", "sample", "--preds-json", output, "--task-name", name)
        assert done.exit_code == 0, done.output


def test_texts_of_the_gated_task_are_for_ones_own_eyes(run, tmp_path):
    result = run("baseline", "LaMP_6", "--data-dir", "sample", "--output", tmp_path / "p.json")
    assert "LDC2015T03" in result.stderr
    assert (tmp_path / "p.json").stat().st_mode & 0o077 == 0
    (tmp_path / "u.txt").write_text("2110\n")
    options = ("LaMP_3", "--data-dir", "sample", "--output", tmp_path / "b.json")
    assert run("baseline", *options).exit_code == 0
    whole = dict(read_outputs(tmp_path / "b.json").by_id)
    assert run("baseline", *options, "--users", tmp_path / "u.txt").exit_code == 0
    assert dict(read_outputs(tmp_path / "b.json").by_id) == {"2110": whole["2110"]}


@pytest.mark.parametrize("split", ["dev", "train"])
def test_a_file_of_the_data_is_not_overwritten(fails, tmp_path, split):
    for name in ("dev_questions.json", "dev_outputs.json", "train_questions.json", "train_outputs.json"):
        (tmp_path / name).write_text("not read")
    output = tmp_path / f"{split}_outputs.json"
    assert f"{output}: is a file of the data" in fails("baseline", "LaMP_3", "--data-dir", tmp_path, "--output", output)
    assert output.read_text() == "not read"


def test_only_tasks_with_labels_need_the_training_golds(run, fails, tmp_path):
    for name in ("LaMP_3", "LaMP_4"):
        shutil.copytree(Path(SAMPLE) / name / "dev", tmp_path / name / "dev")
    output = tmp_path / "p.json"
    assert "no questions file of LaMP_3, split train" in fails(
        "baseline", "LaMP_3", "--data-dir", tmp_path, "--output", output
    )
    assert not output.exists()
    assert run("baseline", "LaMP_4", "--data-dir", tmp_path, "--output", output).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "facts"),
    [(("LaMP_3",), "--data-dir"), (("LaMP_3", "--data-dir", "sample", "--split", "dev"), "'dev'")],
)
def test_bad_input_is_one_line(fails, tmp_path, arguments, facts):
    assert facts in fails("baseline", *arguments, "--output", tmp_path / "p.json")
