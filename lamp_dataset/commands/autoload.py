"""``lamp-dataset autoload``: the names for tools in which nobody can write an import."""

from __future__ import annotations

import click

from lamp_dataset.commands.command import Command, examples, say
from lamp_dataset.loading.startup_file import StartupFile, find_startup_file


@click.command(
    cls=Command,
    epilog=examples("lamp-dataset autoload on", "lamp-dataset autoload status", "lamp-dataset autoload off"),
)
@click.argument("action", type=click.Choice(["on", "off", "status"]))
@click.option("--system", is_flag=True, help="With on: also for a Python outside virtual and conda environments.")
def autoload(action: str, system: bool) -> None:
    """Let load_dataset("lamp") and evaluate.load("lamp_metric") work in this environment without an import.

    For tools that only take a name. It is off until you switch it on. The switch is a file in the environment's
    site-packages, which Python reads when it starts; uninstalling leaves the file, which then does nothing.
    """
    if system and action != "on":
        raise ValueError(f"--system goes with on, not {action}")
    file = find_startup_file()
    if action == "on":
        file.write(system)
    elif action == "off":
        file.remove()
    say(_status(find_startup_file()))


def _status(file: StartupFile) -> str:
    if file.version is None:
        return f"off: there is no {file.path}"
    if file.current:
        return f"on: {file.path}"
    return f"stale: {file.path} is of version {file.version}; lamp-dataset autoload on replaces it"
