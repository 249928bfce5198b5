"""What the three commands share: errors in one line, exit status 2, examples in the help that keep their lines."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from lamp_dataset.formats.layout import SAMPLE


class Command(click.Command):
    """A command whose bad input ends in ``error: …`` and exit status 2, never in a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; ValueError, OSError (what the library raises for input) and ImportError become one line."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except (ValueError, OSError, ImportError) as error:
            raise Failure(_one_line(error)) from error


class Group(click.Group):
    """A group of such commands. A call with wrong words ends in one line, too."""

    command_class = Command

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> click.Context:
        """Read the group's own words."""
        with _usage_in_one_line(info_name):
            return super().make_context(info_name, args, *more, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Read the subcommand's words, and run it."""
        with _usage_in_one_line(ctx.command_path):
            return super().invoke(ctx)


@contextmanager
def _usage_in_one_line(path: str | None) -> Iterator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:  # no words at all: the help is shown
        raise
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx is not None else path
        raise Failure(f"{error.format_message()} See {path} --help") from error


class DataDir(click.ParamType):
    """A folder with official files; the word ``sample`` is the embedded one (``./sample`` a folder of that name)."""

    name = "folder"
    help = "Folder with the official files, or the word sample for the embedded one; without it, they are fetched."

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The path."""
        return SAMPLE if value == "sample" else value


DATA_DIR = DataDir()


class Failure(click.ClickException):
    """One line on standard error, exit status 2."""

    exit_code = 2

    def show(self, file=None) -> None:
        """Print the message."""
        click.echo(f"error: {self.format_message()}", err=True, file=file)


def stacked(*decorators: Callable) -> Callable:
    """One decorator for several options or arguments, which the help shows in this order."""
    return lambda command: functools.reduce(lambda done, decorator: decorator(done), reversed(decorators), command)


def examples(*lines: str) -> str:
    """The end of a help text: example calls, one a line (the mark keeps click from filling the paragraph)."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split("\n")) or type(error).__name__
