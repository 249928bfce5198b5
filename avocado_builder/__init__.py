"""The gated task, made from licensed files of the Avocado Research Email Collection."""

from __future__ import annotations

from typing import Any

__all__ = ["build", "check_collection", "check_output"]

#: Public name -> module; imported when asked for, so that importing the package stays light.
_HOMES = {"build": "building", "check_collection": "building", "check_output": "verify"}


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
