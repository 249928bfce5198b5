"""Accuracy and macro F1, by scikit-learn. Plain values in, numbers out."""

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
