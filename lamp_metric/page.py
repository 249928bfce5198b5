"""The metric's page: pick a task, drop golds and predictions, read the scores and their intervals."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lamp_dataset.lazy import require
from lamp_dataset.tasks import TASKS
from lamp_metric.page_results import FROM_THE_GOLDS, HEADERS, score_files, try_the_sample

CHOICES = (FROM_THE_GOLDS, *TASKS)
MAX_UPLOAD = "64mb"
INTRODUCTION = """\
# LaMP metric

The scores of [LaMP](https://arxiv.org/abs/2304.11406), the benchmark of personalized language models. Drop a file of
golds and a file of predictions in the official format, `{"task": "…", "golds": [{"id": "…", "output": "…"}, …]}`; a
second file of predictions is compared with the first.

**Try the sample** scores a trivial baseline on three made-up samples of the chosen task; the notes say which.

Intervals are percentile bootstrap intervals over samples. The files do not say whose the samples are: where users have
several, `lamp-metric compare --data-dir …` takes that into account.
"""


def build() -> Any:
    """The page, a gradio ``Blocks``. It needs the extra ``app``."""
    gradio = require("gradio", "app")
    folder = Path(tempfile.mkdtemp(prefix="lamp-sample-"))

    def sample(task_name: str, confidence_level: float) -> tuple:
        golds, predictions, shown = try_the_sample(task_name, confidence_level, folder)
        return (golds, predictions, None, *shown)

    with gradio.Blocks(title="LaMP metric", analytics_enabled=False) as page:
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
        signature = gradio.Textbox(label="How they were made", interactive=False)
        per_sample = gradio.File(label="Values of each sample (CSV)", interactive=False, height=90)

        files, results = [golds, predictions, other], [table, signature, notes, per_sample]
        scored = [task, golds, predictions, level, other]
        for button, function, inputs, outputs, name in (
            (score_button, score_files, scored, results, "score"),
            (sample_button, sample, [task, level], [*files, *results], "sample"),
        ):
            event = button.click(_raising(gradio, function), inputs, outputs, api_name=name)
            event.failure(_explaining(function), inputs, results, api_visibility="private")
        changes = [change for file in files for change in (file.upload, file.clear, file.delete)]
        gradio.on([*changes, task.input, level.release], _nothing, None, results, api_visibility="private")
    return page


def _nothing(notes: str = "") -> tuple:
    """No results."""
    return {"headers": list(HEADERS), "data": []}, "", notes, None


def _raising(gradio: Any, function: Callable) -> Callable:
    """The function with errors that the page and its clients show."""

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except (ValueError, OSError) as error:
            raise gradio.Error(str(error), print_exception=False) from error

    return call


def _explaining(function: Callable) -> Callable:
    """What the page shows after the function failed: no results, and the error as a note that stays."""

    def explain(*arguments: Any) -> tuple:
        try:
            function(*arguments)
        except (ValueError, OSError) as error:
            return _nothing(f"Error: {error}")
        return _nothing()  # it does not fail a second time: a file was replaced meanwhile

    return explain
