"""Accuracy and macro F1. Pure: plain values in, numbers out; standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lamp_dataset.task import Task


def is_gold(task: Task, reference: str) -> bool:
    """Whether ``reference`` is a label of the task, letter for letter."""
    return reference in task.labels


def columns(task: Task, predictions: Sequence[str], references: Sequence[str]) -> dict[str, list[float]]:
    """What each sample adds to the scores.

    A prediction counts as right only if it equals the gold letter for letter, case included (the official script's
    behaviour); one that is no label is wrong and adds to the uses of no label.

    Returns:
        ``"correct"``: 1 or 0; and for each label ``"hits …"`` (predicted and gold) and ``"uses …"`` (the number of
        sides, 0 to 2, that name it).
    """
    pairs = list(zip(predictions, references, strict=True))
    result = {"correct": [float(p == r) for p, r in pairs]}
    for label in task.labels:
        result[f"hits {label}"] = [float(p == r == label) for p, r in pairs]
        result[f"uses {label}"] = [float((p == label) + (r == label)) for p, r in pairs]
    return result


def reduce(task: Task, sums: Mapping[str, Any], n: int) -> dict[str, Any]:
    """The scores of ``n`` samples from the sums of their columns; a sum may be an array, one entry per resample.

    F1 is the mean over the task's whole label list; a label that neither side uses counts as 0 (paper: macro F1; the
    official script passes the fixed label list to scikit-learn).
    """
    f1 = 0.0
    for label in task.labels:
        uses = sums[f"uses {label}"]
        f1 = f1 + 2 * sums[f"hits {label}"] / (uses + (uses == 0))  # 0 / 1 where nobody uses the label
    return {"accuracy": sums["correct"] / n, "f1": f1 / len(task.labels)}
