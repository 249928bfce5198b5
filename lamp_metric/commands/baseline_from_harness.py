"""Files of predictions from elsewhere: ``baseline``, ``from-lm-eval`` and ``from-inspect``; and ``lm-eval-tasks``."""

from collections.abc import Callable
from pathlib import Path

import click

from lamp_dataset.atomic import check_not_input
from lamp_dataset.commands.command import Command, examples, say, stacked, subset_options, user_column_option
from lamp_dataset.commands.shared_flags import ChosenRows, output_option, row_options, say_license
from lamp_dataset.formats.files import find_files
from lamp_dataset.formats.outputs import Outputs, read_outputs
from lamp_dataset.formats.texts import counted
from lamp_dataset.tasks import get_task
from lamp_metric.commands.shared import FILE
from lamp_metric.predictions.reading import write_predictions
from lamp_metric.predictions.trivial_baselines import baseline as predict


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-metric baseline LaMP_3 --data-dir my/files --output trivial.json",
        "lamp-metric baseline LaMP_4 --data-dir sample --split test --output trivial.json",
    ),
)
@row_options(subset_options, user_column_option)
@output_option("The file of predictions to write")
def baseline(chosen: ChosenRows, output: str) -> None:
    """Write a trivial baseline, which a model should beat.

    Tasks with labels: the most common label, or the mean rating, of the training golds, which --data-dir has. Titles:
    the title of the first profile item. Paraphrases: the text of the input.
    """
    task = chosen.task
    if task.labels and chosen.data_dir is None:
        raise ValueError(f"baseline {task.name}: pass --data-dir, the folder with the training golds")
    train = find_files(task, chosen.data_dir, ["train"])["train"] if task.labels else None
    chosen.check_output(output)
    golds = list(map(str, read_outputs(train.outputs, task).by_id.values())) if train else []
    rows = chosen.load()
    what, predictions = predict(task, rows, golds)
    write_predictions(output, task.name, list(rows["id"]), predictions)
    say(f"{output}: {counted(len(predictions), 'predictions')}: {what}", err=True)
    say_license(task, output)


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
    from lamp_metric.harness.lm_eval_tasks.task_and_log_files import task_folder

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
    from lamp_metric.harness.lm_eval_tasks.task_and_log_files import read_lm_eval

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
    if config is not None:
        get_task(config)
    answers = read(log, config, partial)
    check_not_input(output, [answers.name])
    write_predictions(output, answers.task, list(answers.by_id), list(answers.by_id.values()))
    say(f"{output}: {counted(len(answers.by_id), 'predictions')} of {answers.task} from {answers.name}", err=True)
