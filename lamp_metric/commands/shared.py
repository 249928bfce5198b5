"""What the commands have in common: options, output, and the shape of what they print."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from lamp_dataset.atomic import write_whole
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.commands.text_table import interval, table
from lamp_metric.predictions.joining import Pair, join
from lamp_metric.scoring import scores_of, signature_of

FILE = click.Path(path_type=Path)


def resampling_options(confidence_level: float | None, n_resamples: int) -> Callable:
    """The options ``--confidence_level``, ``--n_resamples`` and ``--seed``, with these defaults."""
    options = [
        click.option(
            "--confidence_level",
            type=float,
            default=confidence_level,
            show_default=confidence_level is not None,
            help="Level of the bootstrap intervals, such as 0.95.",
        ),
        click.option("--n_resamples", type=int, default=n_resamples, show_default=True, help="Number of resamples."),
        click.option("--seed", type=int, default=0, show_default=True, help="Seed of the resampling."),
    ]
    return lambda command: functools.reduce(lambda done, option: option(done), reversed(options), command)


def scoring_options(command: Callable) -> Callable:
    """The options that both eval commands take besides their files."""
    command = click.option("--json", "as_json", is_flag=True, help="Print JSON, with intervals and signatures.")(
        command
    )
    command = click.option("--per_sample", is_flag=True, help="Add the values of each sample to --json.")(command)
    command = click.option(
        "--extract_answers",
        is_flag=True,
        help="Find labels and ratings in sentences, in the tasks that have them; these are no official scores, so not "
        "with --output_file.",
    )(command)
    return resampling_options(None, 1000)(command)


def join_and_warn(golds: Outputs, predictions: Outputs, task_name: str | None = None) -> Pair:
    """As :func:`~lamp_metric.predictions.joining.join`; says so on standard error where the labels imply another task.

    Raises:
        ValueError: as there.
    """
    pair = join(golds, predictions, task_name)
    named = get_task(task_name).base if task_name is not None else golds.task
    if pair.task.base != named:
        click.echo(
            f"{golds.name}: says {golds.task!r}, but its golds are labels of {pair.task.base} ({pair.task.title}): "
            f"{pair.task.name} is scored",
            err=True,
        )
    return pair


def check_extraction(tasks: Sequence[Task], extract_answers: bool) -> None:
    """Refuse to look for labels where no task has any.

    Raises:
        ValueError: the message names the tasks.
    """
    if extract_answers and not any(task.labels for task in tasks):
        names = ", ".join(task.name for task in tasks)
        raise ValueError(f"--extract_answers: no labels or ratings to look for in {names}; leave the option out")


def evaluate_pair(pair: Pair, per_sample: bool, extract_answers: bool, **resampling: Any) -> dict[str, Any]:
    """Everything about one task's score, as ``--json`` prints it."""
    measured = pair.measure(extract_answers=extract_answers and bool(pair.task.labels))
    result = scores_of(measured, pair.ids, per_sample=per_sample, **resampling)
    keys = pair.task.scores
    extra = {"per_sample": result["per_sample"]} if per_sample else {}
    return {
        "task": pair.task.name,
        "n": measured.n,
        "scores": {key: result[key] for key in keys},
        "intervals": {key: result[f"{key}_ci"] for key in keys if f"{key}_ci" in result},
        "signature": signature_of(
            pair.task, measured.n, extract_answers=extract_answers and bool(pair.task.labels), **resampling
        ),
        **extra,
    }


def score_table(results: Sequence[Mapping[str, Any]]) -> str:
    """The scores of some tasks for a reader, and how they were made."""
    with_intervals = any(result["intervals"] for result in results)
    rows = [["task", "samples", "score", "value", *(["interval"] if with_intervals else [])]]
    for result in results:
        for place, (key, value) in enumerate(result["scores"].items()):
            name, n = (result["task"], f"{result['n']:,}") if place == 0 else ("", "")
            bounds = [interval(result["intervals"].get(key))] if with_intervals else []
            rows.append([name, n, key, f"{value:.4f}", *bounds])
    signatures = "\n".join(result["signature"] for result in results)
    return f"{table(rows, numeric=(1, 3))}\n\n{signatures}"


def check_output(output: Path | None, inputs: Sequence[Path]) -> None:
    """Refuse to write over what is read.

    Raises:
        ValueError: the output is one of the inputs.
    """
    for path in inputs:
        if output is not None and output.exists() and path.exists() and output.samefile(path):
            raise ValueError(f"{output}: is an input of this command; name another file for the output")


def check_options(
    output: Path | None, inputs: Sequence[Path], as_json: bool, *, per_sample: bool, extract_answers: bool, **_: Any
) -> None:
    """Refuse options that contradict each other, before any work.

    Raises:
        ValueError: the message names the options.
    """
    check_output(output, inputs)
    if extract_answers and output is not None:
        raise ValueError("--extract_answers gives no official scores, so it writes no --output_file; use --json")
    if per_sample and not as_json:
        raise ValueError("--per_sample adds to what --json prints; pass --json as well")


def write_scores(output: Path | None, scores: Mapping[str, Any]) -> None:
    """Write the official result, where asked for.

    Raises:
        OSError: the file cannot be written.
    """
    if output is not None:
        with write_whole(output) as file:
            file.write(to_json(scores))


def to_json(value: Any) -> str:
    """``value`` as JSON for machines."""
    return json.dumps(value, allow_nan=False)
