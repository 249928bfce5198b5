"""The metric's page: pick a task, drop a file of golds and one of predictions, read the scores and their intervals."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lamp_dataset import SAMPLE
from lamp_dataset.formats.json_file import read_json
from lamp_dataset.formats.outputs import parse_outputs, read_outputs
from lamp_dataset.lazy import require
from lamp_dataset.tasks import TASKS, get_task
from lamp_metric.baselines import baseline
from lamp_metric.measuring import measure_joined
from lamp_metric.options import Resampling
from lamp_metric.predictions.joining import join
from lamp_metric.predictions.writing import write_predictions
from lamp_metric.scoring import results, signature_of
from lamp_metric.unusable import unusable_line

FROM_THE_GOLDS = "as the golds say"
CHOICES = (FROM_THE_GOLDS, *TASKS)
HEADERS = ("score", "value", "low", "high")
NOTHING_UNUSABLE = "all predictions could be used"
MAX_UPLOAD = "64mb"
INTRODUCTION = """\
# LaMP metric

The scores of [LaMP](https://arxiv.org/abs/2304.11406), the benchmark of personalized language models. Drop a file of
golds and a file of predictions in the official format, `{"task": "…", "golds": [{"id": "…", "output": "…"}, …]}`, or
try the made-up sample with a trivial baseline. Intervals are percentile bootstrap intervals over samples.
"""


def score_files(
    task_name: str, golds: str | None, predictions: str | None, confidence_level: float = 0.95
) -> tuple[list[list[str]], str, str]:
    """Score a file of predictions.

    Args:
        task_name: config name, or :data:`FROM_THE_GOLDS`.
        golds: path of a file in the official format.
        predictions: path of another.
        confidence_level: of the intervals.

    Returns:
        Rows of :data:`HEADERS`, the signature, and how many predictions could not be used.

    Raises:
        ValueError: a file is missing, the task is unknown, or the files cannot be scored.
    """
    for side, path in (("golds", golds), ("predictions", predictions)):
        if not path:
            raise ValueError(f"no file of {side}: drop one, or try the sample")
    name = None if task_name in (None, FROM_THE_GOLDS) else task_name
    joined = join(*(parse_outputs(Path(path).read_bytes(), Path(path).name) for path in (golds, predictions)), name)
    samples = measure_joined(joined)
    found = results(samples, Resampling(confidence_level))
    rows = [[key, *(f"{value:.4f}" for value in (found[key], *found[f"{key}_ci"]))] for key in joined.task.scores]
    unusable = unusable_line(samples, "lamp-metric eval-task --extract_answers") or NOTHING_UNUSABLE
    return rows, signature_of(joined.task, samples.n, confidence_level=confidence_level), unusable


def sample_files(task_name: str, folder: Path) -> tuple[str, str]:
    """Write the sample's golds of a task and the predictions of a trivial baseline into ``folder``; return both paths.

    Args:
        task_name: config name; :data:`FROM_THE_GOLDS` gives the first task with generated texts.
        folder: where to write.
    """
    texts = next(name for name, task in TASKS.items() if task.kind == "generation")
    task = get_task(texts if task_name in (None, FROM_THE_GOLDS) else task_name)
    root = Path(SAMPLE)
    train = read_outputs(root / task.outputs_path("train")).by_id
    golds = read_outputs(root / task.outputs_path("validation")).by_id
    rows = read_json(root / task.questions_path("validation"))
    _, predictions = baseline(task, rows, list(train.values()))
    folder = folder / task.name
    folder.mkdir(exist_ok=True)
    paths = folder / "golds.json", folder / "predictions.json"
    write_predictions(paths[0], task.name, list(golds), list(golds.values()))
    write_predictions(paths[1], task.name, [row["id"] for row in rows], predictions)
    return str(paths[0]), str(paths[1])


def build() -> Any:
    """The page, a gradio ``Blocks``. It needs the extra ``app``."""
    gradio = require("gradio", "app")

    def shown(function: Callable) -> Callable:
        """The function with errors that the page shows."""

        @functools.wraps(function)
        def call(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except (ValueError, OSError) as error:
                raise gradio.Error(str(error), print_exception=False) from error

        return call

    folder = Path(tempfile.mkdtemp(prefix="lamp-sample-"))

    def try_the_sample(task_name: str, confidence_level: float) -> tuple:
        paths = sample_files(task_name, folder)
        return (*paths, *score_files(task_name, *paths, confidence_level))

    with gradio.Blocks(title="LaMP metric", analytics_enabled=False) as page:
        gradio.Markdown(INTRODUCTION)
        with gradio.Row():
            task = gradio.Dropdown(list(CHOICES), value=FROM_THE_GOLDS, label="Task")
            level = gradio.Slider(0.5, 0.99, value=0.95, step=0.01, label="Confidence level")
        with gradio.Row():
            golds = gradio.File(label="Golds", file_types=[".json"])
            predictions = gradio.File(label="Predictions", file_types=[".json"])
        with gradio.Row():
            score = gradio.Button("Score", variant="primary")
            sample = gradio.Button("Try the sample")
        table = gradio.Dataframe(headers=list(HEADERS), label="Scores", interactive=False, type="array")
        signature = gradio.Textbox(label="How they were made", interactive=False)
        notes = gradio.Textbox(label="Unusable predictions", interactive=False)
        shown_parts = [table, signature, notes]
        score.click(shown(score_files), [task, golds, predictions, level], shown_parts, api_name="score")
        sample.click(shown(try_the_sample), [task, level], [golds, predictions, *shown_parts], api_name="sample")
    return page
