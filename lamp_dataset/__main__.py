"""The command ``lamp-dataset``; also ``python -m lamp_dataset``."""

import click

from lamp_dataset.commands.command import Group
from lamp_dataset.commands.data import list_configs, show, stats
from lamp_dataset.commands.history import history, leaks
from lamp_dataset.commands.hub import export, push
from lamp_dataset.commands.oppu import oppu
from lamp_dataset.commands.personalize import personalize, rank
from lamp_dataset.commands.subsets import users


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lamp-hf")
def main() -> None:
    """LaMP, the benchmark of personalized language models: its data, retrieval, prompts, and your copy on the Hub."""


COMMANDS = (list_configs, show, stats, users, oppu, personalize, rank, history, leaks, export, push)
for command in COMMANDS:
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="lamp-dataset")
