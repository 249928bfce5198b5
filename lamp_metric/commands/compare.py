"""``compare``, and the systems to compare: ``FILE``, ``NAME=FILE``, or ``NAME=FILE,FILE`` for several seeds."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lamp_dataset.commands.command import examples, say
from lamp_dataset.formats.texts import duplicates
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.commands.golds import Look, Source, source_options, subset_hint
from lamp_metric.commands.shared import (
    Several,
    also_options,
    bundled,
    extraction_option,
    resampling_options,
)
from lamp_metric.measures import chosen
from lamp_metric.predictions.scored_samples import (
    SIGNED,
    ScoredSamples,
    choose,
    measure_joined,
    read_values,
    remarks,
    samples_of_values,
    split,
    with_values,
)
from lamp_metric.result_tables.comparison_table import FORMATS
from lamp_metric.result_tables.published import published_rows
from lamp_metric.signature import Resampling

#: A name may itself be "k=4", for the number of retrieved items.
_NAMED = re.compile(r"(k=\d+|[^=]*)=(.*)", re.DOTALL)


#: System -> its files, one for each run.
Systems = Mapping[str, Sequence[Path]]


def systems_of(values: Sequence[str], flag: str = "--preds") -> Systems:
    """The systems that the values of the option name.

    A system without a name is named after its file, or after its path if another system has that name.
    """
    if len(values) < 2:
        example = f"{flag} a.json b.json"
        raise ValueError(f"{flag}: expected the files of two systems or more, like {example}, found {len(values)}")
    found = [_name_and_files(value, flag) for value in values]
    names = [name or files[0].stem for name, files in found]
    unique = [
        name if given or names.count(name) == 1 else value
        for name, (given, _), value in zip(names, found, values, strict=True)
    ]
    paths = [os.path.realpath(path) for _, files in found for path in files]
    for some, complaint in ((paths, "a file is given twice:"), (unique, "two systems are called")):
        if again := duplicates(some):
            raise ValueError(f"{flag}: {complaint} {again[0]}")
    return dict(zip(unique, (files for _, files in found), strict=True))


def _name_and_files(value: str, flag: str) -> tuple[str, list[Path]]:
    """What ``[NAME=]FILE[,FILE…]`` says; the name is "" if there is none."""
    named = _NAMED.fullmatch(value)
    if named is None or os.path.exists(value):
        return "", [Path(value).expanduser()]
    name, files = named.groups()
    paths = [files] if os.path.exists(files) else files.split(",")
    if not name or not all(paths):
        raise ValueError(f"{flag}: expected FILE, NAME=FILE or NAME=FILE,FILE, found {value!r}")
    return name, [Path(path).expanduser() for path in paths]


@dataclass
class Comparing:
    """What is to be compared, and how, as the options say.

    ``preds`` become the systems with their files of predictions; ``values`` the same systems with files of values, or
    systems that have no predictions.
    """

    source: Source
    preds: Sequence[str] | Systems
    values: Sequence[str] | Systems
    lower_is_better: bool
    also: Sequence[str]
    without: Sequence[str]
    baseline: str | None
    extract_answers: bool
    answers: str
    drawn: Resampling

    def __post_init__(self) -> None:
        """ValueError if the options do not fit together."""
        self.preds = systems_of(self.preds) if self.preds or not self.values else {}
        self.values = systems_of(self.values, "--values") if self.values else {}
        runs, of_values = ({name: len(paths) for name, paths in side.items()} for side in (self.preds, self.values))
        for wrong, message in (
            ((self.also or self.without) and not runs, "--also and --without need predictions: pass --preds as well"),
            (
                self.answers != "mean" and (of_values or not runs),
                f"--answers {self.answers} chooses among predictions: pass --preds, and no --values",
            ),
            (self.lower_is_better and not of_values, "--lower-is-better is about --values: pass them as well"),
            (
                runs and of_values and runs != of_values,
                f"--values: expected as many files of each system as in --preds, {runs}, found {of_values}",
            ),
        ):
            if wrong:
                raise ValueError(message)

    @property
    def signed(self) -> dict[str, Any]:
        """What a comparison's signature says of samples and answers."""
        answers = SIGNED.get(self.answers)
        return {"chosen": self.source.chosen, "extract_answers": self.extract_answers, "answers": answers}

    def score(self, look: Look | None = None) -> dict[str, Sequence[ScoredSamples]]:
        """The scored runs of each system; remarks go to standard error. ``look``: see :class:`Source`."""
        golds, task, users, joined = self.source.join([path for paths in self.preds.values() for path in paths], look)
        if not self.preds:
            return self._valued(task, list(golds.by_id), users and [users[sample_id] for sample_id in golds.by_id])
        files = iter(joined)
        runs = {name: [run for _ in paths for run in split(next(files))] for name, paths in self.preds.items()}
        if self.answers != "mean" and max(map(len, runs.values())) == 1:
            raise ValueError(f"--answers {self.answers}: expected several answers to a sample, but each system has one")
        options = {"extract_answers": self.extract_answers, "also": chosen(self.also, self.without)}
        found = {name: [measure_joined(run, **options) for run in some] for name, some in runs.items()}
        found = {name: choose(some, self.answers, **options) for name, some in found.items()}
        first = next(iter(found.values()))[0]
        valued = self._valued(first.task, first.ids, first.users)
        for line in remarks([samples for some in found.values() for samples in some], "--extract_answers"):
            click.echo(line, err=True)
        for name, some in found.items():
            if valued and len(some) != len(valued[name]):
                raise ValueError(f"--values: expected {len(some)} files of {name}, found {len(valued[name])}")
        return {name: list(map(with_values, some, valued[name])) if valued else some for name, some in found.items()}

    def _valued(
        self, task: Task | None, ids: Sequence[str], users: Sequence[str] | None
    ) -> dict[str, list[ScoredSamples]]:
        """Samples scored by the given values; where some samples are chosen, the files may have values of others."""

        def read(path: Path) -> ScoredSamples:
            values, known = read_values(path), set(ids)
            if self.source.users or self.source.samples:
                values = {sample_id: value for sample_id, value in values.items() if sample_id in known}
            with subset_hint(ids, values, self.source.chosen):
                return samples_of_values(str(path), values, ids, users, not self.lower_is_better, task)

        return {name: list(map(read, paths)) for name, paths in self.values.items()}


