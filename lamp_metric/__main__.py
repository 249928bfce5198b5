"""The command ``lamp-metric``; also ``python -m lamp_metric``."""

import click

from lamp_dataset.command import Group


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lamp-hf")
def main() -> None:
    """lamp-metric"""


if __name__ == "__main__":
    main(prog_name="lamp-metric")
