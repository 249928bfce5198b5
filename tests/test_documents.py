"""Documents are executed: examples in docstrings, and the README's Python blocks and commands."""

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lamp_dataset.hub.card import task_table
from lamp_dataset.tasks import BASE_URL, TASKS

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


def blocks(*languages):
    """Fenced blocks of the README with their language; one behind `<!-- not run: REASON -->` is left out."""
    pattern = rf"(<!-- not run: [^>]*-->\n+)?```({'|'.join(languages)})\n(.*?)```"
    return [(language, text) for not_run, language, text in re.findall(pattern, README, re.DOTALL) if not not_run]


def test_the_readme_can_be_followed_from_top_to_bottom(tmp_path):
    """All blocks in their order in one empty folder; Python's as one program, which may go on from the one before."""
    found = blocks("python", "console")
    assert {language for language, _ in found} == {"python", "console"}
    start = f"follow = __import__('runpy').run_path({str(ROOT / 'tests' / 'console.py')!r})['follow']"
    steps = [text if language == "python" else f"follow({text!r})" for language, text in found]
    program = "\n".join([start, *steps])
    result = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_readme_names_the_address_of_the_id_files():
    for task in TASKS.values():
        if task.gated:
            assert f"{BASE_URL}/{task.questions_path('train').replace('train', 'SPLIT')}`" in README


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
