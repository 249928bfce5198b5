"""``lamp-dataset neighbors`` and ``lamp-dataset vectors``: users who resemble each other, and vectors of items."""

import json
from dataclasses import replace
from typing import Any

import click

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.commands.command import SPLIT, Command, examples, say, user_column_option
from lamp_dataset.commands.command_options import ChosenRows, named_by_flags, output_option, prompt_flags, row_options
from lamp_dataset.formats.texts import counted

_OF_MODEL = ("model", "device", "batch_size", "vectors")


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset neighbors LaMP_4_time --split train -k 5 --output near.json",
        "lamp-dataset neighbors LaMP_4 --by dense --model facebook/contriever --vectors v.parquet --output near.json",
    ),
)
@row_options(user_column_option)
@click.option("-k", "--k", type=click.IntRange(1), default=5, show_default=True, help="Neighbors of a user.")
@click.option(
    "--by", type=click.Choice(["bm25", "dense"]), default="bm25", show_default=True, help="What compares users."
)
@prompt_flags(*_OF_MODEL)
@click.option(
    "--exclude-split", "excluded", type=SPLIT, multiple=True, help="Also leave out what this split asks about."
)
@output_option("JSON file to write")
def neighbors(rows: ChosenRows, k: int, by: str, excluded: tuple[str, ...], output: str, **options: Any) -> None:
    """Write each user's most similar users in a split of CONFIG.

    The file is {user: [[user, score], ... best first]}. Histories are compared without what any sample asks about or,
    in tasks that generate text, has as its gold.
    """
    from lamp_dataset.personalize.users.neighbors import similar_users  # imported late: --help must be quick

    wanted = [rows, *(replace(rows, split=name) for name in excluded)]
    for some in wanted:
        some.check_output(output, options["vectors"])
    given = {name: value for name, value in options.items() if value is not None}
    with named_by_flags({"retriever": by}):
        split, *others = (some.load() for some in wanted)
        near = similar_users(split, k, by, task=rows.task, exclude=others, **given)
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
    """Embed the items of the profiles for the option --vectors of other commands.

    Each item in the split is embedded once. After a stop, the same command continues where it left off.
    """
    from lamp_dataset.personalize.users.profile_vectors import profile_vectors

    rows.check_output(output, options["vectors"])
    with named_by_flags({"retriever": "dense"}):
        given = {name: value for name, value in options.items() if value is not None}
        made = profile_vectors(rows.load(), task=rows.task, **given)
    with write_whole(output, "wb", PRIVATE if rows.task.gated else None) as file:
        made.to_parquet(file, batch_size=1024)
    say(f"{output}: vectors of {counted(len(made), 'items')}", err=True)
