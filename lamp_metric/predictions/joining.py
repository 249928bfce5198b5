"""Golds and predictions of one task, joined by id, and the task they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lamp_dataset.formats.ids import check_same_ids, check_unique
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.task import Task
from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS, get_task


@dataclass(frozen=True)
class JoinedOutputs:
    """The golds and predictions of one task, joined by id.

    Attributes:
        task: their task.
        ids: sample ids, in the order of the golds.
        predictions: in the same order.
        references: in the same order.
        names: what messages call a prediction and a reference: file and side.
    """

    task: Task
    ids: list[str]
    predictions: list
    references: list
    names: tuple[str, str]


def join_by_id(
    predictions: Sequence[tuple[str, Any]], references: Sequence[tuple[str, Any]], names: tuple[str, str]
) -> tuple[list[str], list, list]:
    """Ids, predictions and references, all in the order of the references.

    Args:
        predictions: pairs of sample id and output.
        references: pairs of sample id and output.
        names: what to call the two sides in a message, such as their file names.

    Raises:
        DuplicateIdError: an id occurs more than once on one side.
        IdMismatchError: the two sides hold different ids.
    """
    for pairs, name in zip((predictions, references), names, strict=True):
        check_unique((sample_id for sample_id, _ in pairs), name)
    predicted, golds = dict(predictions), dict(references)
    check_same_ids(predicted, golds, names)
    return list(golds), [predicted[sample_id] for sample_id in golds], list(golds.values())


def join(golds: Outputs, predictions: Outputs, task_name: str | None = None) -> JoinedOutputs:
    """Join a file of predictions to the golds.

    Args:
        golds: of one task.
        predictions: of the same task.
        task_name: the task's config name; by default, the golds tell, see :func:`task_of`.

    Raises:
        ValueError: the files belong to different tasks or hold different ids, or the golds are not of ``task_name``.
    """
    task = task_of(golds, task_name)
    if predictions.task != golds.task:
        raise ValueError(
            f"{predictions.name}: expected predictions for task {golds.task!r}, as in {golds.name}, "
            f"found {predictions.task!r}"
        )
    if not golds.by_id:
        raise ValueError(f"{golds.name}: nothing to score, 'golds' is an empty list")
    pairs = list(predictions.by_id.items()), list(golds.by_id.items())
    ids, predicted, references = join_by_id(*pairs, (predictions.name, golds.name))
    return JoinedOutputs(
        task, ids, predicted, references, (f"{predictions.name}: prediction", f"{golds.name}: reference")
    )


def task_of(golds: Outputs, name: str | None = None) -> Task:
    """The task that the golds belong to.

    Two tasks share an official name, movie tags and news categories: unless ``name`` is the config name of one of them
    in particular, the task whose labels fit the golds best.

    Raises:
        ValueError: the task is unknown, or not the one that the file gives.
    """
    named = get_task(name) if name is not None else None
    if named is not None and named.official_name != golds.task:
        raise ValueError(f"{golds.name}: expected the golds of task {named.official_name!r}, found {golds.task!r}")
    if named is not None and named.base != named.official_name:
        return named
    setting = named.setting if named is not None else "user"
    return best_fit(golds.task, list(golds.by_id.values()), golds.name, setting)


def best_fit(official_name: str, outputs: Sequence[Any], file_name: str, setting: str = "user") -> Task:
    """The task with this official name whose labels fit most of ``outputs``; the first one if that is a draw.

    Raises:
        ValueError: no task has that name.
    """
    tasks = [task for task in TASKS.values() if task.official_name == official_name and task.setting == setting]
    if not tasks:
        raise ValueError(f"{file_name}: no task is named {official_name!r}; tasks: {', '.join(OFFICIAL_NAMES)}")
    if len(tasks) == 1:
        return tasks[0]
    return max(tasks, key=lambda task: sum(str(output).strip() in task.labels for output in outputs))
