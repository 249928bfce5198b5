"""The command ``lamp-dataset``; also ``python -m lamp_dataset``."""

import click

from lamp_dataset.commands.command import Group
from lamp_dataset.commands.export_push import export, push
from lamp_dataset.commands.history_leaks import history, leaks
from lamp_dataset.commands.list_show_stats import list_configs, show, stats
from lamp_dataset.commands.oppu_import_export import oppu
from lamp_dataset.commands.personalize_rank_items import items, personalize, rank
from lamp_dataset.commands.users_neighbors_vectors import neighbors, users, vectors


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lamp-hf")
def main() -> None:
    """LaMP, the benchmark of personalized language models: its data, retrieval, prompts, and your copy on the Hub."""


COMMANDS = (list_configs, show, stats, users, neighbors, vectors, oppu, personalize, rank, items, history, leaks)
COMMANDS += (export, push)
for command in COMMANDS:
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="lamp-dataset")
