"""Let ``evaluate.load("lamp_metric", …)`` find the module from any directory, without importing evaluate here."""

from __future__ import annotations

from types import ModuleType

from lamp_dataset import __version__
from lamp_dataset.loading.import_hook import patch_factory, when_imported
from lamp_metric.signature import RULE

NAME = "lamp_metric"


def register() -> None:
    """Answer for the name, now if evaluate is loaded, else when it will be."""
    when_imported("evaluate.loading", _answer_for_the_name)


def _answer_for_the_name(loading: ModuleType) -> None:
    """Every ``evaluate.load`` looks for its module through this function."""
    ours = f"{NAME}.{NAME}"
    patch_factory(
        NAME,
        loading,
        "evaluation_module_factory",
        lambda: loading.ImportableModule(ours, f"{__version__}-rule{RULE}"),
    )
