"""Which rows a command reads, and where it writes: the options that commands share, and the checks before the work."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import click

from lamp_dataset.atomic import check_not_input, real_path
from lamp_dataset.commands.command import DATA_DIR, SPLIT, UserPath, say, stacked
from lamp_dataset.formats.layout import find_files
from lamp_dataset.formats.user_files import read_user_subset
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

if TYPE_CHECKING:
    from datasets import Dataset

config_argument = click.argument("config")
configs_argument = click.argument("configs", nargs=-1, required=True)
data_dir_option = click.option("--data-dir", type=DATA_DIR, help=DATA_DIR.help)
limit_option = click.option("--limit", type=click.IntRange(1), help="Only the first so many samples.")


def output_option(what: str) -> Callable:
    """The option for the file to write; ``what`` is its help."""
    return click.option("--output", required=True, type=UserPath(dir_okay=False), help=f"{what}.")


#: For files of prompts or of training pairs.
prompts_output = output_option("File to write: .parquet or .jsonl")


@dataclass(frozen=True, kw_only=True)
class ChosenRows:
    """The rows that the options of a command name; see :func:`lamp_dataset.load_split`."""

    config: str
    split: str
    data_dir: str | None = None
    users: str | None = None
    samples: str | None = None
    user_column: str | None = None
    limit: int | None = None

    @property
    def task(self) -> Task:
        """The config's task; ValueError if there is none."""
        return get_task(self.config)

    def load(self) -> Dataset:
        """The rows."""
        from lamp_dataset.personalize.split import load_split  # imported late: --help must be quick

        return load_split(**vars(self))

    def check_output(self, output: str, *inputs: str | os.PathLike[str] | None) -> None:
        """Before hours of work, not after: the users fit, the folder exists, and no file that is read is overwritten.

        ``inputs``: files that the command reads besides the rows and the users.
        """
        read = () if self.data_dir is None else find_files(self.task, self.data_dir, [self.split])[self.split]
        check_not_input(output, [path for path in (*read, self.users, self.samples, *inputs) if path is not None])
        for kind, path in (("users", self.users), ("samples", self.samples)):
            if path is not None:
                read_user_subset(path, kind).check_fits(self.task, self.split)
        folder = os.path.dirname(real_path(output))
        if not os.path.isdir(folder):
            raise ValueError(f"{output}: the folder {folder} does not exist; create it first")
        if not os.path.exists(output) and not os.access(folder, os.W_OK):
            raise PermissionError(f"{output}: no permission to write into the folder {folder}")


def row_options(*more: Callable, split: str = "validation") -> Callable:
    """A decorator that gives a command CONFIG and the options of its rows, which it gets as one :class:`ChosenRows`.

    ``more`` are the options besides ``--data-dir`` and ``--split``, whose default is ``split``.
    """
    split_option = click.option("--split", type=SPLIT, default=split, show_default=True)
    names = {field.name for field in fields(ChosenRows) if field.name != "limit" or limit_option in more}

    def decorate(command: Callable) -> Callable:
        @functools.wraps(command)
        def called(**given: Any) -> Any:
            chosen = {name: given.pop(name) for name in names & given.keys()}
            return command(ChosenRows(**chosen), **given)

        return stacked(config_argument, data_dir_option, split_option, *more)(called)

    return decorate


def say_license(task: Task, output: str | os.PathLike[str]) -> None:
    """Remind the user of the license of gated texts in the file or folder that was written."""
    if task.gated:
        say(f"{output} holds texts under {task.license}", err=True)
