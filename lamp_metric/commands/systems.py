"""The prediction files of the systems to compare: ``FILE``, ``NAME=FILE``, or ``NAME=FILE,FILE`` for several seeds."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from lamp_dataset.commands.command import stacked

#: The options that say which systems are compared, and with which of them.
system_options = stacked(
    click.option(
        "--preds",
        multiple=True,
        required=True,
        metavar="[NAME=]FILE[,FILE…]…",
        help="The systems' files of predictions, two or more; several files of one system are its seeds.",
    ),
    click.option(
        "--baseline", metavar="NAME", help="The system that the others are compared to; the first by default."
    ),
)

#: A name may itself be "k=4", for the number of retrieved items.
_NAMED = re.compile(r"(k=\d+|[^=]*)=(.*)", re.DOTALL)


@dataclass(frozen=True)
class SystemFiles:
    """One system's files.

    Attributes:
        name: what to call it.
        paths: a file of predictions for each run.
        named: whether the user gave the name.
    """

    name: str
    paths: tuple[Path, ...]
    named: bool


def systems_of(values: Sequence[str]) -> list[SystemFiles]:
    """The systems that the values of ``--preds`` name; without a name, a system is called like its file.

    Raises:
        ValueError: fewer than two systems, two of one name, an empty name or path, or a file that is there twice.
    """
    found = [_system(value) for value in values]
    stems = [system.name for system in found]
    systems = [
        system if system.named or stems.count(system.name) == 1 else SystemFiles(value, system.paths, False)
        for system, value in zip(found, values, strict=True)
    ]
    if len(systems) < 2:
        raise ValueError(
            f"--preds: expected the files of two systems or more, like --preds a.json b.json, found {len(systems)}"
        )
    _check_distinct([system.name for system in systems if system.named], "two systems are called")
    _check_distinct([os.path.realpath(path) for system in systems for path in system.paths], "a file is there twice:")
    _check_distinct([system.name for system in systems], "two systems are called")
    return systems


def _system(value: str) -> SystemFiles:
    named = _NAMED.fullmatch(value)
    if named is None or os.path.exists(value):
        return SystemFiles(Path(value).stem, (Path(value),), False)
    name, files = named.groups()
    paths = [files] if os.path.exists(files) else files.split(",")
    if not name or not all(paths):
        raise ValueError(f"--preds: expected FILE, NAME=FILE or NAME=FILE,FILE, found {value!r}")
    return SystemFiles(name, tuple(map(Path, paths)), True)


def _check_distinct(values: Sequence[str], complaint: str) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"--preds: {complaint} {value}")
