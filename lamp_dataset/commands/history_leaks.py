"""``lamp-dataset history`` and ``lamp-dataset leaks``: training pairs of users' histories, and leaks."""

from dataclasses import replace

import click

from lamp_dataset.atomic import write_whole
from lamp_dataset.commands.command import SPLIT, Command, UserPath, examples, say, subset_options, user_column_option
from lamp_dataset.commands.shared_flags import ChosenRows, prompts_output, row_options, say_license
from lamp_dataset.formats.lists import subset_of, write_user_subset
from lamp_dataset.personalize.prompt_files import check_prompt_path, write_tables


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset history LaMP_4_time --visible earlier --exclude-split test --output pairs.parquet",
        "lamp-dataset history LaMP_1 --style official --visible others --limit 4 --output pairs.jsonl",
    ),
)
@row_options(subset_options, user_column_option, split="train")
@click.option(
    "--visible",
    default="none",
    show_default=True,
    help="Which other items of the user a pair has as its profile: none, earlier (time-based configs) or others.",
)
@click.option(
    "--style",
    default="task",
    show_default=True,
    help="task: the benchmark's instruction with the item's text; official: what its code for fine-tuning asks.",
)
@click.option(
    "--limit", type=click.IntRange(0), default=16, show_default=True, help="Maximum items in a pair's profile."
)
@click.option("--no-limit", is_flag=True, help="No limit: the file grows with the square of a history's length.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides where a text to be completed is cut.")
@click.option(
    "--exclude-split",
    "excluded",
    type=SPLIT,
    multiple=True,
    help="Also leave out what this split asks about; repeatable.",
)
@prompts_output
def history(
    rows: ChosenRows,
    visible: str,
    style: str,
    limit: int,
    no_limit: bool,
    seed: int,
    excluded: tuple[str, ...],
    output: str,
) -> None:
    """Write training pairs made from the profiles of CONFIG.

    Each user of the split counts once. Items that a sample of the same user asks about, or whose output is its gold,
    are left out.
    """
    from lamp_dataset.personalize.training_pairs import History  # imported late: --help must be quick

    check_prompt_path(output)
    wanted = [rows, *(replace(rows, split=name, users=None, samples=None) for name in excluded)]
    for some in wanted:
        some.check_output(output)
    made = History(rows.config, visible=visible, style=style, limit=None if no_limit else limit, seed=seed)
    splits = [some.load() for some in wanted]
    write_tables(made.tables(splits[0], splits[1:]), made.features().arrow_schema, output, made.task.gated)
    say(f"{output}: {made.counts}", err=True)
    withheld = [some.split for some, asked in zip(wanted, splits, strict=True) if None in asked["output"][:]]
    if withheld and made.task.pair.lead is not None:  # an input is not the item's text, so only its gold shows a leak
        names = " and ".join(dict.fromkeys(withheld))
        say(f"golds of {names} are withheld: pairs may contain the answers to its samples, see the manual", err=True)
    say_license(made.task, output)


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset leaks LaMP_5 --split validation",
        "lamp-dataset leaks LaMP_4 --split train --output samples.json",
    ),
)
@row_options()
@click.option("--output", type=UserPath(dir_okay=False), help="File to write: all other samples, for --samples.")
def leaks(rows: ChosenRows, output: str | None) -> None:
    """List the samples whose profile gives their answer away.

    The profile contains what the sample asks about, or its gold. In tasks with labels or ratings, a shared gold does
    not count.
    """
    from lamp_dataset.personalize.row_forms import as_dicts
    from lamp_dataset.personalize.same_text import own_leaks
    from lamp_dataset.personalize.users.user_subsets import users_of_rows

    if output is not None:
        rows.check_output(output)
    loaded, samples = rows.load(), set()
    for sample, item, field in own_leaks(rows.task, as_dicts(rows.task, loaded)):
        samples.add(sample)
        say(f"sample {sample}: {field} of item {item}")
    if output is not None:
        kept = [sample for sample in loaded["id"] if sample not in samples]
        recipe = {**users_of_rows(loaded).recipe(rows.config, rows.split), "left_out": {"leaks": len(samples)}}
        subset = subset_of(kept, output, recipe, "samples")
        with write_whole(output) as file:
            write_user_subset(file, subset)
    found = f"{len(samples)} of {len(loaded)} samples have a leak in their own profile"
    say(f"{rows.config}, {rows.split}: {found}", err=True)
