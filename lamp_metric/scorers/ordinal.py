"""Mean absolute error and root mean squared error of ratings, by scikit-learn."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lamp_dataset.task import Task
from lamp_metric.scorers.scorer import Finding, LabelScorer, Row, Statistics

#: The square of a larger number could overflow in a sum, so it is treated like infinity: not a usable rating.
TOO_LARGE = 1e100
#: Ways to name the scale, which are not ratings.
_SCALE = re.compile(r"\b1\s*(?:to|through|-|–)\s*5\b|(?:\bout of|/)\s*5\b(?:\.0)?", re.I)
_NUMBER = re.compile(r"(?<![\w.,+–-])[-+]?\d+(?:\.\d+)?(?!\w|[.,–-]\d)")
_WORDS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
_STARS = re.compile(rf"\b({'|'.join(_WORDS)})[ -]stars?\b", re.I)


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


class Ordinal(LabelScorer):
    """A number; the references are on the task's scale."""

    kind = "ordinal"
    higher_is_better = {"MAE": False, "RMSE": False}
    shown = {"MAE": "absolute_error", "RMSE": "squared_error"}
    means = ("MAE",)
    unusable = "not a number: counts as the farther end of the scale"

    read = staticmethod(number_of)

    def is_usable(self, task: Task, text: str) -> bool:
        return number_of(text) is not None

    def is_valid_reference(self, task: Task, text: str) -> bool:
        """Whether ``text`` is one of the task's ratings; ``"5.0"`` is as good as ``"5"``."""
        return number_of(text) in [float(label) for label in task.labels]

    def sample_statistics(self, task: Task, predictions: Sequence[str], references: Sequence[str]) -> Statistics:
        """The error of each sample, in rating points: ``"absolute_error"`` and ``"squared_error"``."""
        errors = [abs(p - r) for p, r in zip(*ratings(task, predictions, references), strict=True)]
        return {"absolute_error": errors, "squared_error": [error * error for error in errors]}

    def as_values(
        self, task: Task, predictions: Sequence[str], references: Sequence[str]
    ) -> tuple[list[float], list[float]]:
        return ratings(task, predictions, references)

    def scores(
        self, task: Task, predictions: Sequence[str], references: Sequence[str], statistics: Statistics
    ) -> dict[str, float]:
        """The scores as ``sklearn.metrics`` computes them from the :func:`ratings`."""
        from sklearn.metrics import mean_absolute_error, mean_squared_error

        predicted, actual = ratings(task, predictions, references)
        rmse = math.sqrt(mean_squared_error(actual, predicted))
        return {"MAE": float(mean_absolute_error(actual, predicted)), "RMSE": rmse}

    def aggregate(self, task: Task, sums: Mapping[str, Any], n: Any) -> dict[str, Any]:
        return {"MAE": sums["absolute_error"] / n, "RMSE": (sums["squared_error"] / n) ** 0.5}

    def findings(self, task: Task, texts: Sequence[tuple[str, str]]) -> list[Finding]:
        low, high = _ends(task)
        values = [(pair, number_of(pair[1])) for pair in texts]
        unusable = [pair for pair, value in values if value is None]
        off = [pair for pair, value in values if value is not None and not low <= value <= high]
        end = " as the farther end of the scale"
        return [
            Finding(unusable, "output is not a number and counts", "outputs are not numbers and count", end),
            Finding(off, "rating is", "ratings are", f" outside {low:g} to {high:g}"),
        ]

    def trivial_baseline(self, task: Task, golds: Sequence[str]) -> tuple[str, Callable[[Row], str]]:
        mean = str(sum(map(float, golds)) / len(golds))
        return "mean training rating", lambda row: mean

    def largest_error(self, task: Task, reference: str | None = None) -> float:
        """The distance of the reference from the farther end of the scale, in rating points, or the scale's length."""
        low, high = _ends(task)
        return high - low if reference is None else max(float(reference) - low, high - float(reference))

    def mentioned(self, labels: tuple[str, ...], text: str, announced: bool) -> list[str]:
        """The numbers in ``text`` on the scale; if there are none, those in words, as in "four stars"."""
        text = _SCALE.sub(" ", text)
        low, high = float(labels[0]), float(labels[-1])
        found = [match.group() for match in _NUMBER.finditer(text) if low <= float(match.group()) <= high]
        return found or [_WORDS[match.group(1).lower()] for match in _STARS.finditer(text)]

    def read_head(self, task: Task, predictions: Any, labels: Any) -> tuple[list, list] | None:
        found = super().read_head(task, predictions, labels)
        if found is None and predictions.size == len(labels):
            return predictions.ravel().tolist(), labels.tolist()
        return found


def _ends(task: Task) -> tuple[float, float]:
    return float(task.labels[0]), float(task.labels[-1])


def ratings(task: Task, predictions: Sequence[str], references: Sequence[str]) -> tuple[list[float], list[float]]:
    """Predictions and references as numbers, in rating points.

    A prediction without a usable number counts as the end of the scale that is farther from the reference, as the upper
    end if both are equally far (the official script's rule). A number outside the scale counts as it is. NaN and
    infinity are not usable; the official script crashes on them.
    """
    low, high = _ends(task)
    actual = [float(reference) for reference in references]
    farther = [low if abs(low - reference) > abs(high - reference) else high for reference in actual]
    predicted = [
        end if value is None else value for value, end in zip(map(number_of, predictions), farther, strict=True)
    ]
    return predicted, actual
