"""``baseline``: the trivial baselines as a file of predictions."""

import click

from lamp_dataset.commands.command import Command, examples, say, subset_options, user_column_option
from lamp_dataset.commands.command_options import ChosenRows, output_option, row_options, say_license
from lamp_dataset.formats.layout import find_files
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.formats.texts import counted
from lamp_metric.predictions.trivial_baselines import baseline as predict
from lamp_metric.predictions.writing import write_predictions


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
    chosen.check_output(output, *(train.paths if train else ()))
    golds = list(map(str, read_outputs(train.outputs, task).by_id.values())) if train else []
    rows = chosen.load()
    what, predictions = predict(task, rows, golds)
    write_predictions(output, task.name, list(rows["id"]), predictions)
    say(f"{output}: {counted(len(predictions), 'predictions')}: {what}", err=True)
    say_license(task, output)
