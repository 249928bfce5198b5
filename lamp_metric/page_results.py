"""What the metric's page shows, without the page: files in, table, signature, notes and a CSV file out."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lamp_dataset import SAMPLE
from lamp_dataset.formats.json_file import read_json
from lamp_dataset.formats.outputs import parse_outputs, read_outputs
from lamp_dataset.task import Task
from lamp_dataset.tasks import TASKS, get_task
from lamp_metric.baselines import baseline
from lamp_metric.comparison import of_a_and_b
from lamp_metric.contrasts import compare_systems
from lamp_metric.measuring import ScoredSamples, measure_joined, unusable_line
from lamp_metric.options import Resampling
from lamp_metric.predictions.joining import JoinedOutputs, join
from lamp_metric.predictions.writing import write_predictions
from lamp_metric.scoring import results, signature_of

FROM_THE_GOLDS = "as the golds say"
ALL_USABLE = "All predictions could be used"
#: Resamples of a comparison, as in ``lamp-metric compare``.
COMPARED = 10_000
#: Columns for one file of predictions, and for two.
HEADERS = ("score", "value", "low", "high", "better is")
HEADERS_OF_TWO = ("score", "A", "B", "A - B", "low", "high", "p", "better is", "better file")


class Shown(NamedTuple):
    """What the page shows of a run.

    Attributes:
        table: ``"headers"`` and ``"data"``, rows of texts.
        signature: how the figures were made.
        notes: lines for people, such as how many predictions could not be used.
        per_sample: path of a CSV file with the values of each sample.
    """

    table: dict[str, list]
    signature: str
    notes: str
    per_sample: str


def score_files(
    task_name: str,
    golds: str | None,
    predictions: str | None,
    confidence_level: float = 0.95,
    other: str | None = None,
) -> Shown:
    """Score a file of predictions, or compare two.

    Args:
        task_name: config name, or :data:`FROM_THE_GOLDS`.
        golds: path of a file in the official format.
        predictions: path of another.
        confidence_level: of the intervals.
        other: path of a second system's predictions, to compare the first with.

    Raises:
        ValueError: a file is missing, the task is unknown, or the files cannot be scored.
    """
    for side, path in (("golds", golds), ("predictions", predictions)):
        if not path:
            raise ValueError(f"no file of {side}: drop one, or try the sample")
    name = None if task_name in (None, FROM_THE_GOLDS) else task_name
    paths = {"A": predictions, "B": other} if other else {"": predictions}
    joined = {label: _joined(golds, path, name) for label, path in paths.items()}
    scored = {label: measure_joined(files) for label, files in joined.items()}
    make = _two if other else _one
    table, signature, few = make(list(scored.values()), confidence_level)
    files = [f"{label}: {Path(path).name}" for label, path in paths.items() if label]
    return Shown(table, signature, "\n".join([*files, *_usable(scored), *few]), _per_sample(scored))


def _joined(golds: str, predictions: str, name: str | None) -> JoinedOutputs:
    return join(*(parse_outputs(Path(path).read_bytes(), Path(path).name) for path in (golds, predictions)), name)


def _one(scored: Sequence[ScoredSamples], confidence_level: float) -> tuple[dict[str, list], str, list[str]]:
    (samples,) = scored
    found, better = results(samples, Resampling(confidence_level)), _better(samples)
    rows = [[key, *_numbers(found[key], *found[f"{key}_ci"]), better] for key in samples.task.scores]
    signature = signature_of(samples.task, samples.n, confidence_level=confidence_level)
    return {"headers": list(HEADERS), "data": rows}, signature, []


def _two(scored: Sequence[ScoredSamples], confidence_level: float) -> tuple[dict[str, list], str, list[str]]:
    a, b = scored
    found = compare_systems({"A": [a], "B": [b]}, "B", Resampling(confidence_level, COMPARED))
    rows = [
        [
            key,
            *_numbers(one["a"], one["b"], one["difference"], *one["difference_ci"], one["p_value"]),
            _better(a),
            one["better"].upper() if one["better"] else "equal",
        ]
        for key, one in of_a_and_b(found).items()
    ]
    return {"headers": list(HEADERS_OF_TWO), "data": rows}, found.signature, found.notes


def _better(samples: ScoredSamples) -> str:
    return "higher" if samples.scorer.HIGHER_IS_BETTER else "lower"


def _numbers(*values: float) -> list[str]:
    return [f"{value:.4f}" for value in values]


def _usable(scored: Mapping[str, ScoredSamples]) -> list[str]:
    option = "lamp-metric eval-task --extract_answers"
    lines = [unusable_line(samples, option, label) for label, samples in scored.items()]
    return [line for line in lines if line is not None] or [ALL_USABLE]


def _per_sample(scored: Mapping[str, ScoredSamples]) -> str:
    """A new CSV file: a row per sample, ids and numbers only."""
    first = next(iter(scored.values()))
    columns: dict[str, Sequence[Any]] = {"id": first.ids}
    for label, samples in scored.items():
        for key in samples.scorer.SHOWN:
            columns[f"{label} {key}".strip()] = samples.statistics[key]
    path = Path(tempfile.mkdtemp(prefix="lamp-page-")) / "per_sample.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return str(path)


def sample_files(task: Task, folder: Path) -> tuple[str, str, str]:
    """Write the sample's golds of a task and the predictions of a trivial baseline: both paths, and what that does."""
    root = Path(SAMPLE)
    train = read_outputs(root / task.outputs_path("train")).by_id
    golds = read_outputs(root / task.outputs_path("validation")).by_id
    rows = read_json(root / task.questions_path("validation"))
    name, predictions = baseline(task, rows, list(train.values()))
    folder = folder / task.name
    folder.mkdir(exist_ok=True)
    paths = folder / "golds.json", folder / "predictions.json"
    write_predictions(paths[0], task.name, list(golds), list(golds.values()))
    write_predictions(paths[1], task.name, [row["id"] for row in rows], predictions)
    return str(paths[0]), str(paths[1]), name


def try_the_sample(task_name: str | None, confidence_level: float, folder: Path) -> tuple[str, str, Shown]:
    """Score the trivial baseline on the sample: paths of golds and predictions, and what to show.

    For :data:`FROM_THE_GOLDS` the sample is that of the first task with generated texts.
    """
    texts = next(name for name, task in TASKS.items() if task.kind == "generation")
    task = get_task(texts if task_name in (None, FROM_THE_GOLDS) else task_name)
    golds, predictions, name = sample_files(task, folder)
    shown = score_files(task.name, golds, predictions, confidence_level)
    what = f"The made-up sample of {task.name} ({task.title}), predicted by a trivial baseline: {name}"
    return golds, predictions, shown._replace(notes=f"{what}\n{shown.notes}")
