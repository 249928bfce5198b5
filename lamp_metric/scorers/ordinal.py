"""Mean absolute error and root mean squared error of ratings, by scikit-learn. Plain values in, numbers out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lamp_dataset.task import Task

#: The square of a larger number could overflow in a sum, so it is treated like infinity: not a usable rating.
TOO_LARGE = 1e100
UNUSABLE = "not a number: counts as the farther end of the scale"
SHOWN = ("absolute_error", "squared_error")
HIGHER_IS_BETTER = False


def is_usable(task: Task, prediction: str) -> bool:
    """Whether ``prediction`` is a number, on the scale or outside it."""
    return number_of(prediction) is not None


def number_of(text: str) -> float | None:
    """The number that Python's ``float`` reads in ``text``; None if it reads none, or one infinite or too large.

    >>> number_of("5.0"), number_of("-1"), number_of("3 stars"), number_of("nan")
    (5.0, -1.0, None, None)
    """
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < TOO_LARGE else None  # also None for NaN, which compares as False


def is_valid_reference(task: Task, reference: str) -> bool:
    """Whether ``reference`` is one of the task's ratings; ``"5.0"`` is as good as ``"5"``."""
    return number_of(reference) in [float(label) for label in task.labels]


def ratings(task: Task, predictions: Sequence[str], references: Sequence[str]) -> tuple[list[float], list[float]]:
    """Predictions and references as numbers, in rating points.

    A prediction without a usable number counts as the end of the scale that is farther from the reference, as the upper
    end if both are equally far (the official script's rule). A number outside the scale counts as it is. NaN and
    infinity are not usable; the official script crashes on them.
    """
    low, high = float(task.labels[0]), float(task.labels[-1])
    actual = [float(reference) for reference in references]
    predicted = []
    for prediction, reference in zip(predictions, actual, strict=True):
        value = number_of(prediction)
        if value is None:
            value = low if abs(low - reference) > abs(high - reference) else high
        predicted.append(value)
    return predicted, actual


def sample_statistics(task: Task, predictions: Sequence[str], references: Sequence[str]) -> dict[str, list[float]]:
    """The error of each sample, in rating points: ``"absolute_error"`` and ``"squared_error"``."""
    errors = [abs(p - r) for p, r in zip(*ratings(task, predictions, references), strict=True)]
    return {"absolute_error": errors, "squared_error": [error * error for error in errors]}


def scores(
    task: Task, predictions: Sequence[str], references: Sequence[str], statistics: Mapping[str, list[float]]
) -> dict[str, float]:
    """The scores as ``sklearn.metrics`` computes them from the :func:`ratings`."""
    from sklearn.metrics import mean_absolute_error, mean_squared_error

    predicted, actual = ratings(task, predictions, references)
    rmse = math.sqrt(mean_squared_error(actual, predicted))
    return {"MAE": float(mean_absolute_error(actual, predicted)), "RMSE": rmse}


def aggregate(task: Task, sums: Mapping[str, Any], n: Any) -> dict[str, Any]:
    """The scores of resamples, see :mod:`lamp_metric.scorers`."""
    return {"MAE": sums["absolute_error"] / n, "RMSE": (sums["squared_error"] / n) ** 0.5}
