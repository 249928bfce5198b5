"""The files of examples/ as modules."""

import importlib.util
import sys
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "examples"
sys.path.append(str(FOLDER))  # some import zero_shot.py, which is beside them


def words(**options):
    """A command line: names and values; True stands for a flag without a value."""
    for name, value in options.items():
        yield f"-{name}" if len(name) == 1 else f"--{name.replace('_', '-')}"
        yield from () if value is True else (str(value),)


def load(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
