"""``feedback``, what each item of a profile is worth to a model, and ``preferences``, pairs of answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.commands.command import Command, examples, say, subset_options, user_column_option
from lamp_dataset.commands.shared_flags import (
    ChosenRows,
    limit_option,
    output_option,
    prompts_output,
    row_options,
    say_license,
)
from lamp_dataset.formats.lists import write_rankings
from lamp_dataset.formats.outputs import Outputs, read_outputs
from lamp_dataset.formats.texts import check_same_ids, counted
from lamp_dataset.personalize.prompt_files import check_prompt_path, read_prompts, write_prompts
from lamp_metric.commands.golds import subset_hint
from lamp_metric.commands.shared import FILE, Several, extraction_option
from lamp_metric.predictions.reading import join
from lamp_metric.predictions.scored_samples import split

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
    if official:
        name = key.lower() if key.isupper() else key  # the benchmark's script spells MAE as mae
        pairs = ((sample, item, one) for sample, values in found for item, one in values.items())
        found = ((f"{sample}-{item}" if item else sample, {name: one}) for sample, item, one in pairs)
    with write_whole(output, permissions=PRIVATE if chosen.task.gated else None) as file:
        number = write_rankings(file, found)
    say(f"{output}: {key} of {counted(number, 'answers' if official else 'samples')}", err=True)


@click.command(
    cls=Several,
    epilog=examples(
        "lamp-metric preferences LaMP_4 --split train --preds a.json b.json --prompts p.parquet --output pairs.parquet",
        "lamp-metric preferences LaMP_4 --split train --preds 4.json --prompts p.jsonl --margin 0.1 --output q.jsonl",
        "lamp-metric preferences LaMP_3 --split train --preds a.json --gold --prompts p.parquet --output pairs.parquet",
    ),
)
@row_options(subset_options, user_column_option, limit_option)
@click.option("--preds", type=FILE, multiple=True, required=True, help="Answers, one or several to each sample.")
@click.option("--prompts", type=FILE, required=True, help="What lamp-dataset personalize wrote.")
@click.option("--messages", is_flag=True, help="Prompts and answers as chat messages, not as texts.")
@click.option("--gold", is_flag=True, help="Prefer the gold to each answer.")
@click.option("--margin", type=float, default=0.0, show_default=True, help="Minimum difference of the scores.")
@click.option("--max-pairs", type=click.IntRange(1), help="Maximum pairs per sample; by default all.")
@score_option
@extraction_option
@prompts_output
def preferences(
    chosen: ChosenRows, preds: Sequence[Path], prompts: Path, messages: bool, output: str, **options: Any
) -> None:
    """Write pairs of a better and a worse answer.

    The columns are prompt, chosen and rejected. CONFIG comes first, since --preds takes all values that follow.
    """
    chosen.check_output(check_prompt_path(output), prompts, *preds)
    import datasets  # imported late: --help must be quick

    from lamp_metric.learning.rewards_and_preferences import preferences as pairs_of

    rows, asked, column = chosen.load(), read_prompts(prompts, chosen.task), "messages" if messages else "source"
    if column not in asked.column_names:
        raise ValueError(f"{prompts}: expected the column {column!r}, found {', '.join(asked.column_names)}")
    asked = dict(zip(asked["id"], asked[column], strict=True))
    golds = Outputs(chosen.task.official_name, dict(zip(rows["id"], rows["output"], strict=True)), "the split")
    subset, runs = chosen.users or chosen.samples, []
    with subset_hint(golds.by_id, asked, subset):
        check_same_ids(asked, golds.by_id, (str(prompts), golds.name))
    for found in map(read_outputs, preds):
        with subset_hint(golds.by_id, found.by_id, subset):
            runs += split(join(golds, found, chosen.config))
    if len(runs) + options["gold"] < 2:
        raise ValueError("no pairs: each sample has one answer; pass more files with --preds, or --gold")
    said = zip(*(run.predictions for run in runs), strict=True)
    found = pairs_of(chosen.task, map(asked.get, golds.by_id), said, golds.by_id.values(), ids=golds.by_id, **options)
    pairs = datasets.Dataset.from_list(list(found))
    if not len(pairs):
        raise ValueError("no pairs: no two answers to a sample differ so much in their scores")
    write_prompts(pairs, output, private=chosen.task.gated)
    say(f"{output}: {counted(len(pairs), 'pairs')} of {counted(len(rows), 'samples')}", err=True)
    say_license(chosen.task, output)
