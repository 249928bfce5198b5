"""``baseline``: the trivial baselines as a file of predictions."""

from __future__ import annotations

from pathlib import Path

import click

from lamp_dataset.atomic import check_not_input
from lamp_dataset.commands.command import DATA_DIR, SPLIT, Command, examples, say, users_option
from lamp_dataset.formats.layout import find_files
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.formats.texts import counted
from lamp_dataset.tasks import get_task
from lamp_metric.commands.shared import FILE
from lamp_metric.predictions.trivial_baselines import baseline as predict
from lamp_metric.predictions.writing import write_predictions


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-metric baseline LaMP_3 --data-dir my/files --output trivial.json",
        "lamp-metric baseline LaMP_4 --data-dir sample --split test --output trivial.json",
    ),
)
@click.argument("config")
@click.option("--data-dir", type=DATA_DIR, required=True, help=DATA_DIR.help.partition("; by default")[0] + ".")
@click.option("--split", type=SPLIT, default="validation", show_default=True)
@users_option
@click.option("--output", type=FILE, required=True, help="The file of predictions to write.")
def baseline(config: str, data_dir: str, split: str, users: str | None, output: Path) -> None:
    """Write the predictions of CONFIG's trivial baseline, which a model should beat.

    Tasks with labels: the most common label, or the mean rating, of the training golds in the folder. Titles: the title
    of the first profile item. Paraphrases: the text of the input.
    """
    from lamp_dataset.personalize.split import load_split  # imports datasets: --help must be quick

    task = get_task(config)
    train = find_files(task, data_dir, ["train"])["train"] if task.labels else ()
    check_not_input(output, [path for path in (*train, users, *find_files(task, data_dir, [split])[split]) if path])
    golds = list(map(str, read_outputs(train.outputs, task).by_id.values())) if train else []
    rows = load_split(config, split, data_dir, users=users)
    what, predictions = predict(task, rows, golds)
    write_predictions(output, config, list(rows["id"]), predictions)
    say(f"{output}: {counted(len(predictions), 'predictions')}: {what}", err=True)
    if task.gated:
        say(f"{output} may hold texts under {task.license}", err=True)
