"""The task files that lm-evaluation-harness reads, made from the table: registered tasks get theirs, too."""

import hashlib
from pathlib import Path

from lamp_dataset.atomic import write_whole
from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS
from lamp_metric.harness.harness_rows import MAX_ANSWER
from lamp_metric.scorers import scorer_of

_FUNCTIONS = "!function lamp_metric.harness.lm_eval_tasks.task_functions"
#: The profile holds the shots, so there are no others. ``until`` is the harness's own default; some servers fail on an
#: empty list.
_TASK = f"""\
task: {{name}}
dataset_kwargs: {{{{lamp_config: {{config}}}}}}
custom_dataset: {_FUNCTIONS}.samples
test_split: samples
output_type: generate_until
doc_to_text: source
doc_to_target: target
target_delimiter: ""
num_fewshot: 0
generation_kwargs: {{{{until: ["\\n\\n"], do_sample: false, temperature: 0.0, max_gen_toks: {MAX_ANSWER}}}}}
process_results: {_FUNCTIONS}.scored
metadata: {{{{version: 1.0}}}}
metric_list:
"""
_METRIC = f"""\
  - metric: "{{key}}"
    aggregation: {_FUNCTIONS}.aggregate
    higher_is_better: {{higher}}
"""


def task_files() -> dict[str, str]:
    """Name -> content of a file for each config, and of the group ``lamp``, which a submission holds."""
    group = f"group: lamp\ntask: [{', '.join(name.lower() for name in OFFICIAL_NAMES)}]\n"
    found = {"lamp.yaml": group}
    for task in TASKS.values():
        name, directions = task.name.lower(), scorer_of(task).higher_is_better
        metrics = (_METRIC.format(key=key, higher=str(directions[key]).lower()) for key in task.scores)
        found[f"{name}.yaml"] = _TASK.format(name=name, config=task.name) + "".join(metrics)
    return found


def task_folder() -> Path:
    """A folder with the task files, for ``--include_path``; it is in the cache of the Hugging Face libraries."""
    from huggingface_hub.constants import HF_HOME

    files = task_files()
    key = hashlib.sha256(repr(files).encode()).hexdigest()[:16]  # a run keeps its files, whatever other runs make
    folder = Path(HF_HOME, "lamp", key, "lm_eval_tasks")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if not (folder / name).exists():
            with write_whole(folder / name) as file:
                file.write(content)
    return folder
