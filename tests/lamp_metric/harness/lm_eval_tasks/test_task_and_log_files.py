"""The task files as YAML and made-up logs, without the harness."""

import json
from dataclasses import replace
from importlib import import_module

import pytest
import yaml

from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS
from lamp_metric.harness.lm_eval_tasks.task_and_log_files import read_lm_eval, task_files, task_folder
from lamp_metric.harness.rows_and_answers import MAX_ANSWER
from lamp_metric.scorers import SCORERS


class Loader(yaml.SafeLoader):
    """Functions are read as their names."""


Loader.add_constructor("!function", lambda loader, node: f"!{loader.construct_scalar(node)}")


def read(name):
    return yaml.load(task_files()[name], Loader)


def test_there_is_a_task_for_each_config_and_the_group():
    assert set(task_files()) == {f"{name.lower()}.yaml" for name in TASKS} | {"lamp.yaml"}
    assert read("lamp.yaml") == {"group": "lamp", "task": [name.lower() for name in OFFICIAL_NAMES]}
    for name in ("samples", "scored", "aggregate"):
        assert callable(getattr(import_module("lamp_metric.harness.lm_eval_tasks.task_functions"), name))


@pytest.mark.parametrize("config", TASKS)
def test_a_task_file_says_what_the_table_says(config):
    task, functions = TASKS[config], "!lamp_metric.harness.lm_eval_tasks.task_functions"
    assert read(f"{config.lower()}.yaml") == {
        "task": config.lower(),
        "dataset_kwargs": {"lamp_config": config},
        "custom_dataset": f"{functions}.samples",
        "test_split": "samples",
        "output_type": "generate_until",
        "doc_to_text": "source",
        "doc_to_target": "target",
        "target_delimiter": "",
        "num_fewshot": 0,
        "generation_kwargs": {"until": ["\n\n"], "do_sample": False, "temperature": 0.0, "max_gen_toks": MAX_ANSWER},
        "process_results": f"{functions}.scored",
        "metric_list": [
            {
                "metric": key,
                "aggregation": f"{functions}.aggregate",
                "higher_is_better": SCORERS[task.kind].higher_is_better[key],
            }
            for key in task.scores
        ],
        "metadata": {"version": 1.0},
    }


def test_the_folder_keeps_its_files_and_a_registered_task_gets_another_folder(monkeypatch):
    first = task_folder()
    assert {path.name: path.read_text() for path in first.iterdir()} == task_files()
    assert task_folder() == first
    monkeypatch.setitem(TASKS.rows, "Recipes", replace(TASKS["LaMP_4"], name="Recipes"))
    assert task_folder() != first
    assert read("recipes.yaml")["dataset_kwargs"] == {"lamp_config": "Recipes"}


DATE = "2026-01-31T10-00-00.000001"


def sample(config="LaMP_3", sample_id="310", answer="4", **more):
    doc = {"id": sample_id, "config": config, "user_id": "u", "source": "…", "target": "4"}
    return {"doc_id": 0, "doc": doc, "resps": [[answer]], "filtered_resps": [answer], "filter": "none", **more}


class Run:
    """The files of a made-up run, as lm_eval 0.4.13 writes them."""

    def __init__(self, folder):
        self.folder = folder / "runs" / "model"
        self.folder.mkdir(parents=True)

    def samples(self, *samples, task="lamp_3", date=DATE, tail=""):
        path = self.folder / f"samples_{task}_{date}.jsonl"
        lines = [json.dumps(sample, ensure_ascii=False) + "\n" for sample in samples]
        path.write_text("".join(lines) + tail, encoding="utf-8")
        return path

    def results(self, date=DATE, stem="results", **original):
        path = self.folder / f"{stem}_{date}.json"
        counts = {task: {"original": number, "effective": 1} for task, number in original.items()}
        path.write_text(json.dumps({"results": {}, "n-samples": counts}), encoding="utf-8")
        return path


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


def test_answers_come_from_any_of_the_files(run):
    path = run.samples(sample(), sample(sample_id="311", answer="Ünïcode 😀\u2028"))
    results = run.results(lamp_3=2)
    for place in (path, results, run.folder, run.folder.parent):
        answers = read_lm_eval(place)
        assert (answers.task, answers.name) == ("LaMP_3", str(path))
        assert answers.by_id == {"310": "4", "311": "Ünïcode 😀\u2028"}


def test_results_may_have_a_name_of_ones_own_and_samples_alone_do_not_say_how_many(run):
    path = run.samples(sample())
    assert read_lm_eval(path).by_id == {"310": "4"}
    results = run.results(stem="mine", lamp_3=9)
    for place in (path, results):
        with pytest.raises(ValueError, match="all 9 samples"):
            read_lm_eval(place)
        assert read_lm_eval(place, partial=True).name == str(path)


def test_one_of_several_configs_is_chosen_and_other_tasks_are_passed_over(run):
    run.samples({"doc": {"question": "2 + 2"}, "filtered_resps": ["4"]}, task="gsm8k")
    run.samples(sample())
    run.samples(sample("LaMP_2_news_time", "1", "crime"), task="lamp_2_news_time")
    assert read_lm_eval(run.folder, "LaMP_2_news_time").by_id == {"1": "crime"}
    with pytest.raises(ValueError, match=r"LaMP_2_news_time, LaMP_3; .*--config"):
        read_lm_eval(run.folder)


def test_one_of_several_runs_is_named(run):
    first, again = run.samples(sample()), run.samples(sample(), date="2026-02-01T10-00-00.000001")
    with pytest.raises(ValueError, match=f"2 logs of LaMP_3.*{first}, {again}"):
        read_lm_eval(run.folder)
    assert read_lm_eval(run.results()).name == str(first)


def test_results_without_samples_and_a_folder_without_results_say_what_to_do(run, tmp_path):
    results = run.results(lamp_3=2)
    for place in (results, run.folder):
        with pytest.raises(ValueError, match=f"{results}: .*--log_samples"):
            read_lm_eval(place)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=f"{tmp_path / 'empty'}: .*found none"):
        read_lm_eval(tmp_path / "empty")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"doc": {"id": "31', "line 2: .*ends in the middle"),
        ("\n", "line 2: .*white space"),
        ('{"doc": "text"}\n', "line 2: expected a sample"),
        (json.dumps(sample()), "duplicate id '310'"),
        (json.dumps(sample(sample_id="311", filtered_resps=[["4", "5"]])), "'311' and .'4', '5'"),
    ],
)
def test_damaged_samples_are_refused_with_file_and_line(run, line, message):
    path = run.samples(sample(), tail=line)
    with pytest.raises(ValueError, match=f"{path}.*{message}"):
        read_lm_eval(path)


def test_an_empty_file_of_samples_and_one_that_is_not_text_are_refused(run):
    path = run.samples()
    with pytest.raises(ValueError, match=f"{path}: .*found none"):
        read_lm_eval(path)
    path.write_bytes(b'{"doc": "\xff"}\n')
    with pytest.raises(ValueError, match=f"{path}, line 1: expected UTF-8"):
        read_lm_eval(path)


@pytest.mark.parametrize("content", ["[]", "{}", '{"n-samples": []}', '{"n-samples": {"lamp_3": 3}}'])
def test_results_of_another_shape_do_not_say_how_many(run, content):
    path = run.samples(sample())
    run.results().write_text(content)
    assert len(read_lm_eval(path).by_id) == 1
