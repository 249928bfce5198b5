"""Golds and predictions of one task, joined by id, and which task they are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.task import Task
from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS, get_task
from lamp_metric.measuring import Measured, measure
from lamp_metric.predictions.values import check_same_ids


@dataclass(frozen=True)
class Pair:
    """Golds and predictions of one task, joined by id.

    Attributes:
        task: their task.
        ids: sample ids in the golds' order.
        predictions: in that order.
        references: in that order.
        names: how messages call a prediction and a reference: file and side.
    """

    task: Task
    ids: list[str]
    predictions: list
    references: list
    names: tuple[str, str]

    def measure(self, *, extract_answers: bool = False) -> Measured:
        """Measure each sample; see :func:`lamp_metric.measuring.measure`."""
        return measure(
            self.task, self.predictions, self.references, self.ids, extract_answers=extract_answers, sides=self.names
        )


def join(golds: Outputs, predictions: Outputs, task_name: str | None = None) -> Pair:
    """Join a file of predictions to the golds.

    Args:
        golds: of one task.
        predictions: of the same task.
        task_name: which task; by default what the golds say, see :func:`task_of`.

    Raises:
        ValueError: the two are of different tasks or hold different ids, or the golds are not of ``task_name``.
    """
    task = task_of(golds, task_name)
    if predictions.task != golds.task:
        raise ValueError(
            f"{predictions.name}: expected predictions for task {golds.task!r}, as in {golds.name}, "
            f"found {predictions.task!r}"
        )
    if not golds.by_id:
        raise ValueError(f"{golds.name}: nothing to score, 'golds' is an empty list")
    check_same_ids(predictions.by_id, golds.by_id, (predictions.name, golds.name))
    return Pair(
        task,
        list(golds.by_id),
        [predictions.by_id[sample_id] for sample_id in golds.by_id],
        list(golds.by_id.values()),
        (f"{predictions.name}: prediction", f"{golds.name}: reference"),
    )


def task_of(golds: Outputs, name: str | None = None) -> Task:
    """The task that ``golds`` are of.

    Two tasks share an official name, movie tags and news categories: the one whose labels fit the golds best is meant,
    unless ``name`` is the config name of one in particular.

    Raises:
        ValueError: no such task, or not the one that the file gives.
    """
    named = get_task(name) if name is not None else None
    if named is not None and named.official_name != golds.task:
        raise ValueError(f"{golds.name}: expected the golds of task {named.official_name!r}, found {golds.task!r}")
    if named is not None and named.base != named.official_name:
        return named
    setting = named.setting if named is not None else "user"
    return best_fit(golds.task, list(golds.by_id.values()), golds.name, setting)


def best_fit(official_name: str, outputs: Sequence[Any], file_name: str, setting: str = "user") -> Task:
    """The task of an official name whose labels most of ``outputs`` are; the first where that does not tell.

    Raises:
        ValueError: no task has that name.
    """
    tasks = [task for task in TASKS.values() if task.official_name == official_name and task.setting == setting]
    if not tasks:
        raise ValueError(f"{file_name}: no task is named {official_name!r}; tasks: {', '.join(OFFICIAL_NAMES)}")
    if len(tasks) == 1:
        return tasks[0]
    return max(tasks, key=lambda task: sum(str(output).strip() in task.labels for output in outputs))