#: TASK and the options that say what is compared; a command gets ``asked``, a :class:`Comparing`, in their place.
comparing_options = bundled(
    "asked",
    Comparing,
    click.argument("task_name", metavar="TASK"),
    source_options("--golds"),
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
    click.option("--lower-is-better", is_flag=True, help="Lower --values are better."),
    also_options,
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
    resampling_options(0.95, 10_000),
)


@click.command(
    cls=Several,
    epilog=examples(
        "lamp-metric compare LaMP_4 --golds dev_outputs.json --preds mine.json theirs.json",
        "lamp-metric compare LaMP_3_time --data-dir my/files --preds none.json own.json other.json",
        "lamp-metric compare LaMP_3_time --data-dir D --preds none=n.json own=a.json,b.json --format latex",
        "lamp-metric compare LaMP_4 --data-dir D --preds none=n.json own=o.json other=t.json --all-pairs",
        "lamp-metric compare LaMP_4 --data-dir D --values none=judged/none.json own=judged/own.json",
    ),
)
@comparing_options
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--published", is_flag=True, help="Add published results on the task; see the manual.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, like --format json.")
@click.option(
    "--average",
    type=click.Choice(["samples", "users"]),
    default="samples",
    show_default=True,
    help="Means over samples, or over users' own means.",
)
@click.option("--all-pairs", is_flag=True, help="Compare every two systems as well, not only each with the baseline.")
def compare(asked: Comparing, form: str, published: bool, as_json: bool, average: str, all_pairs: bool) -> None:
    """Compare systems on TASK: could the difference be chance?

    All are scored on the same samples. The interval holds the middle 95% (--confidence_level) of the differences on
    bootstrap resamples: how much the difference would vary with other samples. p is the probability of a difference at
    least as large, in either direction, if the two systems were interchangeable; it is estimated by swapping their
    predictions at random. A small p speaks against chance; a better score alone does not. With several systems, go by
    Holm's p, which is corrected for their number; with --all-pairs, for that of the pairs.

    Samples of one user are alike. If --data-dir or --questions identifies the users, the bootstrap draws users and the
    test swaps all samples of a user at once; otherwise both treat the samples as independent.

    Each system is compared to the baseline, by default the first. A system without a name is named after its file.
    A user (or sample) counts as won if the system's mean is better. A true difference as large as the detectable one
    would be found with a probability of 80%.

    Below 30 users (samples, where users are not known), means get the interval of Student's t, since the bootstrap's is
    too narrow; the signature says so. Those of other scores may exclude 0 even if p is large: trust p.
    """
    from lamp_metric.statistics.compare_systems import compare_systems  # needs numpy

    if as_json and form not in ("text", "json"):
        raise ValueError(f"give either --json or --format {form}, not both")
    found = compare_systems(
        asked.score(), asked.baseline, asked.drawn, average=average, all_pairs=all_pairs, **asked.signed
    )
    split, task_name = asked.source.split, asked.source.task_name
    whole = split and get_task(task_name).num_samples[split] in (None, found.n)
    rows = published_rows(found.task, split if whole else None) if published else []
    say(getattr(found, f"to_{'json' if as_json else form}")(rows))
    for note in found.notes:
        say(note, err=True)
