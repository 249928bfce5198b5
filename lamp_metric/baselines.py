"""Trivial baselines that a model should beat. They use the task table and the training golds, never a sample's gold.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from lamp_dataset.personalize.retrieval.queries import find_query
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

Row = Mapping[str, Any]


def baseline(task: str | Task, rows: Sequence[Row], train_golds: Sequence[str]) -> tuple[str, list[str]]:
    """Predictions of the task's trivial baseline.

    Args:
        task: config name.
        rows: samples with ``input`` and ``profile``, as in the dataset.
        train_golds: golds of the training split.

    Returns:
        What the baseline does, and one prediction per row: the most common training label (classes), the mean training
        rating (ratings), the title of the first profile item (titles), the text of the input (paraphrases).

    Raises:
        ValueError: the task is unknown, or there are no training golds although the baseline depends on them.

    >>> baseline("LaMP_3", [{"input": "review: fine", "profile": []}], ["5", "4"])
    ('mean training rating', ['4.5'])
    """
    task = get_task(task) if not isinstance(task, Task) else task
    if task.labels and not len(train_golds):
        raise ValueError(f"baseline of {task.name}: expected the golds of the training split, found none")
    name, predict = BASELINES[task.kind](task, train_golds)
    return name, [predict(row) for row in rows]


def _majority(task: Task, golds: Sequence[str]) -> tuple[str, Callable[[Row], str]]:
    label = max(task.labels, key=list(golds).count)  # the first in the task's order if several are equally common
    return "most common training label", lambda row: label


def _mean(task: Task, golds: Sequence[str]) -> tuple[str, Callable[[Row], str]]:
    mean = str(sum(map(float, golds)) / len(golds))
    return "mean training rating", lambda row: mean


def _copy(task: Task, golds: Sequence[str]) -> tuple[str, Callable[[Row], str]]:
    field = task.output_field
    if field is not None:
        return f"{field} of the first profile item", lambda row: row["profile"][0][field] if row["profile"] else ""
    return "text of the input", lambda row: find_query(task, row["input"]).text


#: Kind of task -> function of task and training golds -> what the baseline does, and the function that predicts.
BASELINES: Mapping[str, Callable[[Task, Sequence[str]], tuple[str, Callable[[Row], str]]]] = MappingProxyType(
    {"classification": _majority, "ordinal": _mean, "generation": _copy}
)
