"""Classes and ratings: what is usable, how it is scored, and what a retriever is judged by."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from lamp_dataset.formats.task_of_file import count_labels, tasks_named
from lamp_dataset.task import Task
from lamp_metric.scorers.scorer import Finding, LabelScorer, Row, Statistics


class Classification(LabelScorer):
    """One of the task's labels, case included."""

    kind = "classification"
    higher_is_better = {"accuracy": True, "f1": True}
    shown = {"accuracy": "correct"}
    means = ("accuracy",)
    unusable = "not a label: counts as wrong"

    def is_usable(self, task: Task, text: str) -> bool:
        return text in task.labels

    is_valid_reference = is_usable

    def sample_statistics(self, task: Task, predictions: Sequence[str], references: Sequence[str]) -> Statistics:
        """What each sample contributes to the scores.

        A prediction is correct only if it equals the reference exactly, case included, as in the official script. A
        prediction that is not a label is wrong, and predicts none of the labels.

        Returns:
            ``"correct"``: 1 or 0; and for each label ``"true positives …"``: 1 if both sides are the label, and
            ``"predicted + actual …"``: on how many of the two sides the label is, 0 to 2.
        """
        pairs = list(zip(predictions, references, strict=True))
        result = {"correct": [float(p == r) for p, r in pairs]}
        for label in task.labels:
            result[f"true positives {label}"] = [float(p == label == r) for p, r in pairs]
            result[f"predicted + actual {label}"] = [float((p == label) + (r == label)) for p, r in pairs]
        return result

    def scores(
        self, task: Task, predictions: Sequence[str], references: Sequence[str], statistics: Statistics
    ) -> dict[str, float]:
        """The scores as ``sklearn.metrics`` computes them; see :meth:`aggregate` for the definition of F1.

        scikit-learn sees the positions of the labels, as in the official script, and -1 for what is not a label;
        strings would be padded to the longest.
        """
        from sklearn.metrics import accuracy_score, f1_score

        position = {label: place for place, label in enumerate(task.labels)}
        actual = [position[reference] for reference in references]
        predicted = [position.get(prediction, -1) for prediction in predictions]
        f1 = f1_score(actual, predicted, labels=list(position.values()), average="macro", zero_division=0)
        return {"accuracy": float(accuracy_score(actual, predicted)), "f1": float(f1)}

    def aggregate(self, task: Task, sums: Mapping[str, Any], n: Any) -> dict[str, Any]:
        """The scores of resamples.

        F1 is the mean over all labels of the task; a label that is on neither side counts as 0 (the paper's macro F1:
        the official script passes the fixed list of labels to scikit-learn).
        """
        f1 = 0.0
        for label in task.labels:
            both = sums[f"predicted + actual {label}"]
            f1 = f1 + 2 * sums[f"true positives {label}"] / (both + (both == 0))  # 0 / 1 if the label does not occur
        return {"accuracy": sums["correct"] / n, "f1": f1 / len(task.labels)}

    def findings(self, task: Task, texts: Sequence[tuple[str, str]]) -> list[Finding]:
        wrong = [(sample_id, text) for sample_id, text in texts if text not in task.labels]
        twins = (other for other in tasks_named(task.official_name, "", task.setting) if other is not task)
        others = [other.name for other in twins if count_labels((text for _, text in wrong), other)]
        hint = f"; some are labels of {others[0]}" if others else ""
        rest = f" of {task.name} and count as wrong"
        return [Finding(wrong, "output is not a label", "outputs are not labels", rest, hint)]

    def trivial_baseline(self, task: Task, golds: Sequence[str]) -> tuple[str, Callable[[Row], str]]:
        """The most common label; the first in the task's order if several are equally common."""
        label = max(task.labels, key=list(golds).count)
        return "most common training label", lambda row: label

    def mentioned(self, labels: tuple[str, ...], text: str, announced: bool) -> list[str]:
        """The labels in ``text``. "1" counts as "[1]" only right after an announcement, or as the whole text."""
        full, bare = _patterns(labels)
        by_folded = {label.casefold(): label for label in labels}
        found = [by_folded[match.group().casefold()] for match in full.finditer(text)]
        if found or bare is None:
            return found
        match = bare.match(text)
        return [f"[{match.group(1)}]"] if match and (announced or match.end() == len(text)) else []


@cache
def _patterns(labels: tuple[str, ...]) -> tuple[re.Pattern, re.Pattern | None]:
    """What finds the labels, and what finds those in square brackets without them."""
    longest_first = sorted(labels, key=len, reverse=True)
    full = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)", re.I)
    cores = [label[1:-1] for label in longest_first if label.startswith("[") and label.endswith("]")]
    bare = re.compile(r"\W*(" + "|".join(map(re.escape, cores)) + r")(?!\w|\.\d)\W*") if cores else None
    return full, bare


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
