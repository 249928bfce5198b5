"""``compare``, and the systems to compare: ``FILE``, ``NAME=FILE``, or ``NAME=FILE,FILE`` for several seeds."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lamp_dataset.commands.command import examples, say, stacked
from lamp_metric.commands.shared import Several, extraction_option, resampling_options, say_remarks
from lamp_metric.commands.sources import Look, Source, find_source, source_options
from lamp_metric.predictions.joining import JoinedOutputs
from lamp_metric.predictions.measuring import ScoredSamples, measure_joined
from lamp_metric.published import published_rows
from lamp_metric.statistics.compared import FORMATS
from lamp_metric.statistics.contrasts import compare_systems
from lamp_metric.statistics.options import Resampling

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
    _check_distinct([os.path.realpath(path) for system in systems for path in system.paths], "a file is given twice:")
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


@click.command(
    cls=Several,
    epilog=examples(
        "lamp-metric compare LaMP_4 --golds dev_outputs.json --preds mine.json theirs.json",
        "lamp-metric compare LaMP_3_time --data-dir my/files --preds none.json own.json other.json",
        "lamp-metric compare LaMP_3_time --data-dir D --preds none=n.json own=a.json,b.json --format latex",
    ),
)
@click.argument("task_name", metavar="TASK")
@source_options("--golds")
@system_options
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.option("--published", is_flag=True, help="Add published results on the task; see the manual.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, like --format json.")
@extraction_option
@resampling_options(0.95, 10_000)
def compare(
    task_name: str,
    golds: Path | None,
    questions: Path | None,
    data_dir: str | None,
    split: str | None,
    users: str | None,
    user_column: str | None,
    preds: Sequence[str],
    baseline: str | None,
    form: str,
    published: bool,
    as_json: bool,
    extract_answers: bool,
    **resampling: Any,
) -> None:
    """Compare the scores of two or more systems on TASK: could the difference be chance?

    All are scored on the same samples. The interval holds the middle 95% (--confidence_level) of the differences on
    bootstrap resamples: how much the difference would vary with other samples. p is the probability of a difference at
    least as large, in either direction, if the two systems were interchangeable; it is estimated by swapping their
    predictions at random. A small p speaks against chance; a better score alone does not. With several systems, go by
    Holm's p, which is corrected for their number.

    Samples of one user are alike. If --data-dir or --questions identifies the users, the bootstrap draws users and the
    test swaps all samples of a user at once; otherwise both treat the samples as independent.

    Each system is compared to the baseline, by default the first. A file without a name is called like the file. Users
    (or samples) are won if the system's mean is better for them. A true difference as large as the detectable one would
    be found with a probability of 80%.

    With few samples or users the bootstrap interval tends to be too narrow, and may exclude 0 even if p is large: trust
    p.
    """
    drawn, systems = Resampling(**resampling), systems_of(preds)
    if as_json and form not in ("text", "json"):
        raise ValueError(f"give either --json or --format {form}, not both")
    source = find_source("--golds", golds, questions, data_dir, split, task_name, users, user_column)
    _, runs = score_systems(systems, source, task_name, extract_answers)
    scored = dict(zip([system.name for system in systems], runs, strict=True))
    found = compare_systems(scored, baseline, drawn, extract_answers=extract_answers)
    rows = published_rows(found.task, (split or "validation") if data_dir else None) if published else []
    say(FORMATS["json" if as_json else form](found, rows))
    for note in found.notes:
        say(note, err=True)


def score_systems(
    systems: Sequence[SystemFiles], source: Source, task_name: str, extract_answers: bool, look: Look | None = None
) -> tuple[list[list[JoinedOutputs]], list[list[ScoredSamples]]]:
    """The runs of each system, joined and scored; what is noteworthy goes to standard error.

    ``look`` is called with each row of the questions, if there are any.
    """
    paths = [path for system in systems for path in system.paths]
    joined, users = source.join(paths, task_name, look)
    scored = [measure_joined(file, users, extract_answers=extract_answers) for file in joined]
    for samples, file in zip(scored, joined, strict=True):
        say_remarks(samples, file)
    files, runs = iter(joined), iter(scored)
    return [[next(files) for _ in one.paths] for one in systems], [[next(runs) for _ in one.paths] for one in systems]
