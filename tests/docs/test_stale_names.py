"""The documents name what exists: modules, paths in the repository, options, commands."""

import importlib
import re

import click
import pytest
from blocks import PAGES, ROOT
from console import COMMANDS

from lamp_dataset.tasks import BASE_URL, TASKS

MAINS = {command: importlib.import_module(f"{package}.__main__").main for command, package in COMMANDS.items()}
REFERENCE = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
#: Options of programs that are not ours: the official script's --use_date, what the Makefile and the site mention, and
#: servers of models.
FOREIGN = {"--use_date", "--help", "--port", "--model-id"}
#: Options of lm-evaluation-harness and inspect_ai.
FOREIGN |= {"--include_path", "--tasks", "--model_args", "--metadata", "--log_samples", "--output_path", "--epochs"}
FOREIGN |= {"--apply_chat_template", "--gen_kwargs", "--num_fewshot", "--cache_requests", "--use_cache"}
FOREIGN |= {"--wandb_args", "--hf_hub_log_args"}
#: Options of vLLM.
FOREIGN |= {"--enable-lora", "--lora-modules", "--max-cpu-loras", "--max-loras"}
#: What looks like a path: a task of inspect_ai.
NO_PATHS = {"lamp_metric/lamp"}

every_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())


def resolve(name):
    """Whether a dotted name leads somewhere: a module, or attributes of one."""
    parts = name.split(".")
    found = importlib.import_module(parts[0])
    for place, part in enumerate(parts[1:], start=2):
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = importlib.import_module(".".join(parts[:place]))
            except ImportError:
                return False
    return True


@every_page
def test_dotted_names_exist(path):
    text = path.read_text(encoding="utf-8")
    names = set(re.findall(r"(?<![\w./])((?:lamp_dataset|lamp_metric|avocado_builder)(?:\.[A-Za-z_]\w*)+)", text))
    names = {name for name in names if not name.endswith((".md", ".html", ".py"))}
    assert sorted(name for name in names if not resolve(name)) == []


@every_page
def test_paths_in_the_repository_exist(path):
    text = path.read_text(encoding="utf-8")
    folders = "lamp_dataset|lamp_metric|avocado_builder|docs|tests|examples|benchmarks"
    named = set(re.findall(rf"[`\s]((?:{folders})/[\w./-]*)", text))
    assert sorted(name for name in named - NO_PATHS if not (ROOT / name.rstrip(".")).exists()) == []


def leaves(group, path):
    """Name and command of all commands, those of groups inside included."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def options():
    """All options of the commands, and of the examples and benchmarks."""
    found = {
        option
        for main in MAINS.values()
        for _, command in leaves(main, "")
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    }
    for script in (*(ROOT / "examples").glob("*.py"), *(ROOT / "benchmarks").glob("*.py")):
        found |= set(re.findall(r'add_argument\(\s*"(--[\w-]+)"', script.read_text(encoding="utf-8")))
    return found


@every_page
def test_options_exist(path):
    text = re.sub(r"<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.S)
    named = set(re.findall(r"(?<![\w-])--[a-z][\w-]*\w", text))
    assert sorted(named - options() - FOREIGN) == []


def test_the_addresses_of_the_id_files_are_those_of_the_table():
    text = (ROOT / "docs" / "how-to" / "lamp6.md").read_text(encoding="utf-8")
    for task in TASKS.values():
        if task.gated and task.family.base_url == BASE_URL:
            assert f"`{BASE_URL}/{task.questions_path('train').replace('train', 'SPLIT')}`" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_manual_and_its_help_has_examples(command):
    assert f"<!-- generated: commands {command} -->" in REFERENCE
    for name, subcommand in leaves(MAINS[command], command):
        assert subcommand.help
        assert name in (subcommand.epilog or ""), f"{name} --help shows no example"
