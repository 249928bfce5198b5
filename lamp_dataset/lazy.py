"""Public names of a package that are imported when first asked for (PEP 562), so that importing the package is light.

A package lists the same names once more under ``if TYPE_CHECKING``: type checkers and editors read only those.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_exports(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` for a package with lazy public names.

    Args:
        package: ``__name__`` of the package.
        modules: public name -> dotted module, relative to the package, that defines it. No module beside the
            package's ``__init__`` may have one of these names: importing it would replace the public name.
    """

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name)
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    return get, lambda: sorted({*vars(sys.modules[package]), *modules})
