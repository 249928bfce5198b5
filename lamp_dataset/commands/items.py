"""``lamp-dataset items``: the prompts that ask a model what each item of a profile is worth."""

from typing import Any

import click

from lamp_dataset.commands.command import Command, examples, say
from lamp_dataset.commands.flags import prompt_flags
from lamp_dataset.commands.personalize_rank import prepare, ranking_options, some_rows
from lamp_dataset.commands.row_options import ChosenRows, prompts_output, say_license
from lamp_dataset.formats.texts import counted
from lamp_dataset.personalize.prompt_files import check_prompt_path, write_prompts


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset items LaMP_4 --split train --ranking bm25.json --top 16 --output items.parquet",
        "lamp-dataset items LaMP_3 --data-dir sample --tokenizer google/flan-t5-base --output items.parquet",
    ),
)
@some_rows
@ranking_options
@prompt_flags("ranking", "summary", "tokenizer", "max_length")
@click.option("--top", type=click.IntRange(1), default=16, show_default=True, help="Items of each profile, best first.")
@prompts_output
def items(rows: ChosenRows, output: str, top: int, **options: Any) -> None:
    """Write the prompts of a split with one item each.

    First comes the prompt without items, then one for each of the profile's best. The columns are id, source and
    target. Ids are SAMPLE, for the prompt without items, and SAMPLE-ITEM. What a model answers to them, lamp-metric
    feedback scores.
    """
    rows.check_output(check_prompt_path(output), options["ranking"], options["summary"])
    personalizer, loaded = prepare(rows, options)
    from lamp_dataset.personalize.item_prompts import item_prompts

    prompts = item_prompts(loaded, personalizer, top)
    write_prompts(prompts, output, private=rows.task.gated)
    say(f"{output}: {counted(len(prompts), 'prompts')} of {counted(len(loaded), 'samples')}", err=True)
    say_license(rows.task, output)
