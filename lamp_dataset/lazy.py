"""What is imported late: heavy public names, optional packages, and models."""

import ast
import importlib.util
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any


def lazy_exports(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of a package whose public names are imported late (PEP 562).

    The public names are those that the package's ``__init__`` imports as ``name as name``, which type checkers and
    editors understand as well. Those under ``if TYPE_CHECKING`` are imported when they are first used. No module next
    to the ``__init__`` may have one of these names: importing it would replace the public name.
    """
    tree = ast.parse(Path(sys.modules[package].__file__ or "").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    places = {alias.asname: node.module for node in imports for alias in node.names if alias.asname}

    def get(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name)
        return getattr(import_module(places[name]), name)

    return get, lambda: sorted({*vars(sys.modules[package]), *places}), sorted({*places} - {"__version__"})


def require(module: str, extra: str) -> ModuleType:
    """Import an optional module, which comes with the extra ``extra``; ImportError if it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in (module, module.partition(".")[0]):
            raise
        raise _missing(module, extra) from None


def check_installed(module: str, extra: str) -> None:
    """Raise the ImportError of :func:`require` if the module is not installed. This does not import it."""
    if importlib.util.find_spec(module) is None:
        raise _missing(module, extra)


def _missing(module: str, extra: str) -> ImportError:
    package = module.partition(".")[0].replace("_", "-")
    return ImportError(f"{package} is not installed; from a checkout: pip install '.[{extra}]'", name=module)


def load_model(load: Callable[..., Any], name: str, **options: Any) -> Any:
    """``load(name, **options)``, a loader of Hugging Face.

    OSError if the model or tokenizer cannot be loaded; the message keeps the first line of the loader's own.
    """
    try:
        return load(name, **options)
    except (OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        place = "a folder here" if os.path.isdir(name) else "neither a folder here nor a reachable model on the Hub"
        raise OSError(f"cannot load {name!r}, {place}: {reason}") from error
