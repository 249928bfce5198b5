"""Where golds and users come from: the official files in a folder, or a file of golds and one of questions."""

import functools
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from lamp_dataset.commands.command import DATA_DIR, SPLIT, stacked, subset_options, user_column_option
from lamp_dataset.formats.hub_rows import RowFiles
from lamp_dataset.formats.ids import check_same_ids
from lamp_dataset.formats.layout import find_files
from lamp_dataset.formats.outputs import Outputs, read_outputs
from lamp_dataset.formats.questions import OutputsFileError, read_questions, read_user_column
from lamp_dataset.formats.task_of_file import check_labels, task_of, tasks_named
from lamp_dataset.formats.user_files import UserSubset, read_user_subset
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.commands.shared import FILE, say_other_task
from lamp_metric.predictions.joining import JoinedOutputs, join

#: Is called with each row of the questions, for whoever needs more of it than its user: the file is large.
Look = Callable[[dict], None]


def source_options(golds: str) -> Callable:
    """The options for golds and users; a command gets ``source``, a :class:`Source`, in place of their values.

    ``golds`` is the name of the option for a file of golds. The command has an option or argument ``task_name``.
    """
    options = stacked(
        click.option(golds, "golds", type=FILE, help="File of golds, in the official format."),
        click.option(
            "--questions", type=FILE, help="With golds: the split's questions file, which identifies the users."
        ),
        folder_options(golds),
        subset_options,
        user_column_option,
    )
    names = ("golds", "questions", "data_dir", "split", "users", "samples", "user_column")

    def decorate(command: Callable) -> Callable:
        @functools.wraps(command)
        def with_source(task_name: str | None, **given: Any) -> object:
            source = find_source(golds, task_name=task_name, **{name: given.pop(name) for name in names})
            return command(task_name=task_name, source=source, **given)

        return options(with_source)

    return decorate


def folder_options(golds: str) -> Callable:
    """The options for a split in a folder, which replace the files."""
    return stacked(
        click.option(
            "--data-dir",
            type=DATA_DIR,
            help=f"Instead of {golds} and --questions: a folder with the official files, or the word sample for the "
            "embedded sample.",
        ),
        click.option("--split", type=SPLIT, help="Split in --data-dir (default: validation)."),
    )


@dataclass(frozen=True)
class Source:
    """The files with the golds of a split, and the questions that identify the users.

    Without ``questions`` the users are not known. ``subset``, from ``users_file``, and ``samples`` are whose and which
    samples are scored, None for all; ``split`` is that of golds from a folder, ``user_column`` the key of the users.
    """

    golds: str | os.PathLike[str] | RowFiles
    questions: str | os.PathLike[str] | RowFiles | None = None
    subset: UserSubset | None = None
    split: str | None = None
    user_column: str | None = None
    users_file: str | os.PathLike[str] | None = None
    samples: UserSubset | None = None

    @property
    def files(self) -> list[Path]:
        """All files that are read."""
        both = (files.paths if isinstance(files, RowFiles) else [files] for files in (self.golds, self.questions))
        found = [*chain.from_iterable(both), self.users_file, self.samples and self.samples.name]
        return [Path(path) for path in found if path is not None]

    @property
    def chosen(self) -> str | None:
        """What the signature says of a file of samples."""
        return self.samples and self.samples.kind

    def read_users(self, golds: Outputs, task: Task, look: Look | None = None) -> dict[str, str] | None:
        """Sample id -> user, of all samples; None without a questions file. See :func:`read_users` for ``look``."""
        if self.questions is None:
            return None
        users = read_users(self.questions, task, look, self.user_column)
        check_same_ids(users, golds.by_id, (str(self.questions), str(self.golds)))
        return users

    def join(
        self, paths: Iterable[Path], task_name: str | None, look: Look | None = None, wants_users: bool = True
    ) -> tuple[Outputs, Task, dict[str, str] | None, list[JoinedOutputs]]:
        """The golds, their task, if wanted sample id -> user, see :meth:`read_users`, and the joined predictions.

        Of a subset of users or samples, these samples alone are joined and looked at; the files may have others.
        """
        golds, task, users, left_out = self._read(task_name, look)
        joined = [join(golds, _without(read_outputs(path), left_out), task_name) for path in paths]
        if joined:
            say_other_task(golds, task, task_name)
        if wants_users and users is None:
            users = self.read_users(golds, task, look)
        return golds, task, users if wants_users else None, joined

    def _read(self, task_name: str | None, look: Look | None) -> tuple[Outputs, Task, dict[str, str] | None, set[str]]:
        """The golds to score, their task, for a subset the known users of all samples, and what is left out."""
        golds, left_out, users = read_outputs(self.golds), set(), None
        if task_name is None:
            try:
                tasks_named(golds.task, golds.name)
            except ValueError as error:
                raise ValueError(f"{error}; --task_name says which of them it is") from None
        task = task_of(golds, task_name)
        if self.split is not None:  # the folder is said to be of this config
            check_labels(golds, get_task(task_name))
        if self.subset is not None:
            whose = frozenset(self.subset.users)

            def look_at_theirs(row: dict) -> None:
                named = task.names_users and self.user_column is None
                if look is not None and (not named or row["user_id"] in whose):
                    look(row)

            users = self.read_users(golds, task, look_at_theirs)
            left_out = left_out_by(self.subset, users, task, self.split)
        if self.samples is not None:
            users = self.read_users(golds, task, look) if users is None else users  # of all golds
            left_out |= left_out_by(self.samples, {name: name for name in golds.by_id}, task, self.split)
        if left_out and len(left_out) == len(golds.by_id):
            raise ValueError(f"{self.samples.name}: none of these samples is one of the users'")
        return _without(golds, left_out), task, users, left_out


