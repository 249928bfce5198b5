"""``compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lamp_dataset.commands.command import Command, examples
from lamp_dataset.formats.outputs import read_outputs
from lamp_metric.commands.shared import FILE, join_and_warn, resampling_options, to_json
from lamp_metric.commands.sources import find_source, source_options
from lamp_metric.commands.text_table import interval, table
from lamp_metric.comparison import FEW_SAMPLES, compare_samples, comparison_signature, least_p
from lamp_metric.measuring import measure_joined
from lamp_metric.options import Resampling
from lamp_metric.predictions.joining import join


@click.command(
    cls=Command,
    epilog=examples("lamp-metric compare LaMP_4 --golds dev_outputs.json --preds mine.json theirs.json"),
)
@click.argument("task_name", metavar="TASK")
@source_options("--golds")
@click.option("--preds", type=FILE, nargs=2, required=True, help="The two systems' files of predictions.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@resampling_options(0.95, 10_000)
def compare(
    task_name: str,
    golds: Path | None,
    questions: Path | None,
    data_dir: str | None,
    split: str | None,
    preds: tuple[Path, Path],
    as_json: bool,
    **resampling: Any,
) -> None:
    """Compare the scores of two systems on TASK: can the difference be chance?

    Both are scored on the same samples. The interval holds the middle 95 % (--confidence_level) of the differences on
    bootstrap resamples: how much the difference would vary with other samples. p is the probability of a difference at
    least as large, in either direction, if the two systems were interchangeable; it is estimated by swapping their
    predictions at random. A small p speaks against chance; a better score alone does not.

    Samples of one user are alike. Where --data-dir or --questions tell whose the samples are, the bootstrap draws users
    and the test swaps all samples of a user at once; otherwise both take the samples for independent.

    With few samples or users the bootstrap interval tends to be too narrow, and may exclude 0 even if p is large: trust
    p.
    """
    drawn = Resampling(**resampling)
    source = find_source("--golds", golds, questions, data_dir, split, task_name)
    gold_outputs = source.read_golds()
    joined = [
        join_and_warn(gold_outputs, read_outputs(preds[0]), task_name),
        join(gold_outputs, read_outputs(preds[1]), task_name),
    ]
    users = source.read_users(joined[0])
    a, b = (measure_joined(system, users) for system in joined)
    result = compare_samples(a, b, drawn)
    signature = comparison_signature(a.task, a.n, drawn, a.n_users)
    if as_json:
        files = {"a": str(preds[0]), "b": str(preds[1])}
        known = {"users": a.n_users} if users is not None else {}
        click.echo(to_json({"task": a.task.name, "n": a.n, **known, **files, "scores": result, "signature": signature}))
        return
    names = [click.format_filename(path) for path in preds]
    click.echo(f"A: {names[0]}\nB: {names[1]}\n\n{_comparison_table(result)}\n\n{signature}")
    units, what = (a.n, "samples") if users is None else (a.n_users, "users")
    if units < FEW_SAMPLES:
        least = f"{least_p(units, drawn.n_resamples):.2g}"
        note = f"few {what} ({units}): the interval tends to be too narrow, and p cannot be below {least}"
        click.echo(note, err=True)


def _comparison_table(result: dict[str, dict[str, Any]]) -> str:
    rows = [["score", "A", "B", "A - B", "interval", "p", "better score"]]
    for key, found in result.items():
        numbers = [f"{found['a']:.4f}", f"{found['b']:.4f}", f"{found['difference']:+.4f}"]
        better = found["better"].upper() if found["better"] else "equal"
        rows.append([key, *numbers, interval(found["difference_ci"]), f"{found['p_value']:.4f}", better])
    return table(rows, numeric=(1, 2, 3, 5))
