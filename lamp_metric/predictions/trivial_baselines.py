"""Trivial baselines that a model should beat. They use the task table and the training golds, never a sample's gold."""

from collections.abc import Sequence

from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.scorers import scorer_of
from lamp_metric.scorers.scorer import Row


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
    task = get_task(task)
    if task.labels and not len(train_golds):
        raise ValueError(f"baseline of {task.name}: expected the golds of the training split, found none")
    name, predict = scorer_of(task).trivial_baseline(task, train_golds)
    return name, [predict(row) for row in rows]
