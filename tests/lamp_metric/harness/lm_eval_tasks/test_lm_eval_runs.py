"""The tasks in lm-evaluation-harness itself, with a real model, here and served."""

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import lamp_metric
from lamp_dataset import SAMPLE, TASKS, Personalizer
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.personalize.split import load_split
from lamp_metric.__main__ import main
from lamp_metric.harness.lm_eval_tasks.task_and_log_files import task_folder
from lamp_metric.harness.lm_eval_tasks.task_functions import samples

pytestmark = pytest.mark.lm_eval

FOLDER = task_folder()
ROOT = Path(lamp_metric.__file__).parents[1]
FEW_TOKENS = {"max_gen_toks": 4}


def manager(**metadata):
    from lm_eval.tasks import TaskManager

    return TaskManager(include_path=str(FOLDER), include_defaults=False, metadata={"data_dir": "sample", **metadata})


@pytest.fixture(scope="module")
def model(real_model):
    from lm_eval.models.huggingface import HFLM

    return HFLM(real_model, dtype="float32", device="cpu", batch_size=2)


def scores_of(results, task):
    found = results["results"][task.name.lower()]
    assert all(found[f"{key}_stderr,none"] == "N/A" for key in task.scores)
    return {key: found[f"{key},none"] for key in task.scores}


@pytest.mark.parametrize(("name", "chat"), [("LaMP_3", False), ("LaMP_7", True)])
def test_scores_of_a_real_model_equal_the_metrics_on_the_logged_samples(model, name, chat):
    from lm_eval import simple_evaluate

    tasks, options = manager(k=1, rules="fixed"), {"limit": 2, "gen_kwargs": FEW_TOKENS, "apply_chat_template": chat}
    results = simple_evaluate(model, tasks=[name.lower()], task_manager=tasks, **options)
    logged = results["samples"][name.lower()]
    prompts = Personalizer(name, k=1, rules="fixed")(load_split(name, "validation", SAMPLE, limit=2)[:])["source"]
    asked = [sample["arguments"][0][0] for sample in logged]
    in_template = [model.apply_chat_template([{"role": "user", "content": prompt}]) for prompt in prompts]
    assert asked == (in_template if chat else prompts)
    answers = [sample["resps"][0][0] for sample in logged]
    assert all(answers)
    golds = [sample["doc"]["target"] for sample in logged]
    assert scores_of(results, TASKS[name]) == lamp_metric.score(name, answers, golds)
    assert results["n-shot"] == {name.lower(): 0}


class Echo:
    """Answers without a model: what ``answer`` says of each prompt."""

    def __new__(cls, answer):
        from lm_eval.api.model import LM

        class Model(LM):
            def generate_until(self, requests, disable_tqdm=False):
                return [answer(request.doc) for request in requests]

            def loglikelihood(self, requests):
                raise NotImplementedError

            loglikelihood_rolling = loglikelihood

        return Model()


def test_all_configs_are_tasks_and_the_group_is_the_benchmark():
    tasks = manager(acknowledge_license=True)
    names = [name.lower() for name in TASKS]
    assert set(tasks.all_tasks) == {*names, "lamp"}
    loaded = tasks.load(names)["tasks"]
    for name, task in TASKS.items():
        docs = loaded[name.lower()].eval_docs
        assert docs["source"][:] == Personalizer(name)(load_split(name, "validation", SAMPLE)[:])["source"]
        assert set(loaded[name.lower()].aggregation()) == set(task.scores)
    assert list(tasks.load("lamp")["group_map"]["lamp"]) == [f"lamp_{n}" for n in range(1, 8)]


def test_macro_f1_is_that_of_all_samples_and_few_shot_stays_off():
    from lm_eval import simple_evaluate

    rows = load_split("LaMP_2", "train", SAMPLE)
    said = dict(zip(rows["id"], [*rows["output"][1:], "no tag"], strict=True))
    results = simple_evaluate(
        Echo(lambda doc: said[doc["id"]]), tasks=["lamp_2"], num_fewshot=3, task_manager=manager(split="train")
    )
    assert results["n-shot"] == {"lamp_2": 0}
    wanted = lamp_metric.score("LaMP_2", list(said.values()), rows["output"][:])
    assert 0 < wanted["f1"] < wanted["accuracy"]
    assert scores_of(results, TASKS["LaMP_2"]) == wanted


