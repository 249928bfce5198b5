"""Optional libraries and the models they load: imported late, missed with a message that says what to do."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any


def need(module: str, extra: str) -> ModuleType:
    """The optional module ``module``, which comes with the extra ``extra``.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        package = module.replace("_", "-")
        raise ImportError(f"this needs the package {package}: pip install 'lamp-hf[{extra}]'", name=module) from None


def load_model(load: Callable[..., Any], name: str, **options: Any) -> Any:
    """``load(name, **options)``, a loader of Hugging Face.

    Raises:
        OSError: the model or tokenizer is not there; the message keeps the first line of the loader's own.
    """
    try:
        return load(name, **options)
    except (OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise OSError(
            f"cannot load {name!r}, neither a folder here nor a model on the Hub in reach: {reason}"
        ) from error
