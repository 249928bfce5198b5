"""The options of a prompt as flags of a command line. What they are, and whether a value is right, the library says."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import click

from lamp_dataset.commands.command import UserPath, stacked
from lamp_dataset.lazy import check_installed
from lamp_dataset.personalize.prompt_options import PROMPT_OPTIONS, RETRIEVER_OPTIONS

_OPTIONS = {**PROMPT_OPTIONS, **RETRIEVER_OPTIONS}
#: What cannot be typed.
_PYTHON_ONLY = ("tokenize", "system", "retriever_options")
#: Option of the library -> how it is written on the command line.
FLAGS: Mapping[str, str] = MappingProxyType(
    {name: f"--{name.replace('_', '-')}" for name in _OPTIONS if name not in _PYTHON_ONLY}
    | {"k": "-k", "rankers": "--ranker"}
)
_QUOTED = re.compile(f"'({'|'.join(FLAGS)})'")
#: Type of an option, or one of its types -> what click makes of the word that was typed.
_TYPES: Mapping[Any, Mapping[str, Any]] = MappingProxyType(
    {
        int: {"type": int},
        float: {"type": float},
        bool: {"is_flag": True},
        tuple[str, ...]: {"multiple": True},
        os.PathLike[str]: {"type": UserPath(exists=True, dir_okay=False, path_type=Path)},
    }
)


def prompt_flags(*names: str, flags: Mapping[str, str] = FLAGS) -> Callable:
    """A decorator that gives a command these options, and each that it is not given the value None, False or ()."""
    return stacked(*(_flag(name, flags[name]) for name in names))


#: The options of the retrievers, as a command takes them.
RETRIEVER_FLAGS = tuple(name for name in RETRIEVER_OPTIONS if name in FLAGS)


def _flag(name: str, flag: str) -> Callable:
    option = _OPTIONS[name]
    shown = f"  [default: {option.default}]" if option.default not in (None, False, ()) or option.type is int else ""
    kind = next((kind for type_, kind in _TYPES.items() if type_ in (option.type, *get_args(option.type))), {})
    text = option.help.replace("``", "").partition("; in Python")[0].partition(" In Python")[0].rstrip(".")
    return click.option(flag, *([name] if flag == FLAGS[name] else []), help=f"{text}.{shown}", **kind)


@contextmanager
def named_by_flags(options: Mapping[str, Any], flags: Mapping[str, str] = FLAGS) -> Iterator[None]:
    """A block that makes a retriever of these options; errors name them as the user typed them.

    Raises:
        ImportError: the dense retriever's package is missing.
    """
    retriever = options.get("retriever") or ""
    if ":" in retriever:
        sys.path.insert(0, os.getcwd())  # as `python -m` does: a retriever of the user's own is usually here
    try:
        yield
    except ValueError as error:
        raise ValueError(_QUOTED.sub(lambda match: flags[match[1]], str(error))) from error
    if "dense" in (retriever, *options.get("rankers", ())):
        check_installed("sentence_transformers", "dense")
