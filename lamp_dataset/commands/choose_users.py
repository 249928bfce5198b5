"""``lamp-dataset users``: some users of a split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lamp_dataset.atomic import check_not_input, write_whole
from lamp_dataset.commands.command import DATA_DIR, SPLIT, Command, examples, say, stacked, user_column_option
from lamp_dataset.formats.layout import find_files
from lamp_dataset.formats.texts import counted
from lamp_dataset.formats.user_files import UserSubset, read_user_subset, write_user_subset
from lamp_dataset.tasks import get_task

if TYPE_CHECKING:
    from lamp_dataset.personalize.users.user_subsets import Users

_FILE = click.Path(exists=True, dir_okay=False)
_criteria = stacked(
    click.option("--top", type=click.IntRange(1), help="Choose this many users: those with the most (see --by)."),
    click.option(
        "--by",
        type=click.Choice(["profile", "samples"]),
        default="profile",
        show_default=True,
        help="What --top counts: the items of a user's profile (of the largest, if samples differ) or the samples.",
    ),
    click.option("--cold-start", type=click.IntRange(0), help="Only users with at most this many profile items."),
    click.option("--others", type=_FILE, help="Only users who are not in this file."),
    click.option("--ids", type=_FILE, help="Only users who are in this file, which may also have one id per line."),
    click.option("--sample", type=click.IntRange(1), help="Choose this many users at random."),
    click.option("--seed", type=int, help="For --sample; 0 by default."),
)


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset users LaMP_4_time --data-dir my/files --split test --top 100 --output top100.json",
        "lamp-dataset users LaMP_4_time --data-dir D --split train --others top100.json --output others.json",
        "lamp-dataset users LaMP_3 --data-dir sample --cold-start 3 --sample 1 --seed 1 --output cold.json",
    ),
)
@click.argument("config")
@click.option("--data-dir", type=DATA_DIR, help=DATA_DIR.help)
@click.option("--split", type=SPLIT, default="validation", show_default=True)
@user_column_option
@_criteria
@click.option("--output", required=True, type=click.Path(dir_okay=False), help="JSON file to write.")
@click.pass_context
def users(
    ctx: click.Context,
    config: str,
    data_dir: str | None,
    split: str,
    user_column: str | None,
    top: int | None,
    by: str,
    cold_start: int | None,
    others: str | None,
    ids: str | None,
    sample: int | None,
    seed: int | None,
    output: str,
) -> None:
    """Choose users of a split of CONFIG, for --users of other commands: the most active, cold starts, a sample.

    Conditions combine: --ids, --others and --cold-start leave users out, and --top or --sample chooses among the rest.
    --top breaks ties by name: shorter names first, then in alphabetical order. --sample depends only on names and seed.
    The file says how its users were chosen.
    """
    from lamp_dataset.personalize.split import load_split  # imported late: --help must be quick
    from lamp_dataset.personalize.users.user_subsets import Choice, users_of_rows

    _check_given(ctx)
    task = get_task(config)
    read = () if data_dir is None else find_files(task, data_dir, [split])[split]
    check_not_input(output, [path for path in (*read, others, ids) if path is not None])
    subsets = [None if path is None else read_user_subset(path) for path in (ids, others)]
    for subset in filter(None, subsets):
        subset.check_fits(task, split)
    choice = Choice(*subsets, cold_start=cold_start, top=top, by=by, sample=sample, seed=seed or 0)
    found = users_of_rows(load_split(config, split, data_dir, user_column=user_column))
    chosen = choice.of(found, config, split)
    with write_whole(output) as file:
        write_user_subset(file, chosen)
    say(f"{output}: {_said(found, chosen)}", err=True)


def _check_given(ctx: click.Context) -> None:
    """ValueError for an option of another one that is not there."""
    for flag, needs in (("by", "top"), ("seed", "sample")):
        given = ctx.get_parameter_source(flag) is not click.core.ParameterSource.DEFAULT
        if given and ctx.params[needs] is None:
            raise ValueError(f"--{flag} needs --{needs}")


def _said(users: Users, chosen: UserSubset) -> str:
    kept = [users.activity[user] for user in chosen.users]
    sizes, samples = [activity.profile for activity in kept], sum(activity.samples for activity in kept)
    everyone, everything = counted(len(users.activity), "users"), counted(users.samples, "samples")
    counts = f"{len(kept):,} of {everyone} with {samples:,} of {everything}"
    return f"{counts}; profiles of {min(sizes):,} to {counted(max(sizes), 'items')}"
