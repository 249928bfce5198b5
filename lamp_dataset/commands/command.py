"""Shared by all commands: their errors, common options, and examples in the help that keep their line breaks."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from lamp_dataset.console import Failure, end_bars, one_line, plain_output, signals_as_exit
from lamp_dataset.console import say as say
from lamp_dataset.formats.files import SAMPLE
from lamp_dataset.task import SPLITS, split_hint


class Command(click.Command):
    """A command that reports bad input as one line, ``error: …``, with exit status 2 and no traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; ValueError, OSError and ImportError, which bad input raises, become one line."""
        try:
            with plain_output():
                return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except (ValueError, OSError, ImportError) as error:
            end_bars()
            raise Failure(one_line(error)) from error
        except MemoryError as error:
            raise Failure("out of memory: is a file much larger than expected, or is memory limited?") from error


class Group(click.Group):
    """A group of such commands. A wrong call ends in one line, too."""

    command_class = Command

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command; a signal that ends it leaves nothing half-written."""
        with signals_as_exit():
            return super().main(*args, **extra)

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> click.Context:
        """Parse the group's own arguments."""
        with _usage_in_one_line(info_name):
            return super().make_context(info_name, args, *more, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Parse the subcommand's arguments, and run it."""
        with _usage_in_one_line(ctx.command_path):
            return super().invoke(ctx)


@contextmanager
def _usage_in_one_line(path: str | None) -> Iterator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:  # a call without arguments shows the help
        raise
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx is not None else path
        raise Failure(f"{' '.join(error.format_message().split())} See {path} --help") from error


class UserPath(click.Path):
    """A path; ``~`` is the home folder even where the shell leaves it as it is, such as after ``--output=``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        return super().convert(os.path.expanduser(value), param, ctx)


class DataDir(click.ParamType):
    """A folder; the word ``sample`` means the given one, which is embedded, and ``./sample`` a folder of that name."""

    name = "folder"
    help = "Folder with the official files, or the word sample for the embedded sample; by default, they are fetched."

    def __init__(self, sample: str = SAMPLE) -> None:
        self.sample = sample

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The path."""
        return self.sample if value == "sample" else value


DATA_DIR = DataDir()


class Split(click.Choice):
    """A split; for the name that it has in the files, the error gives the one that it has here."""

    def __init__(self) -> None:
        super().__init__(list(SPLITS))

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The split."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            error.message = f"{error.message.removesuffix('.')}{split_hint(value)}."
            raise


SPLIT = Split()


def stacked(*decorators: Callable) -> Callable:
    """One decorator for several options or arguments, which the help shows in this order."""
    return lambda command: functools.reduce(lambda done, decorator: decorator(done), reversed(decorators), command)


users_option = click.option(
    "--users",
    type=UserPath(exists=True, dir_okay=False),
    help="Only the samples of these users: a file that lamp-dataset users wrote, or one with an id per line.",
)
samples_option = click.option(
    "--samples",
    type=UserPath(exists=True, dir_okay=False),
    help="Only these samples: a file that lamp-dataset leaks wrote, or one with an id per line.",
)
#: Both: of these users, these samples.
subset_options = stacked(users_option, samples_option)
user_column_option = click.option(
    "--user-column", help="Key of a row's user in the files of --data-dir or in --questions, if it is not user_id."
)


def examples(*lines: str) -> str:
    """The end of a help text: example calls, one per line (the mark stops click from rewrapping them)."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
