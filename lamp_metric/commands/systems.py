"""The systems to compare, scored: ``FILE``, ``NAME=FILE``, or ``NAME=FILE,FILE`` for several seeds."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from lamp_dataset.commands.command import stacked
from lamp_dataset.task import Task
from lamp_metric.commands.golds import Look, Source
from lamp_metric.commands.shared import also_option, say_remarks
from lamp_metric.predictions.given_values import read_values, samples_of_values, with_values
from lamp_metric.predictions.joining import JoinedOutputs
from lamp_metric.predictions.scored_samples import ScoredSamples, measure_joined
from lamp_metric.predictions.several_answers import choose, split

#: The options that say which systems are compared, and with which of them.
system_options = stacked(
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


def systems_of(values: Sequence[str], flag: str = "--preds") -> list[SystemFiles]:
    """The systems that the values of the option name; without a name, a system is called like its file.

    Raises:
        ValueError: fewer than two systems, two of one name, an empty name or path, or a file that is there twice.
    """
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
        return SystemFiles(Path(value).stem, (Path(value),), False)
    name, files = named.groups()
    paths = [files] if os.path.exists(files) else files.split(",")
    if not name or not all(paths):
        raise ValueError(f"{flag}: expected FILE, NAME=FILE or NAME=FILE,FILE, found {value!r}")
    return SystemFiles(name, tuple(map(Path, paths)), True)


def _check_distinct(values: Sequence[str], complaint: str) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{complaint} {value}")


@dataclass(frozen=True)
class Asked:
    """What is to be scored, and how.

    Attributes:
        systems: with files of predictions.
        values: the same systems' files of values, or systems without predictions.
        lower_is_better: whether the values are errors.
        also: measures beside the scores.
        extract_answers: whether to look for answers in sentences.
        answers: which of several count, see :func:`~lamp_metric.predictions.several_answers.choose`.
    """

    systems: Sequence[SystemFiles]
    values: Sequence[SystemFiles]
    lower_is_better: bool
    also: Sequence[str]
    extract_answers: bool
    answers: str = "mean"


def asked_for(
    preds: Sequence[str],
    values: Sequence[str],
    lower_is_better: bool,
    also: Sequence[str],
    extract_answers: bool,
    answers: str = "mean",
) -> Asked:
    """What the options ask for; ValueError if they do not fit together."""
    systems = systems_of(preds) if preds or not values else []
    given = systems_of(values, "--values") if values else []
    if also and not systems:
        raise ValueError("--also measures predictions: pass --preds as well")
    if answers != "mean" and (given or not systems):
        raise ValueError(f"--answers {answers} chooses among predictions: pass --preds, and no --values")
    if lower_is_better and not given:
        raise ValueError("--lower-is-better is about --values: pass them as well")
    runs = [{system.name: len(system.paths) for system in side} for side in (systems, given)]
    if systems and given and runs[0] != runs[1]:
        raise ValueError(f"--values: expected as many files of each system as in --preds, {runs[0]}, found {runs[1]}")
    return Asked(systems, given, lower_is_better, also, extract_answers, answers)


def score_systems(
    asked: Asked, source: Source, task_name: str, look: Look | None = None
) -> tuple[dict[str, list[JoinedOutputs]], dict[str, list[ScoredSamples]]]:
    """The runs of each system, joined and scored; what is noteworthy goes to standard error.

    ``look`` is called with each row of the questions, if there are any.
    """
    if not asked.systems:
        return {}, _valued(asked, source, *source.read_samples(task_name, look))
    paths = [path for system in asked.systems for path in system.paths]
    joined, users = source.join(paths, task_name, look)
    files = iter(joined)
    given = {system.name: [run for _ in system.paths for run in split(next(files))] for system in asked.systems}
    if asked.answers != "mean" and max(map(len, given.values())) == 1:
        raise ValueError(f"--answers {asked.answers}: expected several answers to a sample, but each system has one")
    chosen = {name: choose(runs, asked.answers, extract_answers=asked.extract_answers) for name, runs in given.items()}
    found = {name: [_scored(run, users, asked) for run in runs] for name, runs in chosen.items()}
    if asked.values:
        first = next(iter(found.values()))[0]
        valued = _valued(asked, source, first.task, first.ids, first.users)
        for name, runs in found.items():
            if len(runs) != len(valued[name]):
                raise ValueError(f"--values: expected {len(runs)} files of {name}, found {len(valued[name])}")
        found = {name: list(map(with_values, runs, valued[name])) for name, runs in found.items()}
    return chosen, found


def _scored(run: JoinedOutputs, users: Mapping[str, str] | None, asked: Asked) -> ScoredSamples:
    samples = measure_joined(run, users, extract_answers=asked.extract_answers, also=asked.also)
    say_remarks(samples, run)
    return samples


def _valued(
    asked: Asked, source: Source, task: Task | None, ids: Sequence[str], users: Sequence[str] | None
) -> dict[str, list[ScoredSamples]]:
    """Samples scored by the given values; of a subset of users, the files may have values for others."""

    def read(path: Path) -> ScoredSamples:
        values, known = read_values(path), set(ids)
        if source.subset is not None:
            values = {sample_id: value for sample_id, value in values.items() if sample_id in known}
        return samples_of_values(str(path), values, ids, users, not asked.lower_is_better, task)

    return {system.name: [read(path) for path in system.paths] for system in asked.values}
