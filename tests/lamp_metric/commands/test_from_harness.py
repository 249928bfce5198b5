import json
import sys
from pathlib import Path

import pytest

from lamp_dataset import SAMPLE, TASKS
from lamp_dataset.formats.layout import find_files
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


def test_bad_input_is_one_line(fails, tmp_path):
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
