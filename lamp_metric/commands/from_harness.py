"""``lm-eval-tasks``, ``from-lm-eval`` and ``from-inspect``: to evaluation harnesses and back."""

from collections.abc import Callable
from pathlib import Path

import click

from lamp_dataset.atomic import check_not_input
from lamp_dataset.commands.command import Command, examples, say, stacked
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.formats.texts import counted
from lamp_dataset.tasks import get_task
from lamp_metric.commands.shared import FILE

log_options = stacked(
    click.option("--config", help="Which config, if there are logs for several."),
    click.option("--partial", is_flag=True, help="Take the answers that are there, even if samples are missing."),
    click.option("--output", type=FILE, required=True, help="The file of predictions to write."),
)


@click.command(
    "lm-eval-tasks",
    cls=Command,
    epilog=examples('lm_eval --include_path "$(lamp-metric lm-eval-tasks)" --tasks lamp_3 …'),
)
def lm_eval_tasks() -> None:
    """Print the folder of tasks for lm-evaluation-harness."""
    from lamp_metric.harness.lm_eval_tasks.task_files import task_folder

    click.echo(task_folder())


@click.command(
    "from-lm-eval",
    cls=Command,
    epilog=examples(
        "lamp-metric from-lm-eval results/ --output preds.json",
        "lamp-metric from-lm-eval results/ --config LaMP_3 --output LaMP_3.json",
        "lamp-metric from-lm-eval samples_lamp_3_2026-01-31.jsonl --partial --output first.json",
    ),
)
@click.argument("results", type=FILE)
@log_options
def from_lm_eval(results: Path, **options: object) -> None:
    """Write the predictions in a log of lm-evaluation-harness.

    RESULTS is the folder that lm_eval wrote (--output_path, with --log_samples), or one of its files.
    """
    from lamp_metric.harness.lm_eval_tasks.sample_logs import read_lm_eval

    _convert(read_lm_eval, results, **options)


@click.command(
    "from-inspect",
    cls=Command,
    epilog=examples(
        "lamp-metric from-inspect logs/ --config LaMP_3 --output preds.json",
        "lamp-metric from-inspect logs/2026-01-31T10-00-00-00-00_lamp_abc.eval --output preds.json",
    ),
)
@click.argument("log", type=FILE)
@log_options
def from_inspect(log: Path, **options: object) -> None:
    """Write the predictions of inspect_ai's LOG, file or folder."""
    from lamp_metric.harness.inspect_tasks.eval_logs import read_inspect

    _convert(read_inspect, log, **options)


def _convert(
    read: Callable[[Path, str | None, bool], Outputs], log: Path, config: str | None, partial: bool, output: Path
) -> None:
    from lamp_metric.predictions.writing import write_predictions

    if config is not None:
        get_task(config)
    answers = read(log, config, partial)
    check_not_input(output, [answers.name])
    write_predictions(output, answers.task, list(answers.by_id), list(answers.by_id.values()))
    say(f"{output}: {counted(len(answers.by_id), 'predictions')} of {answers.task} from {answers.name}", err=True)
