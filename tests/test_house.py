"""Rules of the code base that a program can check."""

import ast
import graphlib
import re
from pathlib import Path

import pytest
from console import printed_by

ROOT = Path(__file__).parent.parent
PACKAGES = ("lamp_dataset", "lamp_metric", "avocado_builder")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
#: The tables: of the tasks, and of their names in another layout.
TABLES = [ROOT / "lamp_dataset" / name for name in ("tasks.py", "longlamp.py", "formats/oppu.py")]

#: package -> packages of ours it may import
ARROWS = {
    "lamp_dataset": {"lamp_dataset"},
    "lamp_metric": {"lamp_metric", "lamp_dataset"},
    "avocado_builder": {"avocado_builder", "lamp_dataset"},
}
#: The rooms of lamp_dataset, its top files and folders: each may import from lower lines only, not from its own.
LAYERS = [
    {"__main__"},
    {"commands"},
    {"hub", "lamp", "personalize"},
    {"loading"},
    {"console"},
    {"formats"},
    {"tasks"},
    {"longlamp"},
    {"registry"},
    {"task"},
    {"atomic", "lazy", "version", "web"},
]
#: Names that several modules have, and why.
SHARED_NAMES = {
    "__main__": "Python's name for what python -m runs",
    "commands": "each package's commands",
    "lamp_metric": "evaluate wants a metric's script to have the name of its folder",
    "learning": "the room, and its commands",
    "report": "the room, and its command",
}


def names(path):
    return str(path.relative_to(ROOT))


def dotted(path):
    """The module's name as an import has it."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


BY_NAME = {dotted(path): path for path in MODULES}


def imported(path):
    """Modules of ours that a module imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute here"
            both = [(node.module, f"{node.module}.{alias.name}") for alias in node.names]
            found |= {name if name in BY_NAME else module for module, name in both}
    return {name for name in found if name.split(".")[0] in PACKAGES}


def literals(tree):
    """String constants of a module that are no docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and ast.get_docstring(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


@pytest.mark.parametrize("path", [path for path in MODULES if path not in TABLES], ids=names)
def test_only_the_table_names_a_single_task(path):
    found = [
        f"line {node.lineno}: {node.value!r}"
        for node in literals(ast.parse(path.read_text(encoding="utf-8")))
        # example calls in a help text are free
        if re.search(r"LaMP_\d", node.value) and not re.search(r"^(lamp|avocado)-\w+ ", node.value)
    ]
    assert not found, "a fact about one task belongs into lamp_dataset/tasks.py"


def test_no_decision_is_made_by_the_text_of_an_error():
    asks = r"\.msg\.startswith|\bin (str\(error\)|error\.msg)|str\(error\)\.(startswith|endswith)|error\.msg [!=]="
    assert not [names(path) for path in MODULES if re.search(asks, path.read_text(encoding="utf-8"))]


def test_arrows_between_packages_point_one_way():
    found = {(name.split(".")[0], other.split(".")[0]) for name, path in BY_NAME.items() for other in imported(path)}
    assert found <= {(package, other) for package, others in ARROWS.items() for other in others}


def test_arrows_between_rooms_point_down():
    layer = {room: depth for depth, rooms in enumerate(LAYERS) for room in rooms}
    found = [
        f"{name} imports {other}"
        for name, path in BY_NAME.items()
        for other in imported(path)
        if name.startswith("lamp_dataset.") and other.startswith("lamp_dataset.")
        if (room := name.split(".")[1]) != (above := other.split(".")[1]) and layer[room] >= layer[above]
    ]
    assert not found


def test_no_modules_import_each_other_in_a_circle():
    """The packages themselves are left out: they import everything."""
    arrows = {name: imported(path) - {*PACKAGES} for name, path in BY_NAME.items() if name not in PACKAGES}
    graphlib.TopologicalSorter(arrows).prepare()


def test_no_module_imports_its_own_package_itself():
    own = [name for name, path in BY_NAME.items() if name.split(".")[0] in imported(path) - {name}]
    assert not own


def test_modules_of_one_name_have_the_same_job():
    bare = [name.rpartition(".")[2] for name in BY_NAME]
    assert {name for name in bare if bare.count(name) > 1} == set(SHARED_NAMES)


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=names)
def test_an_example_lives_on_the_public_names_alone(path):
    public = {package: __import__(package).__all__ for package in PACKAGES}
    found = imported(path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module in public:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in public:
            found.add(f"{node.value.id}.{node.attr}")
    assert found <= {*public, *(f"{package}.{name}" for package, some in public.items() for name in some)}


HEAVY = ("datasets", "evaluate", "pyarrow", "numpy", "pandas", "sklearn", "torch", "huggingface_hub", "rouge_score")


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_and_its_help_are_light(package):
    code = (
        "import sys\n"
        f"import {package}\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
        "import click.testing\n"
        f"from {package}.__main__ import main\n"
        "result = click.testing.CliRunner().invoke(main, ['--help'])\n"
        "assert result.exit_code == 0, result.output\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert printed_by(code) == ["[]", "[]"]
