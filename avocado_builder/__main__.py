"""The command ``avocado-builder``; also ``python -m avocado_builder``."""

import click

from lamp_dataset.command import Group


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lamp-hf")
def main() -> None:
    """avocado-builder"""


if __name__ == "__main__":
    main(prog_name="avocado-builder")
