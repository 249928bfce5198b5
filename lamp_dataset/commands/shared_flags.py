"""The options that commands share: which rows they read, where they write, and those of prompts.

What the options of a prompt are, and whether a value is right, the library knows.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args

import click

from lamp_dataset.atomic import check_not_input, real_path
from lamp_dataset.commands.command import DATA_DIR, SPLIT, UserPath, say, stacked
from lamp_dataset.formats.files import check_not_data, find_files
from lamp_dataset.formats.lists import read_user_subset
from lamp_dataset.lazy import check_installed
from lamp_dataset.personalize.prompt_options import PROMPT_OPTIONS, RETRIEVER_OPTIONS
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

    def load(self, **more: Any) -> Dataset:
        """The rows; ``more`` are further arguments of :func:`lamp_dataset.load_split`."""
        from lamp_dataset.personalize.split import load_split  # imported late: --help must be quick

        return load_split(**vars(self), **more)

    def check_output(self, output: str, *inputs: str | os.PathLike[str] | None) -> None:
        """Check before hours of work that the users fit, the folder exists, and nothing read is overwritten.

        ``inputs`` are the files that the command reads besides the rows and the users. No file of the folder with the
        data is overwritten, whether or not this command reads it.
        """
        check_not_data(output, self.data_dir)
        if self.data_dir is not None:
            find_files(self.task, self.data_dir, [self.split])
        check_not_input(output, [path for path in (self.users, self.samples, *inputs) if path is not None])
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


_OPTIONS = {**PROMPT_OPTIONS, **RETRIEVER_OPTIONS}
#: Options that only Python takes.
_PYTHON_ONLY = ("tokenize", "system", "retriever_options")
#: Option of the library -> how it is written on the command line.
FLAGS: Mapping[str, str] = MappingProxyType(
    {name: f"--{name.replace('_', '-')}" for name in _OPTIONS if name not in _PYTHON_ONLY}
    | {"k": "-k", "rankers": "--ranker"}
)
_QUOTED = re.compile(f"'({'|'.join(FLAGS)})'")
#: Type of an option, or one of its types -> what click makes of the word that was typed.
_TYPES: Mapping[Any, Mapping[str, Any]] = MappingProxyType(
    {
        int: {"type": int},
        float: {"type": float},
        bool: {"is_flag": True, "default": None},
        tuple[str, ...]: {"multiple": True},
        os.PathLike[str]: {"type": UserPath(exists=True, dir_okay=False, path_type=Path)},
    }
)


def prompt_flags(*names: str, flags: Mapping[str, str] = FLAGS) -> Callable:
    """A decorator that gives a command these options; those that are not typed are None or ()."""
    return stacked(*(_flag(name, flags[name]) for name in names))


#: The options of the retrievers, as a command takes them.
RETRIEVER_FLAGS = tuple(name for name in RETRIEVER_OPTIONS if name in FLAGS)


def _flag(name: str, flag: str) -> Callable:
    option = _OPTIONS[name]
    shown = f"  [default: {option.default}]" if option.default not in (None, False, ()) or option.type is int else ""
    kind = next((kind for type_, kind in _TYPES.items() if type_ in (option.type, *get_args(option.type))), {})
    text = option.help.replace("``", "").partition("; in Python")[0].partition(" In Python")[0].rstrip(".")
    names = [name, "--k"] if flag == "-k" else [name] if flag == FLAGS[name] else []
    return click.option(flag, *names, help=f"{text}.{shown}", **kind)


@contextmanager
def named_by_flags(options: Mapping[str, Any], flags: Mapping[str, str] = FLAGS) -> Iterator[None]:
    """For a block that makes a retriever of these options: errors name them as the user typed them.

    Raises:
        ImportError: the dense retriever's package is missing.
    """
    retriever = options.get("retriever") or ""
    if ":" in retriever:
        sys.path.insert(0, os.getcwd())  # as `python -m` does: a retriever of the user's own is usually here
    try:
        yield
    except ValueError as error:
        raise ValueError(_QUOTED.sub(lambda match: flags[match[1]], str(error))) from error
    if "dense" in (retriever, *options.get("rankers", ())):
        check_installed("sentence_transformers", "dense")
