"""Accuracy and macro F1, by scikit-learn. Plain values in, numbers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lamp_dataset.task import Task

#: What scikit-learn sees in place of a prediction that is not a label of the task.
NO_LABEL = -1
UNUSABLE = "not a label: counts as wrong"
SHOWN = ("correct",)
HIGHER_IS_BETTER = True


def is_usable(task: Task, text: str) -> bool:
    """Whether ``text`` is a label of the task, case included."""
    return text in task.labels


is_valid_reference = is_usable


def sample_statistics(task: Task, predictions: Sequence[str], references: Sequence[str]) -> dict[str, list[float]]:
    """What each sample contributes to the scores.

    A prediction is correct only if it equals the reference exactly, case included, as in the official script. A
    prediction that is not a label is wrong and counts as predicted for no label.

    Returns:
        ``"correct"``: 1 or 0; and for each label ``"true positives …"``: 1 if both sides are the label, and
        ``"predicted + actual …"``: how many of the two sides are the label, 0 to 2.
    """
    pairs = list(zip(predictions, references, strict=True))
    result = {"correct": [float(p == r) for p, r in pairs]}
    for label in task.labels:
        result[f"true positives {label}"] = [float(p == label == r) for p, r in pairs]
        result[f"predicted + actual {label}"] = [float((p == label) + (r == label)) for p, r in pairs]
    return result


def scores(
    task: Task, predictions: Sequence[str], references: Sequence[str], statistics: Mapping[str, list[float]]
) -> dict[str, float]:
    """The scores as ``sklearn.metrics`` computes them; see :func:`aggregate` for the definition of F1.

    scikit-learn sees the positions of the labels, as in the official script: strings would be padded to the longest.
    """
    from sklearn.metrics import accuracy_score, f1_score

    position = {label: place for place, label in enumerate(task.labels)}
    actual = [position[reference] for reference in references]
    predicted = [position.get(prediction, NO_LABEL) for prediction in predictions]
    f1 = f1_score(actual, predicted, labels=list(position.values()), average="macro", zero_division=0)
    return {"accuracy": float(accuracy_score(actual, predicted)), "f1": float(f1)}


def aggregate(task: Task, sums: Mapping[str, Any], n: Any) -> dict[str, Any]:
    """The scores of resamples, see :mod:`lamp_metric.scorers`.

    F1 is the mean over all labels of the task; a label that occurs on neither side counts as 0 (the paper's macro F1:
    the official script passes the fixed list of labels to scikit-learn).
    """
    f1 = 0.0
    for label in task.labels:
        both = sums[f"predicted + actual {label}"]
        f1 = f1 + 2 * sums[f"true positives {label}"] / (both + (both == 0))  # 0 / 1 if the label does not occur
    return {"accuracy": sums["correct"] / n, "f1": f1 / len(task.labels)}
