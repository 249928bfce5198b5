import doctest
import importlib
import pkgutil

import pytest

import lamp_metric

#: The script for evaluate has its examples run by test_lamp_metric; app.py is the page.
MODULES = [
    module.name
    for module in pkgutil.walk_packages(lamp_metric.__path__, "lamp_metric.")
    if module.name not in ("lamp_metric.lamp_metric", "lamp_metric.app", "lamp_metric.__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
