"""The files that lm-evaluation-harness reads, made from the table, and those that it writes with ``--log_samples``.

Registered tasks get a task file, too. The harness logs a file of results and, for each task, one of samples:
``results_DATE.json`` and ``samples_TASK_DATE.jsonl`` lie next to each other. None of this needs the harness itself.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lamp_dataset.atomic import write_whole
from lamp_dataset.formats.json_files import load_json, read_json
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS
from lamp_metric.harness.rows_and_answers import MAX_ANSWER, choose, collect
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


def read_lm_eval(place: Path, config: str | None = None, partial: bool = False) -> Outputs:
    """The answers in a file of samples, or to ``config`` in a file of results or a folder with them.

    ``partial``: samples may lack an answer.
    """
    path = place if place.suffix == ".jsonl" else choose(_logs(place), config, place)
    return collect(_samples(path), path, config, None if partial else _expected(path))


def _logs(place: Path) -> list[tuple[str, Path]]:
    """Config and path of the files of samples in a folder, or of those that belong to a file of results."""
    if place.is_dir():
        found, results = list(place.rglob("samples_*.jsonl")), list(place.rglob("results_*.json"))
    else:
        read_json(place)
        found, results = list(place.parent.glob(f"samples_*_{_date(place)}.jsonl")), [place]
    if results and not found:
        raise ValueError(f"{results[0]}: no samples were logged with these results; run lm_eval with --log_samples")
    configs = {name.lower(): name for name in TASKS}  # as the harness calls them
    return [(configs[_task(path)], path) for path in sorted(found) if _task(path) in configs]


def _date(path: Path) -> str:
    return path.stem.rpartition("_")[2]


def _task(path: Path) -> str:
    return path.stem.removeprefix("samples_").rpartition("_")[0]


def _samples(path: Path) -> Iterator[tuple[Any, Any, Any]]:
    """Config, id and answer of each sample."""
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            sample = load_json(line, f"{path}, line {number}")
            if not isinstance(sample, dict) or not isinstance(sample.get("doc"), dict):
                raise ValueError(f"{path}, line {number}: expected a sample that lm_eval has logged")
            answers = sample.get("filtered_resps")
            answer = answers[0] if isinstance(answers, list) and len(answers) == 1 else answers
            yield sample["doc"].get("config"), sample["doc"].get("id"), answer


def _expected(path: Path) -> int | None:
    """The number of samples in the split, if the file of results is there and has it."""
    for results in path.parent.glob(f"*_{_date(path)}.json"):
        found = read_json(results)
        for key in ("n-samples", _task(path), "original"):
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, int) else None
    return None
