import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import quote

import inspect_models
import pytest
from click.testing import CliRunner

import lamp_metric
from lamp_dataset import SAMPLE, TASKS, Personalizer, users_of
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.personalize.split import load_split
from lamp_metric.__main__ import main
from lamp_metric.harness.rows_and_answers import MAX_ANSWER

pytestmark = pytest.mark.inspect

ROOT = Path(__file__).parents[4]


def results(log):
    """Name of a score -> metric -> value."""
    assert log.status == "success", log.error
    return {score.name: {name: found.value for name, found in score.metrics.items()} for score in log.results.scores}


def answers_for(config, split):
    """Input -> answer: the golds, but for every third one of another sample."""
    rows = load_split(config, split, SAMPLE)
    golds = rows["output"][:]
    said = [golds[n - 1] if n % 3 == 1 else gold for n, gold in enumerate(golds)]
    return rows, said, dict(zip(rows["input"][:], said, strict=True))


@pytest.mark.parametrize("config", ["LaMP_1", "LaMP_2_time", "LaMP_3", "LaMP_4", "LaMP_6"])
def test_scores_equal_the_metrics_and_samples_are_asked_as_they_are(run, config):
    rows, said, by_input = answers_for(config, "train")
    log = run(config, by_input.__getitem__, split="train", k=0)
    scores = lamp_metric.score(config, said, rows["output"][:], per_sample=True)
    per_sample = scores.pop("per_sample")
    assert results(log)["lamp_answers"] == scores
    asked = Personalizer(config, k=0)(rows[:])["messages"]
    assert [[{"role": m.role, "content": m.text} for m in s.input] for s in log.samples] == asked
    assert [sample.id for sample in log.samples] == rows["id"][:]
    assert [sample.metadata["user_id"] for sample in log.samples] == users_of(rows)
    assert [s.scores["lamp_answers"].value for s in log.samples] == list(per_sample.values())
    assert log.eval.model_generate_config.temperature is None  # the task's own, as the plan says
    assert (log.plan.config.temperature, log.plan.config.max_tokens) == (0.0, MAX_ANSWER)


def test_standard_errors_are_of_users(run):
    from inspect_ai.scorer import SampleScore, Score, mean, stderr

    rows, said, by_input = answers_for("LaMP_3", "train")
    found = results(run("LaMP_3", by_input.__getitem__, split="train", k=0))["absolute_error"]
    errors = [abs(float(a) - float(b)) for a, b in zip(said, rows["output"], strict=True)]
    users = users_of(rows)
    assert len(set(users)) < len(users)
    scores = [
        SampleScore(score=Score(value=error), sample_metadata={"user_id": user})
        for error, user in zip(errors, users, strict=True)
    ]
    wanted = stderr(cluster="user_id")(scores)
    assert found == {"mean": pytest.approx(mean()(scores)), "stderr": pytest.approx(wanted)}
    assert wanted != pytest.approx(stderr()(scores))


def test_options_reach_the_prompts(run):
    options = {"k": 1, "retriever": "first", "rules": "fixed", "max_length": 60, "profile": "own"}
    log = run("LaMP_7", lambda text: "fine", split="validation", system=False, **options)
    del options["profile"]
    rows = load_split("LaMP_7", "validation", SAMPLE)
    prompts = Personalizer("LaMP_7", **options)(rows[:])["source"]
    assert [[(m.role, m.text) for m in s.input] for s in log.samples] == [[("user", prompt)] for prompt in prompts]


def test_samples_of_some_users(run):
    assert [sample.id for sample in run("LaMP_3", lambda text: "4", users=["2110"]).samples] == ["2110"]


def test_what_is_no_answer_is_marked(run):
    from lamp_metric.scorers import SCORERS

    log = run("LaMP_3", lambda text: "")
    assert {sample.scores["lamp_answers"].reason for sample in log.samples} == {"invalid_response_format"}
    assert not SCORERS["ordinal"].is_usable(TASKS["LaMP_3"], "")
    assert results(log)["lamp_answers"]["MAE"] > 0


def test_without_golds_answers_are_kept_and_nothing_is_scored(run):
    log = run("LaMP_3", lambda text: "4", split="test")
    assert log.status == "success"
    assert [sample.output.completion for sample in log.samples] == ["4"] * 3
    assert {score.unscored_samples for score in log.results.scores} == {3}


def test_a_wrong_option_is_one_error_that_both_the_command_and_python_know():
    from lamp_dataset.console import Failure
    from lamp_metric.harness.inspect_tasks.inspect_task import lamp

    for options in ({}, {"config": "LaMP_2N"}, {"config": "LaMP_3", "data_dir": "/nowhere"}):
        with pytest.raises(ValueError, match=r"config named|/nowhere") as caught:
            lamp(**options)
        assert isinstance(caught.value, Failure)
        assert caught.value.exit_code == 2


