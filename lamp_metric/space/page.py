"""The metric's page: pick a task, drop golds and predictions, read the scores and their intervals.

The functions without gradio take files and return a table, the signature, notes and a CSV file.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from lamp_dataset import SAMPLE
from lamp_dataset.formats.json_files import read_json
from lamp_dataset.formats.outputs import parse_outputs, read_outputs
from lamp_dataset.lazy import require
from lamp_dataset.task import Task
from lamp_dataset.tasks import TASKS, get_task
from lamp_metric.predictions.reading import JoinedOutputs, join, write_predictions
from lamp_metric.predictions.scored_samples import ScoredSamples, measure_joined, remarks
from lamp_metric.predictions.trivial_baselines import baseline
from lamp_metric.result_tables.text_and_csv import csv_text
from lamp_metric.signature import Resampling, signature
from lamp_metric.statistics.compare_systems import compare_systems
from lamp_metric.statistics.resampling import intervals

FROM_THE_GOLDS = "as the golds say"
ALL_USABLE = "All predictions could be used"
#: Resamples of a comparison, as in ``lamp-metric compare``.
COMPARED = 10_000
#: Columns for one file of predictions, and for two.
HEADERS = ("score", "value", "low", "high", "better is")
HEADERS_OF_TWO = ("system", "score", "value", "difference", "low", "high", "p", "better is")
#: Gated tasks are refused: their golds must not leave the machine of whoever has the license. Tasks from other datasets
#: of the Hub need WordNet, which a Space lacks.
CHOICES = (FROM_THE_GOLDS, *(name for name, task in TASKS.items() if not task.gated and task.hub is None))
#: Many times the size of any official file of golds, and twice the number of samples: scoring keeps others waiting.
MAX_UPLOAD, MAX_SAMPLES = "8mb", 50_000
#: Seconds after which gradio deletes its copies of files.
KEPT = 3600
INTRODUCTION = f"""\
# LaMP metric

The scores of [LaMP](https://arxiv.org/abs/2304.11406), the benchmark of personalized language models. Drop a file of
golds and a file of predictions in the official format, `{{"task": "…", "golds": [{{"id": "…", "output": "…"}}, …]}}`; a
second file of predictions is compared with the first. A file may have up to {MAX_UPLOAD.removesuffix("mb")} MB and
{MAX_SAMPLES:,} samples, and is deleted after an hour. Golds under a license are refused: score them on your own
machine, with `lamp-metric eval-task`.

**Try the sample** scores a trivial baseline on three made-up samples of the chosen task; the notes say which.

Intervals are percentile bootstrap intervals over samples; of means over fewer than 30, Student's. The files do not say
which user a sample belongs to: if users have several samples, `lamp-metric compare --data-dir …` takes that into
account.
"""


def build() -> Any:
    """The page, a ``Blocks`` of gradio. It needs the extra ``app``."""
    gradio = require("gradio", "app")
    with gradio.Blocks(title="LaMP metric", analytics_enabled=False, delete_cache=(KEPT // 6, KEPT)) as page:
        gradio.Markdown(INTRODUCTION)
        with gradio.Row():
            task = gradio.Dropdown(list(CHOICES), value=FROM_THE_GOLDS, label="Task")
            level = gradio.Slider(0.5, 0.99, value=0.95, step=0.01, label="Confidence level")
        with gradio.Row():
            golds = gradio.File(label="Golds", file_types=[".json"])
            predictions = gradio.File(label="Predictions", file_types=[".json"])
            other = gradio.File(label="Predictions to compare with (optional)", file_types=[".json"])
        with gradio.Row():
            score_button = gradio.Button("Score", variant="primary")
            sample_button = gradio.Button("Try the sample")
        notes = gradio.Textbox(label="Notes", interactive=False, lines=2)
        table = gradio.Dataframe(headers=list(HEADERS), label="Scores", interactive=False, type="array")
        made_by = gradio.Textbox(label="How they were made", interactive=False)
        per_sample = gradio.File(label="Values of each sample (CSV)", interactive=False, height=90)

        def score(task_name: str, golds: str, predictions: str, confidence_level: float, other: str) -> Iterator[tuple]:
            with _folder(gradio) as folder:
                yield score_files(task_name, golds, predictions, confidence_level, other, folder=folder)

        def sample(task_name: str, confidence_level: float) -> Iterator[tuple]:
            with _folder(gradio) as folder:
                yield try_the_sample(task_name, confidence_level, folder=folder)

        files, results = [golds, predictions, other], [table, made_by, notes, per_sample]
        scored = score_button.click(score, [task, golds, predictions, level, other], results)
        tried = sample_button.click(sample, [task, level], [*files, *results])
        for event in (scored, tried):
            event.failure(_nothing, None, results, api_visibility="private")
        changes = [change for file in files for change in (file.upload, file.clear, file.delete)]
        gradio.on([*changes, task.input, level.release], _nothing, None, results, api_visibility="private")
    return page


def _nothing() -> tuple:
    """No results."""
    return {"headers": list(HEADERS), "data": []}, "", "", None


@contextmanager
def _folder(gradio: Any) -> Iterator[str]:
    """A folder for a run's files, which gradio copies; an error stays on the page until it is closed, as HTML."""
    with tempfile.TemporaryDirectory(prefix="lamp-page-") as folder:
        try:
            yield folder
        except (ValueError, OSError) as error:
            raise gradio.Error(escape(str(error)), duration=None, print_exception=False) from error


class Shown(NamedTuple):
    """What the page shows of a run: a table of texts, its signature, remarks, and the path of a CSV file of samples."""

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
    *,
    folder: str,
) -> Shown:
    """Score a file of predictions, or compare two: ``other`` is that of a second system.

    ``task_name`` is a config name or :data:`FROM_THE_GOLDS`; all files are in the official format. The values of each
    sample are written to ``folder``.
    """
    for side, path in (("golds", golds), ("predictions", predictions)):
        if not path:
            raise ValueError(f"no file of {side}: drop one, or try the sample")
    name = None if task_name in (None, FROM_THE_GOLDS) else task_name
    paths = {"": predictions}
    if other:
        stems = [Path(path).stem for path in (predictions, other)]
        names = [f"{stem} ({place})" for place, stem in enumerate(stems, 1)] if stems[0] == stems[1] else stems
        paths = dict(zip(names, (predictions, other), strict=True))
    scored = {label: measure_joined(_joined(golds, path, name)) for label, path in paths.items()}
    table, made_by, few = (_two if other else _one)(scored, confidence_level)
    option = "lamp-metric eval-task --extract_answers"
    usable = remarks(list(scored.values()), option) or [ALL_USABLE]
    return Shown(table, made_by, "\n".join([*usable, *few]), _per_sample(scored, folder))