def left_out_by(subset: UserSubset, users: Mapping[str, str], task: Task, split: str | None) -> set[str]:
    """The samples in ``users`` (id -> user) whose user is not in the subset; ValueError if it is of other users.

    For a subset of samples, ids are in place of users.
    """
    subset.check_fits(task, split)
    ids = list(users)
    return set(ids) - {ids[position] for position in subset.positions(list(users.values()), split)}


def _without(outputs: Outputs, left_out: Collection[str]) -> Outputs:
    kept = {sample_id: output for sample_id, output in outputs.by_id.items() if sample_id not in left_out}
    return replace(outputs, by_id=MappingProxyType(kept)) if left_out else outputs


def find_source(
    flag: str,
    *,
    golds: Path | None = None,
    questions: Path | None = None,
    data_dir: str | None = None,
    split: str | None = None,
    task_name: str | None = None,
    users: str | os.PathLike[str] | None = None,
    user_column: str | None = None,
    samples: str | os.PathLike[str] | None = None,
) -> Source:
    """The source that the options name; ``flag`` is the option for a file of golds, ``users`` a users file."""
    in_files, identified = data_dir is None, data_dir is not None or questions is not None
    more = f"--questions next to {flag}, or --data-dir"
    for wrong, message in (
        (in_files == (golds is None), f"expected either --data-dir or {flag}: where the golds are"),
        (users is not None and not identified, f"--users needs {more}: they identify each sample's user"),
        (user_column is not None and not identified, f"--user-column needs {more}: the files with that column"),
        (in_files and split is not None, f"--split belongs to --data-dir; {flag} is one split already"),
        (not in_files and questions is not None, "--data-dir has the questions as well; leave --questions out"),
        (not in_files and task_name is None, "--data-dir holds files of several tasks; pass --task_name"),
    ):
        if wrong:
            raise ValueError(message)
    subset = None if users is None else read_user_subset(users)
    kept = None if samples is None else read_user_subset(samples, "samples")
    if data_dir is None:
        return Source(golds, questions, subset, None, user_column, users, kept)
    task, split = get_task(task_name), split or "validation"
    files = find_files(task, data_dir, (split,))[split]
    if files.outputs is None:
        raise ValueError(
            f"{files.questions}: no golds file next to it; the split {split!r} of {task.name} cannot be scored"
        )
    return Source(files.outputs, files.questions, subset, split, user_column, users, kept)


def read_users(
    path: str | os.PathLike[str], task: Task, look: Look | None = None, column: str | None = None
) -> dict[str, str]:
    """Sample id -> user, from a questions file in flat memory; see :func:`lamp_dataset.users_of`."""
    from lamp_dataset.personalize.row_forms import RowsError  # needs pyarrow
    from lamp_dataset.personalize.users.inference import users_of

    ids: list[str] = []
    named = None if column is None else read_user_column(path, column)

    def rows() -> Iterator[dict]:
        for row in read_questions(path, task):
            ids.append(row["id"])
            if look is not None:
                look(row)
            if named is not None:
                yield {"user_id": named[row["id"]]}
            else:
                yield {"user_id": row["user_id"]} if task.names_users else row

    try:
        return dict(zip(ids, users_of(rows()), strict=True))
    except OutputsFileError:
        raise ValueError(f"{path}: expected a questions file, found an outputs file") from None
    except RowsError as error:
        raise ValueError(f"{path}: {error}") from error
