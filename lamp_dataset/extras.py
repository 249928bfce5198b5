"""Optional libraries and the models they load: imported late; if one is missing, the message says what to install."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any


def require(module: str, extra: str) -> ModuleType:
    """Import the optional module ``module``, which comes with the extra ``extra``.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise _missing(module, extra) from None


def check_installed(module: str, extra: str) -> None:
    """Raise the ImportError of :func:`require` if the module is not installed. This does not import it."""
    if importlib.util.find_spec(module) is None:
        raise _missing(module, extra)


def _missing(module: str, extra: str) -> ImportError:
    package = module.replace("_", "-")
    return ImportError(f"this needs the package {package}: pip install 'lamp-hf[{extra}]'", name=module)


def load_model(load: Callable[..., Any], name: str, **options: Any) -> Any:
    """``load(name, **options)``, a loader of Hugging Face.

    Raises:
        OSError: the model or tokenizer cannot be loaded; the message keeps the first line of the loader's own.
    """
    try:
        return load(name, **options)
    except (OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise OSError(
            f"cannot load {name!r}, neither a folder here nor a model on the Hub in reach: {reason}"
        ) from error
