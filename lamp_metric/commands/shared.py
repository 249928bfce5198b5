"""What the commands have in common: options, output, and the shape of what they print."""

import functools
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import click

from lamp_dataset.commands.command import Command, UserPath, say, stacked
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.task import Task
from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS, get_task
from lamp_metric.signature import Resampling

FILE = UserPath(path_type=Path)

extraction_option = click.option(
    "--extract_answers",
    is_flag=True,
    help="Find labels in sentences, and take texts out of what chat models put around them. The scores are not "
    "official.",
)


def bundled(name: str, make: Callable, *options: Callable) -> Callable:
    """A decorator for these options; a command gets what ``make`` makes of their values, under ``name``.

    ``make`` gets those that it has parameters for, also from the command's other options.
    """
    known = signature(make).parameters.keys()

    def decorate(command: Callable) -> Callable:
        @functools.wraps(command)
        def with_bundle(*rows: Any, **given: Any) -> object:
            values = {key: given.pop(key) for key in known & given.keys()}
            return command(*rows, **{name: make(**values)}, **given)

        return stacked(*options)(with_bundle)

    return decorate


def resampling_options(confidence_level: float | None, n_resamples: int) -> Callable:
    """The options ``--confidence_level``, ``--n_resamples`` and ``--seed``, with these defaults.

    A command gets ``drawn`` in their place, a :class:`Resampling`, or None without a confidence level.
    """
    return bundled(
        "drawn",
        Resampling.on_demand,
        click.option(
            "--confidence_level",
            type=float,
            default=confidence_level,
            show_default=confidence_level is not None,
            help="Level of the bootstrap intervals, such as 0.95.",
        ),
        click.option("--n_resamples", type=int, default=n_resamples, show_default=True, help="Number of resamples."),
        click.option("--seed", type=int, default=0, show_default=True, help="Seed of the resampling."),
    )


def _find_here(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    """Make functions in the current folder importable, as ``python -m`` does."""
    if any(":" in name for name in names):
        sys.path.insert(0, os.getcwd())
    return names


also_options = stacked(
    click.option(
        "--also",
        multiple=True,
        callback=_find_here,
        metavar="MEASURE…",
        help="Measures beside the scores: rouge-2 rouge-Lsum bleu chrf meteor, accuracy pearson, or module:name.",
    ),
    click.option(
        "--without",
        multiple=True,
        metavar="SCORE…",
        help="Scores to leave out: meteor, of long texts, which needs WordNet.",
    ),
)


def say_other_task(golds: Outputs, task: Task, task_name: str | None) -> None:
    """A line on standard error if ``task`` is not the one that ``task_name`` or the file says."""
    named = get_task(task_name).base if task_name is not None else golds.task
    if task.base != named or (golds.task in OFFICIAL_NAMES and golds.task != task.official_name):
        say(
            f"{golds.name}: says {golds.task!r}, but its golds are labels of {task.base} ({task.title}): "
            f"{task.name} is scored",
            err=True,
        )


class Several(Command):
    """A command whose options with ``multiple=True`` take several values: ``-k 1 4`` is the same as ``-k 1 -k 4``.

    This is argparse's ``nargs="+"``, which click lacks. Values end at the next word that begins with a dash, and at a
    config name, which is the commands' argument. Another argument goes before such an option.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line."""
        options = [p for p in self.params if isinstance(p, click.Option) and p.multiple]
        return super().parse_args(ctx, list(spread(args, {name for option in options for name in option.opts})))


def spread(args: Iterable[str], options: Iterable[str]) -> Iterator[str]:
    """The words of a command line with the option's name before each of its values.

    >>> list(spread(["-k", "1", "4", "LaMP_3", "--json"], ["-k"]))
    ['-k', '1', '-k', '4', 'LaMP_3', '--json']
    """
    option, values = None, 0
    for word in args:
        if word.startswith("-") and word != "-":
            name, equals, _ = word.partition("=")
            option, values = (name if name in options else None), len(equals)
        elif values and word in TASKS:
            option = None
        elif option is not None:
            if values:
                yield option
            values += 1
        yield word
