"""Examples in docstrings run, and every benchmark has help. README and manual have their tests in ``docs/``."""

import doctest
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("lamp_dataset", "lamp_metric", "avocado_builder")
MODULES = sorted(
    module.name
    for package in PACKAGES
    for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}.")
    if not module.name.endswith((".__main__", ".app"))
)
#: Modules whose examples need an extra.
EXTRAS = ("torch", "transformers", "sentence_transformers", "ray", "gradio", "matplotlib", "inspect_ai")
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


BENCHMARKS = sorted(path for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "shared")


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_every_benchmark_has_help(path):
    result = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True)
    assert (result.returncode, result.stdout[:6], result.stderr) == (0, "usage:", "")
