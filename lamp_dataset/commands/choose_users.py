"""``lamp-dataset users``: some users of a split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lamp_dataset.atomic import write_whole
from lamp_dataset.commands.command import Command, UserPath, examples, say, stacked, user_column_option
from lamp_dataset.commands.command_options import ChosenRows, output_option, row_options
from lamp_dataset.formats.texts import counted
from lamp_dataset.formats.user_files import UserSubset, read_user_subset, write_user_subset

if TYPE_CHECKING:
    from lamp_dataset.personalize.users.user_subsets import Users

_FILE = UserPath(exists=True, dir_okay=False)
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
    click.option(
        "--strata",
        type=click.IntRange(1),
        default=1,
        help="For --sample: as many users from each of so many groups by profile size; 3 are terciles.",
    ),
)


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
@_criteria
@output_option("JSON file to write")
@click.pass_context
def users(
    ctx: click.Context,
    rows: ChosenRows,
    ids: str | None,
    others: str | None,
    seed: int | None,
    output: str,
    **criteria: Any,
) -> None:
    """Choose users of a split of CONFIG for other commands.

    The file is for their option --users: the most active users, cold starts, or a sample. Conditions combine: --ids,
    --others and --cold-start leave users out, and --top or --sample chooses among the rest. --top breaks ties by name:
    shorter names first, then in alphabetical order. --sample depends only on names and seed. The file says how its
    users were chosen.
    """
    from lamp_dataset.personalize.users.user_subsets import Choice, users_of_rows  # imported late: --help must be quick

    _check_given(ctx)
    rows.check_output(output, ids, others)
    subsets = [None if path is None else read_user_subset(path) for path in (ids, others)]
    for subset in filter(None, subsets):
        subset.check_fits(rows.task, rows.split)
    choice = Choice(*subsets, seed=seed or 0, **criteria)
    found = users_of_rows(rows.load())
    chosen = choice.of(found, rows.config, rows.split)
    with write_whole(output) as file:
        write_user_subset(file, chosen)
    say(f"{output}: {_said(found, chosen)}", err=True)


def _check_given(ctx: click.Context) -> None:
    """ValueError for an option of another one that is not there."""
    for flag, needs in (("by", "top"), ("seed", "sample"), ("strata", "sample")):
        given = ctx.get_parameter_source(flag) is not click.core.ParameterSource.DEFAULT
        if given and ctx.params[needs] is None:
            raise ValueError(f"--{flag} needs --{needs}")


def _said(users: Users, chosen: UserSubset) -> str:
    sizes, samples = ([of[user] for user in chosen.users] for of in (users.profile, users.samples))
    everyone, everything = counted(len(users.samples), "users"), counted(sum(users.samples.values()), "samples")
    counts = f"{len(sizes):,} of {everyone} with {sum(samples):,} of {everything}"
    return f"{counts}; profiles of {min(sizes):,} to {counted(max(sizes), 'items')}"
