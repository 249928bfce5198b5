"""``lamp-dataset personalize`` and ``lamp-dataset rank``: retrieval and prompts from the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lamp_dataset.atomic import PRIVATE, check_not_input, real_path, write_whole
from lamp_dataset.commands.command import (
    DATA_DIR,
    SPLIT,
    Command,
    examples,
    say,
    stacked,
    user_column_option,
    users_option,
)
from lamp_dataset.commands.flags import RETRIEVER_FLAGS, named_by_flags, prompt_flags
from lamp_dataset.formats.layout import find_files
from lamp_dataset.formats.rankings import write_rankings
from lamp_dataset.formats.texts import counted
from lamp_dataset.formats.user_files import read_user_subset
from lamp_dataset.personalize.prompt_files import check_prompt_path, write_prompts
from lamp_dataset.personalize.prompts.prompt import EMPTY
from lamp_dataset.tasks import get_task

if TYPE_CHECKING:
    from datasets import Dataset

    from lamp_dataset.personalize.personalizer import Personalizer

rows_options = stacked(
    click.argument("config"),
    click.option("--data-dir", type=DATA_DIR, help=DATA_DIR.help),
    click.option("--split", type=SPLIT, default="validation", show_default=True),
    users_option,
    user_column_option,
    click.option("--limit", type=click.IntRange(1), help="Only the first so many samples."),
)
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
@rows_options
@ranking_options
@prompt_flags("ranking", "k", "order", "summary", "tokenizer", "max_length")
@click.option(
    "--profile",
    type=click.Choice(["own", "other", "none"]),
    default="own",
    show_default=True,
    help="Whose profile a sample gets: its own user's; another user's, as a control; or none, the same as -k 0.",
)
@click.option("--profile-seed", type=int, help="With --profile other: seed that decides who gets whose profile (0).")
@click.option("--match-sizes", is_flag=True, help="With --profile other: profiles as similar in size as possible.")
@click.option(
    "--workers",
    "--num-proc",
    "workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processes on this machine that share the work; they need neither Ray nor a cluster.",
)
@click.option("--output", required=True, type=click.Path(dir_okay=False), help="File to write: .parquet or .jsonl.")
def personalize(
    output: str, workers: int, profile: str, profile_seed: int | None, match_sizes: bool, **options: Any
) -> None:
    """Write the personalized prompts of a split of CONFIG, with their golds and the items used."""
    check_target(check_prompt_path(output), **options)
    swap = _swap(profile, profile_seed, match_sizes)
    if options["summary"] and swap is not None:
        raise ValueError("--profile other does not swap the summaries; for this control, swap them in the file")
    options["k"] = 0 if profile == "none" else options["k"]
    personalizer, rows = _prepare(options, swap)
    from lamp_dataset.personalize.split import personalize_split

    task, prompts = personalizer.task, personalize_split(rows, personalizer, workers)
    write_prompts(prompts, output, private=task.gated)
    say(
        f"{output}: {len(prompts)} prompts{_by(workers)}, {_arm(profile, swap)}: "
        f"{_summary(prompts, personalizer.max_length)}",
        err=True,
    )
    if task.gated:
        say(f"{output} holds texts under {task.license}", err=True)


def _swap(profile: str, seed: int | None, match_sizes: bool) -> dict[str, Any] | None:
    """The options of the swap of profiles; None if every sample keeps its own."""
    if profile == "other":
        return {"seed": seed or 0, "match_sizes": match_sizes}
    for flag, given in (("--profile-seed", seed is not None), ("--match-sizes", match_sizes)):
        if given:
            raise ValueError(f"{flag} needs --profile other, not {profile}")
    return None


def _by(workers: int) -> str:
    return "" if workers == 1 else f" (up to {workers} processes on this machine, without Ray)"


def _arm(profile: str, swap: dict[str, Any] | None) -> str:
    if swap is None:
        return f"{'own' if profile == 'own' else 'no'} profiles"
    return f"profiles of other users (seed {swap['seed']}{', similar sizes' if swap['match_sizes'] else ''})"


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset rank LaMP_3 --output ranking.json",
        "lamp-dataset rank LaMP_3 --retriever dense --model facebook/contriever --output ranking.json",
        "lamp-dataset rank LaMP_4_time --retriever rrf --ranker bm25 --ranker recency --output ranking.json",
    ),
)
@rows_options
@ranking_options
@click.option("--output", required=True, type=click.Path(dir_okay=False), help="JSON file to write.")
def rank(output: str, **options: Any) -> None:
    """Write the official ranking file of a split of CONFIG: {sample id: [item id, ... best first]}, all items."""
    check_target(output, **options)
    personalizer, rows = _prepare(options)
    from lamp_dataset.personalize.split import rank_split

    with write_whole(output, permissions=PRIVATE if personalizer.task.gated else None) as file:
        number = write_rankings(file, rank_split(rows, personalizer))
    say(f"{output}: rankings of {counted(number, 'samples')}", err=True)


def _prepare(options: dict[str, Any], swap: dict[str, Any] | None = None) -> tuple[Personalizer, Dataset]:
    """The personalizer and the rows that the options ask for. Errors in the options show before any row is read.

    Profiles are swapped, and users inferred, in the whole split, so that ``--users`` and ``--limit`` show rows of a run
    without them.
    """
    from lamp_dataset.personalize.personalizer import Personalizer  # imported late: --help must be quick
    from lamp_dataset.personalize.split import load_split
    from lamp_dataset.personalize.users.inference import users_of
    from lamp_dataset.personalize.users.profile_swap import swap_profiles
    from lamp_dataset.personalize.users.user_subsets import positions_of_users

    chosen = {name: options.pop(name) for name in ("config", "data_dir", "split", "limit", "users", "user_column")}
    given = {name: value for name, value in options.items() if value is not None and value != ()}
    with named_by_flags(given):
        personalizer = Personalizer(chosen["config"], **given)
    named = personalizer.task.time_based or chosen["user_column"] is not None
    infer = options.get("summary") is not None and not named
    if swap is None and not infer:
        return personalizer, load_split(**chosen)
    limit, users = chosen.pop("limit"), chosen.pop("users")
    rows = load_split(**chosen)
    kept = range(len(rows)) if users is None else positions_of_users(rows, users)
    rows = rows if swap is None else swap_profiles(rows, **swap)
    rows = rows.add_column("user_id", users_of(rows)) if infer else rows
    return personalizer, rows.select(kept[:limit])


def check_target(
    output: str,
    config: str,
    data_dir: str | None,
    split: str,
    users: str | None = None,
    ranking: Path | None = None,
    summary: Path | None = None,
    **_: Any,
) -> None:
    """Before hours of work, not after: the folder exists, and no file that is read would be overwritten."""
    read = () if data_dir is None else find_files(get_task(config), data_dir, [split])[split]
    check_not_input(output, [path for path in (*read, users, ranking, summary) if path is not None])
    if users is not None:
        read_user_subset(users).check_fits(get_task(config), split)
    folder = os.path.dirname(real_path(output))
    if not os.path.isdir(folder):
        raise ValueError(f"{output}: the folder {folder} does not exist; create it first")
    if not os.path.exists(output) and not os.access(folder, os.W_OK):
        raise PermissionError(f"{output}: no permission to write into the folder {folder}")


def _summary(prompts: Dataset, budget: int) -> str:
    counts = {
        "beyond the budget": sum(length > budget for length in prompts["source_length"]),
        "without a profile": sum(not used for used in prompts["personalized"]),
        "with fully truncated items": sum(EMPTY in use for use in prompts["retrieved_use"]),
        "with a note in the column 'notes'": sum(map(bool, prompts["notes"])),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items())
