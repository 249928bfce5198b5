"""``lamp-dataset users``, ``neighbors`` and ``vectors``: some users of a split, those like them, and their items."""

import json
from dataclasses import replace
from typing import Any

import click

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.commands.command import SPLIT, Command, UserPath, examples, say, user_column_option, users_option
from lamp_dataset.commands.shared_flags import ChosenRows, named_by_flags, output_option, prompt_flags, row_options
from lamp_dataset.formats.lists import read_user_subset, write_user_subset
from lamp_dataset.formats.texts import counted

_FILE = UserPath(exists=True, dir_okay=False)


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset users LaMP_4_time --data-dir my/files --split test --top 100 --output top100.json",
        "lamp-dataset users LaMP_4_time --data-dir D --split train --others top100.json --output others.json",
        "lamp-dataset users LaMP_3 --data-dir sample --cold-start 3 --sample 1 --seed 1 --output cold.json",
        "lamp-dataset users LaMP_4_time --data-dir D --split train --sample 300 --strata 3 --output 300.json",
    ),
)
@row_options(user_column_option)
@click.option("--top", type=click.IntRange(1), help="Choose this many users: those with the most (see --by).")
@click.option(
    "--by",
    type=click.Choice(["profile", "samples"]),
    help="For --top: most items in a profile (default) or most samples.",
)
@click.option("--cold-start", type=click.IntRange(0), help="Only users with at most this many profile items.")
@click.option("--others", type=_FILE, help="Only users who are not in this file.")
@click.option("--ids", type=_FILE, help="Only users who are in this file, which may also have one id per line.")
@click.option("--sample", type=click.IntRange(1), help="Choose this many users at random.")
@click.option("--seed", type=int, help="For --sample; 0 by default.")
@click.option(
    "--strata",
    type=click.IntRange(1),
    help="For --sample: split users into this many groups by size and draw equally from each.",
)
@output_option("JSON file to write")
def users(rows: ChosenRows, ids: str | None, others: str | None, output: str, **criteria: Any) -> None:
    """Choose users of a split of CONFIG for other commands.

    The file is for their option --users: the most active users, cold starts, or a sample. Conditions combine: --ids,
    --others and --cold-start leave users out, and --top or --sample chooses among the rest. --top breaks ties by name:
    shorter names first, then in alphabetical order. --sample depends only on names and seed; --strata 3 are terciles.
    The file says how its users were chosen.
    """
    from lamp_dataset.personalize.users.user_subsets import choose, users_of_rows  # imported late: --help must be quick

    given = {name: value for name, value in criteria.items() if value is not None}
    for flag, needs in (("by", "top"), ("seed", "sample"), ("strata", "sample")):
        if flag in given and needs not in given:
            raise ValueError(f"--{flag} needs --{needs}")
    rows.check_output(output, ids, others)
    subsets = {name: read_user_subset(path) for name, path in (("ids", ids), ("others", others)) if path is not None}
    for subset in subsets.values():
        subset.check_fits(rows.task, rows.split)
    found = users_of_rows(rows.load())
    chosen = choose(found, rows.config, rows.split, **subsets, **given)
    with write_whole(output) as file:
        write_user_subset(file, chosen)
    sizes, samples = ([of[user] for user in chosen.users] for of in (found.profile, found.samples))
    everyone, everything = counted(len(found.samples), "users"), counted(sum(found.samples.values()), "samples")
    counts = f"{len(sizes):,} of {everyone} with {sum(samples):,} of {everything}"
    say(f"{output}: {counts}; profiles of {min(sizes):,} to {counted(max(sizes), 'items')}", err=True)


_OF_MODEL = ("model", "device", "batch_size", "vectors")


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset neighbors LaMP_4_time --split train -k 5 --output near.json",
        "lamp-dataset neighbors LaMP_4 --by dense --model facebook/contriever --vectors v.parquet --output near.json",
    ),
)
@row_options(users_option, user_column_option)
@click.option("-k", "--k", type=click.IntRange(1), default=5, show_default=True, help="Neighbors of a user.")
@click.option("--by", type=click.Choice(["bm25", "dense"]), default="bm25", show_default=True, help="How to compare.")
@prompt_flags(*_OF_MODEL)
@click.option(
    "--exclude-split", type=SPLIT, multiple=True, help="Also leave out what this split asks about; repeatable."
)
@output_option("JSON file to write")
def neighbors(rows: ChosenRows, k: int, by: str, exclude_split: tuple[str, ...], output: str, **options: Any) -> None:
    """Write each user's most similar users in a split of CONFIG.

    The file is {user: [[user, score], ... best first]}. Histories are compared without what any sample asks about or,
    in tasks that generate text, has as its gold.
    """
    from lamp_dataset.personalize.users.inference import users_of
    from lamp_dataset.personalize.users.near import similar_users
    from lamp_dataset.personalize.users.user_subsets import chosen_positions

    splits = [replace(rows, split=name, users=None) for name in (rows.split, *exclude_split)]
    for some in (rows, *splits):
        some.check_output(output, options["vectors"])
    given = {name: value for name, value in options.items() if value is not None}
    with named_by_flags({"retriever": by}):
        loaded, *others = (some.load() for some in splits)
        if rows.users is not None:
            whose = users_of(loaded)
            given["users"] = {whose[place] for place in chosen_positions(loaded, rows.users)}
        near = similar_users(loaded, k, by, task=rows.task, exclude=others, **given)
    with write_whole(output, permissions=PRIVATE if rows.task.gated else None) as file:
        json.dump(near, file, indent=1)
    say(f"{output}: {near}", err=True)


@click.command(
    cls=Command,
    epilog=examples("lamp-dataset vectors LaMP_4 --split train --model facebook/contriever --output vectors.parquet"),
)
@row_options(user_column_option)
@prompt_flags(*_OF_MODEL)
@output_option("Parquet file to write")
def vectors(rows: ChosenRows, output: str, **options: Any) -> None:
    """Embed the items of profiles for --vectors elsewhere.

    Each item in the split is embedded once. If interrupted, the same command continues where it left off.
    """
    from lamp_dataset.personalize.users.near import profile_vectors

    rows.check_output(output, options["vectors"])
    with named_by_flags({"retriever": "dense"}):
        given = {name: value for name, value in options.items() if value is not None}
        made = profile_vectors(rows.load(), task=rows.task, **given)
    with write_whole(output, "wb", PRIVATE if rows.task.gated else None) as file:
        made.to_parquet(file, batch_size=1024)
    say(f"{output}: vectors of {counted(len(made), 'items')}", err=True)
