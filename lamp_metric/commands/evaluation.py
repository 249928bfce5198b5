"""``eval-task``, ``eval-all`` and ``compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lamp_dataset.commands.command import Command, examples
from lamp_dataset.formats.outputs import Outputs, read_outputs
from lamp_dataset.tasks import OFFICIAL_NAMES
from lamp_metric.commands.shared import (
    FILE,
    check_extraction,
    check_options,
    evaluate_joined,
    join_and_warn,
    resampling_options,
    score_table,
    scoring_options,
    to_json,
    write_scores,
)
from lamp_metric.commands.text_table import interval, table
from lamp_metric.comparison import FEW_SAMPLES, compare_samples, comparison_signature, least_p
from lamp_metric.measuring import measure_joined
from lamp_metric.options import Resampling
from lamp_metric.predictions.archive import read_zip
from lamp_metric.predictions.joining import join


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-metric eval-task --golds_json dev_outputs.json --preds_json preds.json --task_name LaMP_4",
        "lamp-metric eval-task --golds_json G --preds_json P --output_file scores.json --confidence_level 0.95",
    ),
)
@click.option("--golds_json", type=FILE, required=True, help="File of golds, in the official format.")
@click.option("--preds_json", type=FILE, required=True, help="File of predictions, in the same format.")
@click.option("--task_name", help="Config name; by default, the golds tell the task.")
@click.option("--output_file", type=FILE, help="Where to write the scores, in the format of the official script.")
@scoring_options
def eval_task(
    golds_json: Path, preds_json: Path, task_name: str | None, output_file: Path | None, as_json: bool, **options: Any
) -> None:
    """Score the predictions of one task.

    Golds and predictions are joined by id; both files look like {"task": "LaMP_4", "golds": [{"id": …, "output": …},
    …]}. The result file is one flat object: {"rouge-1": …, "rouge-L": …}.

    Files of movie tags and of news categories both say LaMP_2: the golds' labels tell them apart. If they are news
    categories, LaMP_2_news is scored, even with --task_name LaMP_2, and a line on standard error says so.
    """
    check_options(output_file, [golds_json, preds_json], as_json, **options)
    joined = join_and_warn(read_outputs(golds_json), read_outputs(preds_json), task_name)
    check_extraction([joined.task], options["extract_answers"])
    result = evaluate_joined(joined, **options)
    write_scores(output_file, result["scores"])
    click.echo(to_json(result) if as_json else score_table([result]))


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-metric eval-all --golds_zip golds.zip --preds_zip preds.zip --output_file scores.json",
        "lamp-metric eval-all --golds_zip golds.zip --preds_zip preds.zip --partial --json",
    ),
)
@click.option("--golds_zip", type=FILE, required=True, help="Zip of the tasks' files of golds, in any folder.")
@click.option("--preds_zip", type=FILE, required=True, help="Zip of the tasks' files of predictions.")
@click.option("--temp_dir", type=FILE, help="Accepted and ignored: nothing is extracted to disk.")
@click.option("--output_file", type=FILE, help="Where to write the scores, in the format of the official script.")
@click.option("--partial", is_flag=True, help="Score the tasks that are there, even if some are missing.")
@scoring_options
def eval_all(
    golds_zip: Path,
    preds_zip: Path,
    temp_dir: Path | None,
    output_file: Path | None,
    partial: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Score the predictions of all tasks.

    The result file is an object keyed by the tasks' official names. The zips can be made by pack or by any other tool.
    LaMP_2 holds movie tags or news categories: the golds' labels tell which, see eval-task.
    """
    check_options(output_file, [golds_zip, preds_zip], as_json, **options)
    golds, predictions = read_zip(golds_zip), read_zip(preds_zip)
    tasks = _tasks(golds, predictions, (golds_zip, preds_zip), partial)
    joined = {task: join_and_warn(golds[task], predictions[task]) for task in tasks}
    check_extraction([outputs.task for outputs in joined.values()], options["extract_answers"])
    results = {task: evaluate_joined(outputs, **options) for task, outputs in joined.items()}
    scores = {task: result["scores"] for task, result in results.items()}
    write_scores(output_file, scores)
    click.echo(to_json(results) if as_json else score_table(list(results.values())))


