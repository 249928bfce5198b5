"""The task files as YAML, without the harness."""

from importlib import import_module
from pathlib import Path

import pytest
import yaml

import lamp_metric
from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS
from lamp_metric.harness.harness_rows import MAX_ANSWER
from lamp_metric.scorers import SCORERS

FOLDER = Path(lamp_metric.__file__).parent / "harness" / "lm_eval_tasks"


class Loader(yaml.SafeLoader):
    """Functions are read as their names."""


Loader.add_constructor("!function", lambda loader, node: f"!{loader.construct_scalar(node)}")


def read(name):
    """A file with what it includes, as the harness merges them."""
    content = yaml.load((FOLDER / name).read_text(encoding="utf-8"), Loader)
    return (read(content.pop("include")) if "include" in content else {}) | content


def test_there_is_a_task_for_each_config_and_the_group():
    assert {path.name for path in FOLDER.glob("*.yaml")} == {f"{name.lower()}.yaml" for name in TASKS} | {"lamp.yaml"}


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


def test_the_group_is_what_a_submission_holds():
    assert read("lamp.yaml") == {"group": "lamp", "task": [name.lower() for name in OFFICIAL_NAMES]}


def test_the_functions_are_there():
    for name in ("samples", "scored", "aggregate"):
        assert callable(getattr(import_module("lamp_metric.harness.lm_eval_tasks.task_functions"), name))
