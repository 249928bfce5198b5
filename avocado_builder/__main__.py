"""The command ``avocado-builder``; also ``python -m avocado_builder``."""

import logging

import click

from avocado_builder.commands import build, check
from lamp_dataset.commands.command import Group, say

_LOG = logging.getLogger("avocado_builder")


class _Echo(logging.Handler):
    """Prints the library's log messages to standard error, as plain lines."""

    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage(), err=True)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lamp-hf")
@click.pass_context
def main(context: click.Context) -> None:
    """Build the gated task of the benchmark from your licensed copy of the Avocado collection (LDC2015T03).

    Emails are read in place; nothing is extracted. No text leaves the machine.
    """
    handler = _Echo()
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO)
    context.call_on_close(lambda: _LOG.removeHandler(handler))


for command in (build, check):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="avocado-builder")
