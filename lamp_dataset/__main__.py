"""The command ``lamp-dataset``; also ``python -m lamp_dataset``."""

import click

from lamp_dataset.command import Group
from lamp_dataset.personal_commands import personalize, rank


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lamp-hf")
def main() -> None:
    """lamp-dataset"""


main.add_command(personalize)
main.add_command(rank)

if __name__ == "__main__":
    main(prog_name="lamp-dataset")
