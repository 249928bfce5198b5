"""``lamp-dataset oppu``: official files from OPPU's layout, and that layout from the rows of a config."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import click

from lamp_dataset.atomic import check_replaceable, real_path, whole_folder
from lamp_dataset.commands.command import SPLIT, Command, Group, examples, say, subset_options, user_column_option
from lamp_dataset.commands.shared_flags import ChosenRows, row_options, say_license
from lamp_dataset.formats.lists import UserSubset, read_user_subset
from lamp_dataset.formats.oppu import OTHERS, Counts, export_users, import_users, names_of
from lamp_dataset.formats.texts import counted
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

_output = click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False), help="Folder to write the new folder in."
)


@click.group(cls=Group)
def oppu() -> None:
    """Read and write the layout of OPPU (arXiv 2402.04401)."""


@oppu.command(
    "import", cls=Command, epilog=examples("lamp-dataset oppu import release --config LaMP_4_time --output my/files")
)
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False))
@click.option("--config", required=True, help="The samples' time-based config.")
@_output
def import_(folder: str, config: str, output: str) -> None:
    """Write official files from DIR, an OPPU folder.

    DIR holds all tasks or one. All other commands read --output as their --data-dir. The test users become the split
    test, all others train; a test user among those is left out there.
    """
    task = get_task(config)
    names_of(task)
    with _new_folder(task, output, task.name) as (new, written):
        for split, counts in import_users(task, folder, new).items():
            written[f", split {split}"] = counts


@oppu.command(
    "export",
    cls=Command,
    epilog=examples(
        "lamp-dataset oppu export LaMP_4_time --data-dir D --split test --users top100.json --output oppu",
        "lamp-dataset oppu export LaMP_4_time --data-dir D --split train --users u.json --others train --output oppu",
    ),
)
@row_options(subset_options, user_column_option, split="test")
@click.option("--others", type=SPLIT, help="Also write the samples of all other users in this split.")
@_output
def export(rows: ChosenRows, others: str | None, output: str) -> None:
    """Write the samples of CONFIG, a time-based config, user by user.

    The users of --users (by default, all) become the test users of that layout, and those of --others its training
    users. There, a user has one profile: the items that all of the user's samples have.
    """
    from lamp_dataset.personalize.users.inference import positions_by_user  # imported late: --help must be quick

    task = rows.task
    names = names_of(task)
    if others is not None and rows.users is None:
        raise ValueError("--others needs --users: without --users, there are no other users")
    subset = None if rows.users is None else read_user_subset(rows.users)
    if subset is not None:
        subset.check_fits(task, rows.split)
    with _new_folder(task, output, names.folder) as (new, written):
        for name, file in ((rows.split, names.history), *([(others, OTHERS)] if others else [])):
            samples = rows.samples if file == names.history else None
            users = rows.users if file == names.history else None
            loaded = replace(rows, split=name, users=users, samples=samples).load()
            whose = _chosen(positions_by_user(loaded), subset, name, file == OTHERS)
            of_users = ((user, [loaded[place] for place in places]) for user, places in whose.items())
            written[f"/{file}"] = export_users(new / file, task, of_users)


@contextmanager
def _new_folder(task: Task, output: str, name: str) -> Iterator[tuple[Path, dict[str, Counts]]]:
    """A folder below ``output`` that appears whole, and what to say of it then: the end of a name -> what is there."""
    target, written = real_path(Path(output).expanduser() / name), {}
    check_replaceable(target, advice="choose another --output")
    made = [folder for folder in target.parents if not folder.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with whole_folder(target, permissions=0o700 if task.gated else 0o777) as new:
            yield new, written
    except BaseException:
        with suppress(OSError):  # another run may be at work there
            for folder in made:
                folder.rmdir()
        raise
    for end, counts in written.items():
        say(f"{target}{end}: {_summary(counts)}", err=True)
    say_license(task, target)


def _chosen(whose: dict[str, list[int]], subset: UserSubset | None, split: str, others: bool) -> dict[str, list[int]]:
    """The users in ``whose`` (user -> rows), or the others than in ``subset``; ValueError if there are none."""
    found = {user: rows for user, rows in whose.items() if not others or user not in subset.users}
    if not found:
        raise ValueError(f"split {split!r}: expected {'other ' if others else ''}users, found none")
    return found


def _summary(written: Counts) -> str:
    parts = [f"{counted(written.users, 'users')} with {counted(written.samples, 'samples')}"]
    if not written.golds:
        parts.append("golds are withheld")
    if written.trimmed:
        items, users = counted(written.left_out, "items"), counted(written.trimmed, "users")
        parts.append(f"left out: {items} missing from some samples of {users}")
    if written.test_users:
        parts.append(f"left out: {counted(written.test_users, 'users')} of the test split")
    return "; ".join(parts)
