"""Options that take several values at once, as argparse's ``nargs="+"`` does; click has nothing like it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from lamp_dataset.commands.command import Command
from lamp_dataset.tasks import TASKS


class Several(Command):
    """A command whose options with ``multiple=True`` take several values: ``-k 1 4`` is the same as ``-k 1 -k 4``.

    Values end at the next word that begins with a dash, and at a config name, which is the commands' argument. Another
    argument goes before such an option.
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
