"""Let ``evaluate.load("lamp_metric", …)`` find the module from any directory, without importing evaluate here."""

from __future__ import annotations

from types import ModuleType

from lamp_dataset import __version__
from lamp_dataset.loading.import_hook import patch_factory, when_imported
from lamp_metric.evaluate_internals import FACTORY, LOADING, found_module
from lamp_metric.signature import RULE

NAME = "lamp_metric"


def register() -> None:
    """Make evaluate find the module under this name: now if evaluate is imported already, otherwise when it will be."""
    when_imported(LOADING, _patch)


def _patch(loading: ModuleType) -> None:
    version = f"{__version__}-rule{RULE}"
    patch_factory(NAME, loading, FACTORY, lambda: found_module(loading, f"{NAME}.{NAME}", version))
