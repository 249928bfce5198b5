"""``lamp-dataset history`` and ``lamp-dataset leaks``: training pairs of users' histories, and leaks."""

from __future__ import annotations

import click

from lamp_dataset.commands.command import DATA_DIR, SPLIT, Command, examples, say, stacked, users_option
from lamp_dataset.commands.personalize_rank import check_target
from lamp_dataset.personalize.prompt_files import check_prompt_path, write_tables
from lamp_dataset.tasks import get_task

_FILES = stacked(click.argument("config"), click.option("--data-dir", type=DATA_DIR, help=DATA_DIR.help))


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset history LaMP_4_time --visible earlier --exclude-split test --output pairs.parquet",
        "lamp-dataset history LaMP_1 --style official --visible others --limit 4 --output pairs.jsonl",
    ),
)
@_FILES
@click.option("--split", type=SPLIT, default="train", show_default=True)
@users_option
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
@click.option("--limit", type=click.IntRange(0), default=16, show_default=True, help="Most items in a pair's profile.")
@click.option("--no-limit", is_flag=True, help="No limit: the file grows with the square of a history's length.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides where a text to be completed is cut.")
@click.option(
    "--exclude-split",
    "excluded",
    type=SPLIT,
    multiple=True,
    help="Also leave out what this split asks about; repeatable.",
)
@click.option("--output", required=True, type=click.Path(dir_okay=False), help="File to write: .parquet or .jsonl.")
def history(
    config: str,
    data_dir: str | None,
    split: str,
    users: str | None,
    visible: str,
    style: str,
    limit: int,
    no_limit: bool,
    seed: int,
    excluded: tuple[str, ...],
    output: str,
) -> None:
    """Write training pairs made from the profile items of a split of CONFIG, each user once.

    Items that a sample of the same user asks about, or whose output is its gold, are left out.
    """
    from lamp_dataset.personalize.history.training_pairs import History  # imported late: --help must be quick
    from lamp_dataset.personalize.split import load_split

    check_target(check_prompt_path(output), config, data_dir, split, users)
    for name in excluded:
        check_target(output, config, data_dir, name)
    wanted = [(split, users), *((name, None) for name in excluded)]
    made = History(config, visible=visible, style=style, limit=None if no_limit else limit, seed=seed)
    rows, *others = (load_split(config, name, data_dir, users=whose) for name, whose in wanted)
    write_tables(made.tables(rows, others), made.features().arrow_schema, output, made.task.gated)
    say(f"{output}: {made.counts}", err=True)
    withheld = [name for (name, _), asked in zip(wanted, (rows, *others), strict=True) if None in asked["output"][:]]
    if withheld and made.task.pair.lead is not None:  # an input is not the item's text, so only its gold tells
        names = " and ".join(dict.fromkeys(withheld))
        say(f"golds of {names} are withheld: pairs may contain the answers to its samples, see the manual", err=True)
    if made.task.gated:
        say(f"{output} holds texts under {made.task.license}", err=True)


@click.command(cls=Command, epilog=examples("lamp-dataset leaks LaMP_5 --split validation"))
@_FILES
@click.option("--split", type=SPLIT, default="validation", show_default=True)
def leaks(config: str, data_dir: str | None, split: str) -> None:
    """List the samples of a split of CONFIG whose own profile contains what they ask about, or their gold.

    In tasks with labels or ratings, a shared gold does not count.
    """
    from lamp_dataset.personalize.history.leaks import own_leaks
    from lamp_dataset.personalize.rows_on_disk import as_dicts
    from lamp_dataset.personalize.split import load_split

    task, rows = get_task(config), load_split(config, split, data_dir)
    samples = set()
    for sample, item, field in own_leaks(task, as_dicts(task, rows)):
        samples.add(sample)
        say(f"sample {sample}: {field} of item {item}")
    say(f"{config}, {split}: {len(samples)} of {len(rows)} samples have a leak in their own profile", err=True)