def _joined(golds: str, predictions: str, name: str | None) -> JoinedOutputs:
    files = [parse_outputs(Path(path).read_bytes(), Path(path).name) for path in (golds, predictions)]
    joined = join(*files, name)
    task, n = joined.task, len(joined.ids)
    for wrong, what in (
        (n > MAX_SAMPLES, f"expected at most {MAX_SAMPLES:,} samples, found {n:,}"),
        (task.gated, f"{task.name}: these texts are under {task.license}"),
    ):
        if wrong:
            raise ValueError(f"{what}; score them on your own machine, with lamp-metric eval-task or compare")
    return joined


def _one(scored: Mapping[str, ScoredSamples], confidence_level: float) -> tuple[dict[str, list], str, list[str]]:
    (samples,) = scored.values()
    drawn = Resampling(confidence_level)
    found = intervals(samples, drawn).items()
    rows = [[key, *_numbers(samples.scores[key], *bounds), _better(samples, key)] for key, bounds in found]
    return (
        {"headers": list(HEADERS), "data": rows},
        signature(samples.task.name, samples.n, drawn, **samples.scorer.signed),
        [],
    )


def _two(scored: Mapping[str, ScoredSamples], confidence_level: float) -> tuple[dict[str, list], str, list[str]]:
    systems = {name: [samples] for name, samples in scored.items()}
    found = compare_systems(systems, None, Resampling(confidence_level, COMPARED))
    rows = []
    for name, system in found.systems.items():
        for key, value in system.scores.items():
            one = found.contrasts.get(name, {}).get(key)
            cells = _numbers(one.difference, *one.difference_ci, one.p_value) if one else [""] * 4
            rows.append([name, key, *_numbers(value), *cells, _better(scored[name], key)])
    return {"headers": list(HEADERS_OF_TWO), "data": rows}, found.signature, found.notes


def _better(samples: ScoredSamples, key: str) -> str:
    return "higher" if samples.scorer.higher_is_better[key] else "lower"


def _numbers(*values: float) -> list[str]:
    return [f"{value:.4f}" for value in values]


def _per_sample(scored: Mapping[str, ScoredSamples], folder: str) -> str:
    """The path of a new CSV file: a row per sample, ids and numbers only."""
    first = next(iter(scored.values()))
    columns: dict[str, Sequence[Any]] = {"id": first.ids}
    for label, samples in scored.items():
        for key in samples.scorer.shown.values():
            columns[f"{label} {key}".strip()] = samples.statistics[key]
    path = Path(folder, "per_sample.csv")
    path.write_text(csv_text([columns, *zip(*columns.values(), strict=True)]), encoding="utf-8", newline="")
    return str(path)


def sample_files(task: Task, folder: str) -> tuple[str, str, str]:
    """Write a task's made-up golds and a trivial baseline's predictions: both paths, and what the baseline does."""
    root = Path(SAMPLE)
    train = read_outputs(root / task.outputs_path("train")).by_id
    golds = read_outputs(root / task.outputs_path("validation")).by_id
    rows = read_json(root / task.questions_path("validation"))
    name, predictions = baseline(task, rows, list(train.values()))
    paths = Path(folder, "golds.json"), Path(folder, "predictions.json")
    write_predictions(paths[0], task.name, list(golds), list(golds.values()))
    write_predictions(paths[1], task.name, [row["id"] for row in rows], predictions)
    return str(paths[0]), str(paths[1]), name


def try_the_sample(task_name: str | None, confidence_level: float, *, folder: str) -> tuple:
    """Score the trivial baseline on the sample: the paths of golds and predictions, None, and the :class:`Shown`.

    For :data:`FROM_THE_GOLDS` the sample is that of the first task with generated texts.
    """
    texts = next(name for name, task in TASKS.items() if not task.labels)
    task = get_task(texts if task_name in (None, FROM_THE_GOLDS) else task_name)
    golds, predictions, name = sample_files(task, folder)
    shown = score_files(task.name, golds, predictions, confidence_level, folder=folder)
    what = f"The made-up sample of {task.name} ({task.title}), predicted by a trivial baseline: {name}"
    return golds, predictions, None, *shown._replace(notes=f"{what}\n{shown.notes}")
