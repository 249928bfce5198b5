"""Rules of the code base that a program can check."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("lamp_dataset", "lamp_metric", "avocado_builder")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

#: package -> packages of ours it may import
ARROWS = {
    "lamp_dataset": {"lamp_dataset"},
    "lamp_metric": {"lamp_metric", "lamp_dataset"},
    "avocado_builder": {"avocado_builder", "lamp_dataset"},
}


def names(path):
    return str(path.relative_to(ROOT))


def literals(tree):
    """String constants of a module that are no docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and ast.get_docstring(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_only_the_table_names_a_single_task(path):
    if path == ROOT / "lamp_dataset" / "tasks.py":
        pytest.skip("this is the table")
    found = [
        f"line {node.lineno}: {node.value!r}"
        for node in literals(ast.parse(path.read_text(encoding="utf-8")))
        # example calls in a help text are free
        if re.search(r"LaMP_\d", node.value) and not re.search(r"^(lamp|avocado)-\w+ ", node.value)
    ]
    assert not found, "a fact about one task belongs into lamp_dataset/tasks.py"


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_arrows_between_packages_point_one_way(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported.add(node.module.split(".")[0])
    package = path.relative_to(ROOT).parts[0]
    assert imported & set(PACKAGES) <= ARROWS[package]


HEAVY = ("datasets", "evaluate", "pyarrow", "numpy", "pandas", "sklearn", "torch", "huggingface_hub", "rouge_score")


@pytest.mark.parametrize("statement", [f"import {package}" for package in PACKAGES])
def test_importing_a_package_is_light(statement):
    code = f"import sys; {statement}; print([name for name in {HEAVY!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("package", PACKAGES)
def test_help_is_light(package):
    code = (
        "import sys, click.testing\n"
        f"from {package}.__main__ import main\n"
        "result = click.testing.CliRunner().invoke(main, ['--help'])\n"
        "assert result.exit_code == 0, result.output\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
