"""``eval-task`` and ``eval-all``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lamp_dataset.commands.command import Command, examples
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.tasks import OFFICIAL_NAMES
from lamp_metric.commands.shared import (
    FILE,
    check_extraction,
    check_options,
    evaluate_joined,
    join_and_warn,
    score_table,
    scoring_options,
    to_json,
    write_scores,
)
from lamp_metric.commands.sources import find_source, source_options
from lamp_metric.predictions.archive import read_zip


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-metric eval-task --golds_json dev_outputs.json --preds_json preds.json --task_name LaMP_4",
        "lamp-metric eval-task --golds_json G --preds_json P --output_file scores.json --confidence_level 0.95",
        "lamp-metric eval-task --data-dir my/files --task_name LaMP_3 --preds_json P --confidence_level 0.95",
    ),
)
@source_options("--golds_json")
@click.option("--preds_json", type=FILE, required=True, help="File of predictions, in the official format.")
@click.option("--task_name", help="Config name; by default, taken from the golds.")
@click.option("--output_file", type=FILE, help="Where to write the scores, in the format of the official script.")
@scoring_options
def eval_task(
    golds_json: Path | None,
    questions: Path | None,
    data_dir: str | None,
    split: str | None,
    users: str | None,
    preds_json: Path,
    task_name: str | None,
    output_file: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Score the predictions of one task.

    Golds and predictions are joined by id; both files look like {"task": "LaMP_4", "golds": [{"id": …, "output": …},
    …]}. The result file is one flat object: {"rouge-1": …, "rouge-L": …}.

    Files of movie tags and of news categories both say LaMP_2: the golds' labels tell them apart. If they are news
    categories, LaMP_2_news is scored, even with --task_name LaMP_2, and a line on standard error says so.

    Intervals (--confidence_level) draw samples, or users if --data-dir or --questions identifies the users.
    """
    source = find_source("--golds_json", golds_json, questions, data_dir, split, task_name, users)
    inputs = [Path(source.golds), preds_json, *([Path(users)] if users else [])]
    check_options(output_file, inputs, as_json, **options)
    drawn = options["confidence_level"] is not None
    if questions is not None and not drawn and users is None:
        raise ValueError("--questions gives the users that intervals draw; pass --confidence_level as well")
    (joined,), whose = source.join([preds_json], task_name, options["extract_answers"], wants_users=drawn)
    result = evaluate_joined(joined, users=whose, **options)
    write_scores(output_file, result["scores"], [joined.task])
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
    write_scores(output_file, scores, [outputs.task for outputs in joined.values()])
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