def _tasks(
    golds: dict[str, Outputs], predictions: dict[str, Outputs], paths: tuple[Path, Path], partial: bool
) -> list[str]:
    """The tasks to score; with ``partial`` those that both zips hold."""
    for path, found in zip(paths, (golds, predictions), strict=True):
        missing = [task for task in OFFICIAL_NAMES if task not in found]
        if missing and not partial:
            raise ValueError(
                f"{path}: expected a file for each of the {len(OFFICIAL_NAMES)} tasks, found none for "
                f"{', '.join(missing)}; pass --partial to score what is there"
            )
    both = [task for task in golds if task in predictions]
    if not both:
        raise ValueError(
            f"{paths[0]} holds {', '.join(golds)} and {paths[1]} {', '.join(predictions)}: no task is in both"
        )
    left_out = [task for task in OFFICIAL_NAMES if task in golds.keys() ^ predictions.keys()]
    if left_out:
        click.echo(f"not scored, since one side is missing: {', '.join(left_out)}", err=True)
    return both


@click.command(
    cls=Command,
    epilog=examples("lamp-metric compare LaMP_4 --golds dev_outputs.json --preds mine.json theirs.json"),
)
@click.argument("task_name", metavar="TASK")
@click.option("--golds", type=FILE, required=True, help="File of golds, in the official format.")
@click.option("--preds", type=FILE, nargs=2, required=True, help="The two systems' files of predictions.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@resampling_options(0.95, 10_000)
def compare(task_name: str, golds: Path, preds: tuple[Path, Path], as_json: bool, **resampling: Any) -> None:
    """Compare the scores of two systems on TASK: can the difference be chance?

    Both are scored on the same samples. The interval holds the middle 95 % (--confidence_level) of the differences on
    bootstrap resamples: how much the difference would vary with other samples. p is the probability of a difference at
    least as large, in either direction, if the two systems were interchangeable; it is estimated by swapping their
    predictions at random. A small p speaks against chance; a better score alone does not.

    With few samples the bootstrap interval tends to be too narrow, and may exclude 0 even if p is large: trust p.
    """
    drawn = Resampling(**resampling)
    gold_outputs = read_outputs(golds)
    a = join_and_warn(gold_outputs, read_outputs(preds[0]), task_name)
    b = join(gold_outputs, read_outputs(preds[1]), task_name)
    result = compare_samples(measure_joined(a), measure_joined(b), drawn)
    signature = comparison_signature(a.task, len(a.ids), drawn)
    if as_json:
        files = {"a": str(preds[0]), "b": str(preds[1])}
        click.echo(to_json({"task": a.task.name, "n": len(a.ids), **files, "scores": result, "signature": signature}))
        return
    names = [click.format_filename(path) for path in preds]
    click.echo(f"A: {names[0]}\nB: {names[1]}\n\n{_comparison_table(result)}\n\n{signature}")
    if len(a.ids) < FEW_SAMPLES:
        least = f"{least_p(len(a.ids), drawn.n_resamples):.2g}"
        note = f"few samples ({len(a.ids)}): the interval tends to be too narrow, and p cannot be below {least}"
        click.echo(note, err=True)


def _comparison_table(result: dict[str, dict[str, Any]]) -> str:
    rows = [["score", "A", "B", "A - B", "interval", "p", "better score"]]
    for key, found in result.items():
        numbers = [f"{found['a']:.4f}", f"{found['b']:.4f}", f"{found['difference']:+.4f}"]
        better = found["better"].upper() if found["better"] else "equal"
        rows.append([key, *numbers, interval(found["difference_ci"]), f"{found['p_value']:.4f}", better])
    return table(rows, numeric=(1, 2, 3, 5))
