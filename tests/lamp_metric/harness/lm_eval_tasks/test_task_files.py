"""The task files as YAML, without the harness."""

from dataclasses import replace
from importlib import import_module

import pytest
import yaml

from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS
from lamp_metric.harness.harness_rows import MAX_ANSWER
from lamp_metric.harness.lm_eval_tasks.task_files import task_files, task_folder
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
