"""Mean absolute error and root of the mean squared error of ratings. Pure; standard library only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lamp_dataset.task import Task

#: A number this far out could not be squared and summed; it counts as no number, as infinity does.
TOO_LARGE = 1e100


def number_of(text: str) -> float | None:
    """The number that ``text`` is to Python's ``float``, or None where it is none, not finite or absurdly large.

    >>> number_of("5.0"), number_of("-1"), number_of("3 stars"), number_of("nan")
    (5.0, -1.0, None, None)
    """
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < TOO_LARGE else None  # false for NaN as well


def is_gold(task: Task, reference: str) -> bool:
    """Whether ``reference`` is one of the task's ratings; ``"5.0"`` is as good as ``"5"``."""
    return number_of(reference) in [float(label) for label in task.labels]


def columns(task: Task, predictions: Sequence[str], references: Sequence[str]) -> dict[str, list[float]]:
    """The error of each sample: ``"absolute_error"`` and ``"squared_error"``, in rating points.

    A prediction that is no number counts as the end of the scale that is farther from the gold, the upper end where
    both are equally far (the official script's rule). A number outside the scale is taken as it is. NaN and infinity
    count as no number; the official script crashes on them.
    """
    low, high = float(task.labels[0]), float(task.labels[-1])
    errors = []
    for prediction, reference in zip(predictions, references, strict=True):
        gold, value = float(reference), number_of(prediction)
        if value is None:
            value = low if abs(low - gold) > abs(high - gold) else high
        errors.append(abs(value - gold))
    return {"absolute_error": errors, "squared_error": [error * error for error in errors]}


def reduce(task: Task, sums: Mapping[str, Any], n: int) -> dict[str, Any]:
    """The scores of ``n`` samples from the sums of their columns; a sum may be an array, one entry per resample."""
    mean_square = sums["squared_error"] / n
    root = math.sqrt(mean_square) if isinstance(mean_square, float) else mean_square**0.5
    return {"MAE": sums["absolute_error"] / n, "RMSE": root}