@pytest.mark.parametrize("predict_only", [False, True])
def test_without_golds_answers_are_logged_and_nothing_is_scored(predict_only):
    from lm_eval import simple_evaluate

    results = simple_evaluate(
        Echo(lambda doc: "5"), tasks=["lamp_3"], task_manager=manager(split="test"), predict_only=predict_only
    )
    assert {key for key in results["results"]["lamp_3"] if not key.startswith("bypass") and "," in key} == set()
    assert [sample["filtered_resps"] for sample in results["samples"]["lamp_3"]] == [["5"]] * 3


def test_a_served_model_from_the_data_to_the_official_file(real_model, served_model, tmp_path):
    """The gated config, too, and all that is written is for its owner alone."""
    metadata = {"data_dir": "sample", "k": 1, "max_length": 40, "acknowledge_license": True}
    command = [
        sys.executable, "-m", "lm_eval", "run", "--include_path", str(FOLDER), "--tasks", "lamp_3,lamp_6_time",
        "--model", "local-chat-completions", "--apply_chat_template", "--limit", "2",
        "--model_args", f"model={real_model},base_url={served_model}/chat/completions",
        "--metadata", json.dumps(metadata), "--gen_kwargs", json.dumps(FEW_TOKENS),
        "--log_samples", "--output_path", "runs",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [results] = (json.loads(path.read_text()) for path in tmp_path.rglob("results_*.json"))
    for name in ("LaMP_3", "LaMP_6_time"):
        given = ["from-lm-eval", tmp_path / "runs", "--config", name, "--partial", "--output", tmp_path / "preds.json"]
        assert CliRunner().invoke(main, list(map(str, given))).exit_code == 0
        predictions = dict(read_outputs(tmp_path / "preds.json", TASKS[name]).by_id)
        rows = load_split(name, "validation", SAMPLE, limit=2)
        assert list(predictions) == rows["id"][:]
        assert scores_of(results, TASKS[name]) == lamp_metric.score(name, predictions.values(), rows["output"][:])
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "runs").rglob("*"))


@pytest.mark.parametrize(
    ("task", "metadata", "said"),
    [
        ("lamp_3", {"data_dir": "/nowhere"}, "/nowhere"),
        ("lamp_6", {"data_dir": "sample"}, """--metadata '{"acknowledge_license": true}'"""),
    ],
)
def test_a_wrong_option_ends_in_one_line_and_exit_status_2(task, metadata, said, tmp_path):
    command = [
        sys.executable, "-m", "lm_eval", "run", "--include_path", str(FOLDER), "--tasks", task, "--model", "dummy",
        "--metadata", json.dumps(metadata),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert (done.returncode, last.startswith("error: "), said in last) == (2, True, True), done.stderr
    assert "Traceback" not in done.stderr


def test_options_of_the_harness_models_are_not_taken_for_misspelled_ones_of_ours():
    from lm_eval.models.openai_completions import LocalChatCompletion

    given = dict.fromkeys(inspect.signature(LocalChatCompletion.__mro__[2]).parameters)
    samples("LaMP_3", **{**given, "data_dir": "sample", "max_length": 512, "tokenizer": None})
    with pytest.raises(ValueError, match="did you mean 'k'"):
        samples("LaMP_3", data_dir="sample", kk=3)


@pytest.mark.parametrize("host", ["https://api.invalid", "http://127.0.0.1:1"])
def test_gated_mails_stop_before_a_served_model_is_asked(host):
    from lm_eval import simple_evaluate

    given = {"model": "served", "base_url": f"{host}/v1/chat/completions"}
    with pytest.raises(ValueError, match=r"LDC2015T03.*acknowledge_license"):
        simple_evaluate("local-chat-completions", given, tasks=["lamp_6"], task_manager=manager(**given))
