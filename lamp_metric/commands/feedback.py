"""``feedback``: what each item of a profile, alone in the prompt, is worth to a model."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.commands.command import Command, examples, say, subset_options, user_column_option
from lamp_dataset.commands.row_options import ChosenRows, limit_option, output_option, row_options
from lamp_dataset.formats.rankings import write_rankings
from lamp_dataset.formats.texts import counted
from lamp_metric.commands.shared import FILE, extraction_option

score_option = click.option(
    "--score", help="A score of the task, or a measure beside it, that a single sample has; by default the first."
)


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-metric feedback LaMP_4 --data-dir my/files --split train --preds answers.json --output feedback.json",
        "lamp-metric feedback LaMP_4 --split train --official-scores scores.json --output feedback.json",
    ),
)
@row_options(subset_options, user_column_option, limit_option)
@click.option("--preds", type=FILE, help="The answers to the prompts of lamp-dataset items, in the official format.")
@click.option("--official-scores", type=FILE, help="Instead: scores as the benchmark's own script writes them.")
@score_option
@extraction_option
@click.option("--partial", is_flag=True, help="Accept that answers are missing.")
@click.option("--official", is_flag=True, help='Write the benchmark\'s format {"SAMPLE-ITEM": {"rouge-1": 0.31}}.')
@output_option("JSON file to write")
def feedback(
    chosen: ChosenRows,
    preds: Path | None,
    official_scores: Path | None,
    score: str | None,
    extract_answers: bool,
    partial: bool,
    official: bool,
    output: str,
) -> None:
    """Score the answers to prompts with one item each.

    The file is {"SAMPLE": {"ITEM": 0.31, …}, …}. More is better: ratings get (w - error) / w, where w is the largest
    error that the gold allows. The key "" is the score without any item. The answers of a sample follow each other, as
    in the file of prompts.
    """
    if (preds is None) == (official_scores is None):
        raise ValueError("expected either --preds or --official-scores")
    chosen.check_output(output, preds, official_scores)
    from lamp_metric.learning.item_feedback import item_feedback, read_answers, read_official_scores

    answers = read_answers(preds, chosen.task) if preds else read_official_scores(official_scores)
    rows, key = chosen.load(), score or chosen.task.scores[0]
    options = {"score": key, "extract_answers": extract_answers, "partial": partial, "turned": not official}
    found = item_feedback(chosen.task, rows, answers, **options)
    with write_whole(output, permissions=PRIVATE if chosen.task.gated else None) as file:
        number = write_rankings(file, _by_pair(found, key) if official else found)
    say(f"{output}: {key} of {counted(number, 'answers' if official else 'samples')}", err=True)


def _by_pair(feedback: Iterable[tuple[str, dict[str, float]]], key: str) -> Iterator[tuple[str, dict[str, float]]]:
    """What the benchmark's script writes, which spells MAE as mae."""
    key = key.lower() if key.isupper() else key
    for sample_id, values in feedback:
        yield from ((f"{sample_id}-{item_id}" if item_id else sample_id, {key: one}) for item_id, one in values.items())
