"""Let ``evaluate.load("lamp_metric", …)`` find the module from any directory, without importing evaluate here."""

from __future__ import annotations

import functools
from types import ModuleType

from lamp_dataset import __version__
from lamp_dataset.imports import when_imported
from lamp_metric.signature import RULE

NAME = "lamp_metric"


def register() -> None:
    """Answer for the name, now if evaluate is loaded, else when it will be."""
    when_imported("evaluate.loading", _answer_for_the_name)


def _answer_for_the_name(loading: ModuleType) -> None:
    """Wrap the function through which every ``evaluate.load`` looks for a module."""
    find = loading.evaluation_module_factory
    if getattr(find, "knows_lamp_metric", False):
        return

    @functools.wraps(find)
    def find_ours_too(path, *args, **kwargs):
        if path == NAME:
            return loading.ImportableModule(f"{NAME}.{NAME}", f"{__version__}-rule{RULE}")
        return find(path, *args, **kwargs)

    find_ours_too.knows_lamp_metric = True
    loading.evaluation_module_factory = find_ours_too