def test_a_model_that_would_fail_at_a_temperature_of_0_is_told_before_it_is_asked(monkeypatch):
    from lamp_metric.harness.inspect_tasks import inspect_task

    model = inspect_models.mock(lambda text: "4")
    monkeypatch.setattr(inspect_task, "get_model", lambda: model)
    for samples, temperature, fails in ((True, None, 1), (True, 0.0, 1), (True, 0.7, 0), (False, None, 0)):
        model.api.do_sample, model.config.temperature = samples, temperature
        if fails:
            with pytest.raises(inspect_task.RequestError, match="-M do_sample=false"):
                inspect_task.lamp("LaMP_3", data_dir="sample", k=0)
        else:
            assert len(inspect_task.lamp("LaMP_3", data_dir="sample", k=0).dataset) == 3


def test_logs_of_gated_mails_are_for_their_owner_alone(run, tmp_path):
    run("LaMP_6", lambda text: "A subject")
    for path in (tmp_path / "logs", *(tmp_path / "logs").iterdir()):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("address", ["https://api.invalid/v1", "http://127.0.0.1:8000/v1"])
def test_gated_mails_go_to_a_served_model_with_the_license_only(run, address):
    """Even to a server on this machine: a client follows its redirects, and may send them through a proxy."""
    asked = []

    def say(text):
        asked.append(text)
        return "A subject"

    log = run("LaMP_6", say, model=inspect_models.served(say, address))
    assert (log.status, asked) == ("error", [])
    assert "LDC2015T03" in log.error.message
    assert "acknowledge the license: -T acknowledge_license=true" in log.error.message
    log = run("LaMP_6", say, model=inspect_models.served(say, address), acknowledge_license=True)
    assert (log.status, len(asked)) == ("success", 3)
    assert run("LaMP_3", say, model=inspect_models.served(say, address)).status == "success"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the installed wheel: the harness looks for its tasks in one of this name."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed") / "site-packages"
    for name in ("lamp_dataset", "lamp_metric", "avocado_builder"):
        shutil.copytree(ROOT / name, source / name)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", folder]
    subprocess.run([*map(str, pip), str(source)], check=True)
    return folder


def test_a_served_model_from_the_data_to_the_official_file(real_model, served_model, installed, tmp_path):
    """With the task of the installed wheel, and a folder of data below the working directory."""
    shutil.copytree(SAMPLE, tmp_path / "files")
    command = [
        sys.executable, "-m", "inspect_ai", "eval", "lamp_metric/lamp", "--model", f"openai-api/local/{real_model}",
        "-T", "config=LaMP_3", "-T", "data_dir=files", "-T", "k=1", "-T", "max_length=40",
        "--max-tokens", "4", "--limit", "2", "--log-dir", "logs", "--display", "plain",
    ]  # fmt: skip
    server = {"LOCAL_BASE_URL": served_model, "LOCAL_API_KEY": "none"}
    environment = {**os.environ, **server, "PYTHONPATH": str(installed)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    given = ["from-inspect", str(tmp_path / "logs"), "--partial", "--output", str(tmp_path / "preds.json")]
    assert CliRunner().invoke(main, given).exit_code == 0
    predictions = dict(read_outputs(tmp_path / "preds.json", TASKS["LaMP_3"]).by_id)
    rows = load_split("LaMP_3", "validation", SAMPLE, limit=2)
    assert list(predictions) == rows["id"][:]
    from inspect_ai.log import read_eval_log

    [path] = (tmp_path / "logs").iterdir()
    log = read_eval_log(path)
    assert log.eval.task == "lamp_metric/lamp"
    assert results(log)["lamp_answers"] == lamp_metric.score("LaMP_3", predictions.values(), rows["output"][:])


def test_the_log_opens_in_the_harness_viewer(run, tmp_path):
    log = run("LaMP_3", lambda text: "4")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    view = [sys.executable, "-m", "inspect_ai", "view", "start", "--log-dir", str(tmp_path / "logs")]
    with subprocess.Popen([*view, "--port", str(port)], stdout=subprocess.PIPE, text=True) as server:
        try:
            next(line for line in server.stdout if "Running on" in line)
            [listed] = fetch(port, "log-files")["files"]
            shown = fetch(port, f"logs/{quote(listed['name'], safe='')}")
        finally:
            server.terminate()
    assert listed["task"] == "lamp"
    assert [sample["id"] for sample in shown["samples"]] == [sample.id for sample in log.samples]


def fetch(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/{path}", timeout=30) as response:
        return json.load(response)
