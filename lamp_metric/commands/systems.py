"""The systems to compare, scored: ``FILE``, ``NAME=FILE``, or ``NAME=FILE,FILE`` for several seeds."""

import functools
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lamp_dataset.commands.command import stacked
from lamp_dataset.task import Task
from lamp_metric.commands.golds import Look, Source
from lamp_metric.commands.shared import also_option, extraction_option, say_remarks
from lamp_metric.predictions.given_values import read_values, samples_of_values, with_values
from lamp_metric.predictions.scored_samples import ScoredSamples, measure_joined
from lamp_metric.predictions.several_answers import SIGNED, choose, split

#: A name may itself be "k=4", for the number of retrieved items.
_NAMED = re.compile(r"(k=\d+|[^=]*)=(.*)", re.DOTALL)


@dataclass(frozen=True)
class SystemFiles:
    """One system's files, one for each run; ``named``: whether the user gave the name."""

    name: str
    paths: tuple[Path, ...]
    named: bool


def systems_of(values: Sequence[str], flag: str = "--preds") -> list[SystemFiles]:
    """The systems that the values of the option name; without a name, a system is called like its file."""
    found = [_system(value, flag) for value in values]
    stems = [system.name for system in found]
    systems = [
        system if system.named or stems.count(system.name) == 1 else SystemFiles(value, system.paths, False)
        for system, value in zip(found, values, strict=True)
    ]
    if len(systems) < 2:
        raise ValueError(
            f"{flag}: expected the files of two systems or more, like {flag} a.json b.json, found {len(systems)}"
        )
    named = [system.name for system in systems if system.named]
    _check_distinct(named, f"{flag}: two systems are called")
    paths = [os.path.realpath(path) for system in systems for path in system.paths]
    _check_distinct(paths, f"{flag}: a file is given twice:")
    _check_distinct([system.name for system in systems], f"{flag}: two systems are called")
    return systems


def _system(value: str, flag: str) -> SystemFiles:
    named = _NAMED.fullmatch(value)
    if named is None or os.path.exists(value):
        path = Path(value).expanduser()
        return SystemFiles(path.stem, (path,), False)
    name, files = named.groups()
    paths = [files] if os.path.exists(files) else files.split(",")
    if not name or not all(paths):
        raise ValueError(f"{flag}: expected FILE, NAME=FILE or NAME=FILE,FILE, found {value!r}")
    return SystemFiles(name, tuple(Path(path).expanduser() for path in paths), True)


def _check_distinct(values: Sequence[str], complaint: str) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{complaint} {value}")


@dataclass(frozen=True)
class Asked:
    """What is to be scored, and how: the options under their names.

    ``preds``: the systems, with files of predictions; ``values``: the same systems' files of values, or systems without
    predictions.
    """

    preds: Sequence[SystemFiles]
    values: Sequence[SystemFiles]
    lower_is_better: bool
    also: Sequence[str]
    baseline: str | None
    extract_answers: bool
    answers: str = "mean"

    @property
    def signed(self) -> dict[str, Any]:
        """What a comparison's signature says of the answers."""
        return {"extract_answers": self.extract_answers, "answers": SIGNED.get(self.answers)}


def asked_for(
    preds: Sequence[str], values: Sequence[str], lower_is_better: bool, also: Sequence[str], *more: Any
) -> Asked:
    """What the options ask for; ValueError if they do not fit together."""
    systems = systems_of(preds) if preds or not values else []
    given = systems_of(values, "--values") if values else []
    asked = Asked(systems, given, lower_is_better, also, *more)
    runs, of_values = ({system.name: len(system.paths) for system in side} for side in (systems, given))
    for wrong, message in (
        (also and not systems, "--also measures predictions: pass --preds as well"),
        (
            asked.answers != "mean" and (given or not systems),
            f"--answers {asked.answers} chooses among predictions: pass --preds, and no --values",
        ),
        (lower_is_better and not given, "--lower-is-better is about --values: pass them as well"),
        (
            systems and given and runs != of_values,
            f"--values: expected as many files of each system as in --preds, {runs}, found {of_values}",
        ),
    ):
        if wrong:
            raise ValueError(message)
    return asked


_OPTIONS = stacked(
    click.option(
        "--preds",
        multiple=True,
        metavar="[NAME=]FILE[,FILE…]…",
        help="The systems' files of predictions, two or more; several files of one system are its seeds.",
    ),
    click.option(
        "--values",
        multiple=True,
        metavar="[NAME=]FILE[,FILE…]…",
        help="Values computed elsewhere, a number per sample: JSON {id: number}, JSON lines, or CSV id,value.",
    ),
    click.option("--lower-is-better", is_flag=True, help="The --values are errors."),
    also_option,
    click.option(
        "--baseline", metavar="NAME", help="The system that the others are compared to; by default, the first."
    ),
    extraction_option,
    click.option(
        "--answers",
        type=click.Choice(["mean", *SIGNED]),
        default="mean",
        show_default=True,
        help="With several answers to a sample, as files of a system or lists in one: the mean of their scores, the "
        "best by gold (head-room, not a score), or the majority's (labels and ratings).",
    ),
)


def system_options(command: Callable) -> Callable:
    """The options that say what is compared; a command gets ``asked``, an :class:`Asked`, in place of their values."""

    @functools.wraps(command)
    def with_systems(**given: Any) -> object:
        asked = asked_for(*(given.pop(name) for name in Asked.__dataclass_fields__))
        return command(asked=asked, **given)

    return _OPTIONS(with_systems)


def score_systems(
    asked: Asked, source: Source, task_name: str, look: Look | None = None
) -> dict[str, Sequence[ScoredSamples]]:
    """The scored runs of each system; what is noteworthy goes to standard error.

    ``look`` is called with each row of the questions, if there are any.
    """
    paths = [path for system in asked.preds for path in system.paths]
    golds, task, users, joined = source.join(paths, task_name, look)
    if not asked.preds:
        return _valued(
            asked, source, task, list(golds.by_id), users and [users[sample_id] for sample_id in golds.by_id]
        )
    files = iter(joined)
    runs = {system.name: [run for _ in system.paths for run in split(next(files))] for system in asked.preds}
    if asked.answers != "mean" and max(map(len, runs.values())) == 1:
        raise ValueError(f"--answers {asked.answers}: expected several answers to a sample, but each system has one")
    options = {"extract_answers": asked.extract_answers, "also": asked.also}
    found = {name: [measure_joined(run, users, **options) for run in some] for name, some in runs.items()}
    found = {name: choose(some, asked.answers, **options) for name, some in found.items()}
    for samples in (samples for some in found.values() for samples in some):
        say_remarks(samples)
    if asked.values:
        first = next(iter(found.values()))[0]
        valued = _valued(asked, source, first.task, first.ids, first.users)
        for name, some in found.items():
            if len(some) != len(valued[name]):
                raise ValueError(f"--values: expected {len(some)} files of {name}, found {len(valued[name])}")
        found = {name: list(map(with_values, some, valued[name])) for name, some in found.items()}
    return found


def _valued(
    asked: Asked, source: Source, task: Task | None, ids: Sequence[str], users: Sequence[str] | None
) -> dict[str, list[ScoredSamples]]:
    """Samples scored by the given values; of a subset of users, the files may have values for others."""

    def read(path: Path) -> ScoredSamples:
        values, known = read_values(path), set(ids)
        if source.subset or source.samples:
            values = {sample_id: value for sample_id, value in values.items() if sample_id in known}
        return samples_of_values(str(path), values, ids, users, not asked.lower_is_better, task)

    return {system.name: [read(path) for path in system.paths] for system in asked.values}
