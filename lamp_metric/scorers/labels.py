"""What classes and ratings share: a fixed list of labels, found in sentences, in tensors and in profile items."""

import re
from abc import abstractmethod
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from lamp_dataset.task import Task
from lamp_metric.scorers.scorer import Scorer
from lamp_metric.scorers.wrappers import REASONING, unwrap

#: What announces the answer. The last one counts, because models think aloud first.
_CUE = re.compile(
    r"\b(?:answer|tag|category|rating|score|reference|prediction|label)\b[^\n.:]{0,30}?(?:\bis\b|\bwould be\b|:|=)",
    re.I,
)


class LabelScorer(Scorer):
    """A kind whose answers come from the task's labels."""

    figures = {
        "hit": "share of samples with the gold label among the top k",
        "share": "share of the top k with the gold label",
    }

    @abstractmethod
    def mentioned(self, labels: tuple[str, ...], text: str, announced: bool) -> list[str]:
        """The labels that a sentence mentions, in order; ``announced``: the text follows words such as "answer:"."""

    def find_answer(self, task: Task, text: str) -> str | None:
        """The first label after the last announcement of an answer, or the only label; reasoning is skipped."""
        text = unwrap(text, REASONING)
        cues = list(_CUE.finditer(text))
        announced = self.mentioned(task.labels, text[cues[-1].end() :], True) if cues else []
        if announced:
            return announced[0]
        found = dict.fromkeys(self.mentioned(task.labels, text, False))
        return next(iter(found)) if len(found) == 1 else None

    def judge(self, task: Task, gold: str, outputs: Sequence[str]) -> dict[str, list[float]]:
        """Whether the gold is among the first k outputs, and in which share of them."""
        wanted = self.read(gold)
        equal = [float(wanted is not None and self.read(output) == wanted) for output in outputs]
        shares = [total / place for place, total in enumerate(accumulate(equal), start=1)]
        return {"hit": list(accumulate(equal, max)), "share": shares}

    def read_head(self, task: Task, predictions: Any, labels: Any) -> tuple[list, list] | None:
        """The best label of each sample; ``labels`` are positions in ``task.labels``."""
        if predictions.ndim != 2 or predictions.shape[1] != len(task.labels):
            return None
        golds = list(map(int, labels))
        wrong = set(golds).difference(range(len(task.labels)))
        if wrong:
            raise ValueError(f"compute_metrics: expected labels from 0 to {len(task.labels) - 1}, found {min(wrong)}")
        return [task.labels[i] for i in predictions.argmax(axis=1)], [task.labels[i] for i in golds]
