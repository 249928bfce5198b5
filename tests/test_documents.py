"""Documents are executed: examples in docstrings, and the README's Python blocks and commands."""

import doctest
import importlib
import os
import pkgutil
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lamp_dataset.card import task_table
from lamp_dataset.tasks import TASKS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PACKAGES = ("lamp_dataset", "lamp_metric", "avocado_builder")
MODULES = sorted(
    module.name
    for package in PACKAGES
    for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}.")
    if not module.name.endswith((".__main__", ".app"))
)
#: Modules whose examples need an extra.
EXTRAS = ("torch", "transformers", "sentence_transformers", "ray", "gradio")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", [*PACKAGES, *MODULES])
def test_examples_in_docstrings(name):
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        if error.name in EXTRAS:
            pytest.skip(f"needs the extra with {error.name}")
        raise
    assert doctest.testmod(module, optionflags=FLAGS).failed == 0


def test_the_table_of_tasks_is_the_task_table():
    assert task_table(TASKS.values()) in README, "lamp-dataset list --markdown prints the table as it must stand"


def blocks(language):
    """Fenced blocks of the README; one behind the comment `<!-- not run: REASON -->` is left out."""
    pattern = rf"(<!-- not run: [^>]*-->\n+)?```{language}\n(.*?)```"
    return [text for not_run, text in re.findall(pattern, README, re.DOTALL) if not not_run]


def test_the_readmes_python_blocks_run_in_their_order(tmp_path):
    """One program, so that a block may go on from the one before; started in an empty folder."""
    program = "\n".join(blocks("python"))
    assert "load_dataset(" in program
    result = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_readmes_commands_run_in_their_order(tmp_path):
    """Lines with a `$` of `console` blocks, in one empty folder; what a block shows as output must come."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for block in blocks("console"):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *expected = step.rstrip().splitlines()
            result = subprocess.run(
                shlex.split(command, comments=True), cwd=tmp_path, env=environment, capture_output=True, text=True
            )
            assert result.returncode == 0, f"{command}\n{result.stderr}"
            printed = (result.stdout + result.stderr).splitlines()
            for line in expected:
                pattern = re.compile(re.escape(line).replace("…", ".*"))  # … is anything, a line of its own too
                shown = any(map(pattern.fullmatch, printed))
                assert line == "…" or shown, f"{command} does not print {line!r} but\n{result.stdout}"


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda path: path.stem)
def test_every_benchmark_has_help(path):
    result = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True)
    assert (result.returncode, result.stdout[:6], result.stderr) == (0, "usage:", "")


COMMANDS = {"lamp-dataset": "lamp_dataset", "lamp-metric": "lamp_metric", "avocado-builder": "avocado_builder"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_stands_in_the_readme_and_has_help_with_examples(command):
    main = importlib.import_module(f"{COMMANDS[command]}.__main__").main
    for name, subcommand in main.commands.items():
        assert f"{command} {name}" in README
        assert subcommand.help
        assert f"{command} {name}" in (subcommand.epilog or ""), f"{command} {name} --help shows no example"
