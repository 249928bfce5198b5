"""``lamp-dataset personalize``, ``rank`` and ``items``: retrieval and prompts from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.commands.command import Command, examples, say, subset_options, user_column_option
from lamp_dataset.commands.shared_flags import (
    RETRIEVER_FLAGS,
    ChosenRows,
    limit_option,
    named_by_flags,
    output_option,
    prompt_flags,
    prompts_output,
    row_options,
    say_license,
)
from lamp_dataset.formats.lists import write_rankings
from lamp_dataset.formats.texts import counted
from lamp_dataset.personalize.prompt_files import check_prompt_path, write_prompts
from lamp_dataset.personalize.prompt_options import PROFILES
from lamp_dataset.personalize.prompts.prompt import EMPTY
from lamp_dataset.task import Task

if TYPE_CHECKING:
    from datasets import Dataset

    from lamp_dataset.personalize.personalizer import Personalizer

some_rows = row_options(subset_options, user_column_option, limit_option)
ranking_options = prompt_flags("retriever", *RETRIEVER_FLAGS, "use_date", "rules")


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset personalize LaMP_3 -k 4 --tokenizer google/flan-t5-base --output prompts.parquet",
        "lamp-dataset personalize LaMP_4_time --retriever recency --split train --output train.jsonl",
        "lamp-dataset personalize LaMP_5 --ranking ranking.json -k 1 --max-length 256 --output k1.parquet",
        "lamp-dataset personalize LaMP_3 --profile other --profile-seed 1 --output other.parquet",
        "lamp-dataset personalize LaMP_3 --rules fixed --summary summaries.json --output prompts.parquet",
        "lamp-dataset personalize LaMP_3 --data-dir sample --workers 2 --output sample.parquet",
    ),
)
@some_rows
@ranking_options
@prompt_flags("ranking", "k", "order", "summary", "tokenizer", "max_length", "escape_quotes")
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="own",
    show_default=True,
    help=f"Whose profile a sample gets. {'; '.join(f'{name}: {what}' for name, what in PROFILES.items())}.",
)
@click.option("--profile-seed", type=int, help="With --profile other: seed that decides who gets whose profile (0).")
@click.option("--match-sizes", is_flag=True, help="With --profile other: profiles as similar in size as possible.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processes on this machine that share the work; they need neither Ray nor a cluster.",
)
@prompts_output
def personalize(
    rows: ChosenRows,
    output: str,
    workers: int,
    profile: str,
    profile_seed: int | None,
    match_sizes: bool,
    **options: Any,
) -> None:
    """Write a split's personalized prompts, with golds and items."""
    rows.check_output(check_prompt_path(output), options["ranking"], options["summary"])
    swap, arm = _swap(rows.task, profile, profile_seed, match_sizes)
    if options["summary"] and swap is not None:
        raise ValueError(f"--profile {profile} does not swap the summaries; for this control, swap them in the file")
    options["k"] = 0 if profile == "none" else options["k"]
    personalizer, loaded = prepare(rows, options, swap)
    from lamp_dataset.personalize.split import personalize_split

    prompts = personalize_split(loaded, personalizer, workers)
    write_prompts(prompts, output, private=rows.task.gated)
    by = "" if workers == 1 else f" (up to {workers} processes on this machine, without Ray)"
    counts = _summary(prompts, personalizer.max_length)
    say(f"{output}: {len(prompts)} prompts{by}, {arm}: {counts}", err=True)
    say_license(rows.task, output)


def _swap(task: Task, profile: str, seed: int | None, match_sizes: bool) -> tuple[dict[str, Any] | None, str]:
    """The options of the swap of profiles, None if every sample keeps its own; and what the samples get."""
    if profile == "other":
        sizes = ", similar sizes" if match_sizes else ""
        return {"seed": seed or 0, "match_sizes": match_sizes}, f"profiles of other users (seed {seed or 0}{sizes})"
    for flag, given in (("--profile-seed", seed is not None), ("--match-sizes", match_sizes)):
        if given:
            raise ValueError(f"{flag} needs --profile other, not {profile}")
    if profile == "similar":
        return {"by": profile, "task": task}, "histories of the most similar other users"
    return None, f"{'own' if profile == 'own' else 'no'} profiles"


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset rank LaMP_3 --output ranking.json",
        "lamp-dataset rank LaMP_3 --retriever dense --model facebook/contriever --output ranking.json",
        "lamp-dataset rank LaMP_4_time --retriever rrf --ranker bm25 --ranker recency --output ranking.json",
    ),
)
@some_rows
@ranking_options
@output_option("JSON file to write")
def rank(rows: ChosenRows, output: str, **options: Any) -> None:
    """Write the official ranking file of a split, best items first."""
    rows.check_output(output)
    personalizer, loaded = prepare(rows, options)
    from lamp_dataset.personalize.split import rank_split

    with write_whole(output, permissions=PRIVATE if rows.task.gated else None) as file:
        number = write_rankings(file, rank_split(loaded, personalizer))
    say(f"{output}: rankings of {counted(number, 'samples')}", err=True)


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
    target. Ids are SAMPLE, for the prompt without items, and SAMPLE-ITEM. lamp-metric feedback scores what a model
    answers.
    """
    rows.check_output(check_prompt_path(output), options["ranking"], options["summary"])
    personalizer, loaded = prepare(rows, options)
    from lamp_dataset.personalize.split import item_prompts

    prompts = item_prompts(loaded, personalizer, top)
    write_prompts(prompts, output, private=rows.task.gated)
    say(f"{output}: {counted(len(prompts), 'prompts')} of {counted(len(loaded), 'samples')}", err=True)
    say_license(rows.task, output)


def prepare(
    chosen: ChosenRows, options: dict[str, Any], swap: dict[str, Any] | None = None
) -> tuple[Personalizer, Dataset]:
    """The personalizer and the rows that the options ask for. Errors in the options show before any row is read."""
    from lamp_dataset.personalize.personalizer import Personalizer  # imported late: --help must be quick

    given = {name: value for name, value in options.items() if value is not None and value != ()}
    with named_by_flags(given):
        personalizer = Personalizer(chosen.config, **given)
    return personalizer, chosen.load(swap=swap, name_users="summary" in given)


def _summary(prompts: Dataset, budget: int) -> str:
    counts = {
        "beyond the budget": sum(length > budget for length in prompts["source_length"]),
        "without a profile": sum(not used for used in prompts["personalized"]),
        "with fully truncated items": sum(EMPTY in use for use in prompts["retrieved_use"]),
        "with a note in the column 'notes'": sum(map(bool, prompts["notes"])),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items())
