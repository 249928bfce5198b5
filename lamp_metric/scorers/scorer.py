"""What a kind of score is: one object that owns everything the rest of the package asks about the kind."""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from lamp_dataset.task import KINDS, Task
from lamp_metric.scorers.wrappers import REASONING, unwrap

#: Statistic -> one number per sample.
Statistics = Mapping[str, list[float]]
#: A row of the dataset: ``input``, ``profile`` and more.
Row = Mapping[str, Any]
#: What announces the answer. The last one counts, because models think aloud first.
_CUE = re.compile(
    r"\b(?:answer|tag|category|rating|score|reference|prediction|label)\b[^\n.:]{0,30}?(?:\bis\b|\bwould be\b|:|=)",
    re.I,
)


@dataclass(frozen=True)
class Finding:
    """Predictions that cost points, by id and text, for the check before a submission.

    The line about them begins with ``one`` (``"output is not a label"``) or ``many``, then come ``rest`` and ``hint``.
    """

    samples: Sequence[tuple[str, str]]
    one: str
    many: str
    rest: str = ""
    hint: str = ""


class Scores(ABC):
    """What resampling asks about scores; the attributes are those of :class:`Scorer`."""

    higher_is_better: Mapping[str, bool]
    shown: Mapping[str, str]
    means: tuple[str, ...]

    def sign(self, key: str) -> int:
        """1 where more of ``key`` is better, -1 for an error."""
        return 1 if self.higher_is_better[key] else -1

    @abstractmethod
    def aggregate(self, task: Task, sums: Mapping[str, Any], n: Any) -> dict[str, Any]:
        """Result key -> the scores of resamples, an array.

        Args:
            task: their task.
            sums: statistic -> array of its sums, one entry per resample.
            n: the number of samples in all of them, or an array of their numbers.
        """

    def of_all(self, task: Task, statistics: Statistics) -> dict[str, float]:
        """Result key -> the score of all samples, from exactly rounded sums."""
        import numpy as np

        sums = {name: np.array([math.fsum(values)]) for name, values in statistics.items()}
        found = self.aggregate(task, sums, len(next(iter(statistics.values()))))
        return {key: float(value[0]) for key, value in found.items()}


class Scorer(Scores):
    """A kind of score. Subclass it, fill in the attributes, and pass an instance to :func:`lamp_metric.register`.

    The scores come from the library that the benchmark uses. The sums of the samples' statistics give the same scores,
    so that the score of any resample, macro F1 and RMSE included, is computed from weighted sums.

    Attributes:
        kind: what the column ``kind`` of a task says.
        higher_is_better: result key -> False for an error. The first key is the one to judge a single sample by.
        shown: result key -> the statistic that is a sample's own part in the score. Scores that no sample has by
            itself, such as macro F1, are left out.
        means: the keys of ``shown`` whose score is the mean of that statistic.
        unusable: what is wrong with a prediction that cannot be used, and how it counts, for messages.
        figures: figure of retrieval without a model -> what it says, averaged over samples.
        less: key that can be left out because it needs a download -> the scorer without it.
    """

    kind: str
    less: Mapping[str, "Scorer"] = MappingProxyType({})
    unusable: str
    figures: Mapping[str, str]

    def check(self) -> None:
        """ValueError if the scorer contradicts itself or the data's table of kinds; the message names the kind."""
        keys = tuple(self.higher_is_better)
        known = KINDS[self.kind].scores if self.kind in KINDS else None
        directions = {(name, self.higher_is_better.get(key)) for key, name in self.shown.items()}
        problems = (
            (known is None, f"kind: expected one of {', '.join(KINDS)}"),
            (keys != known, f"higher_is_better: expected the scores {known}, found {keys}"),
            (not set(self.shown) <= set(keys), f"shown: expected some of the scores {keys}, found {list(self.shown)}"),
            (keys[:1] != tuple(self.shown)[:1], "shown: the first score needs a statistic of single samples"),
            (len(directions) > len(set(self.shown.values())), "shown: a statistic cannot be good and bad at once"),
            (not set(self.means) <= set(self.shown), f"means: expected some of {list(self.shown)}, found {self.means}"),
        )
        for wrong, message in problems:
            if wrong:
                raise ValueError(f"scorer {self.kind!r}: {message}")

    @abstractmethod
    def sample_statistics(self, task: Task, predictions: Sequence[str], references: Sequence[str]) -> Statistics:
        """What each sample contributes to the scores: statistic -> one number per sample."""

    def scores(
        self, task: Task, predictions: Sequence[str], references: Sequence[str], statistics: Statistics
    ) -> dict[str, float]:
        """Result key -> score of all samples, as the benchmark's library computes it, or from the statistics."""
        return self.of_all(task, statistics)

    def as_values(
        self, task: Task, predictions: Sequence[str], references: Sequence[str]
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        """Both sides as measures beside the score see them: as they are, or ratings as numbers."""
        return predictions, references

    @abstractmethod
    def is_usable(self, task: Task, text: str) -> bool:
        """Whether ``text`` can be an answer at all."""

    @abstractmethod
    def is_valid_reference(self, task: Task, text: str) -> bool:
        """Whether a sample of the task can have this reference."""

    @abstractmethod
    def findings(self, task: Task, texts: Sequence[tuple[str, str]]) -> list[Finding]:
        """Which of the predictions, pairs of id and text, cost points whatever the gold is."""

    @abstractmethod
    def trivial_baseline(self, task: Task, golds: Sequence[str]) -> tuple[str, Callable[[Row], str]]:
        """What the trivial baseline does, and its prediction for a row; ``golds`` are those of the training split."""

    @abstractmethod
    def find_answer(self, task: Task, text: str) -> str | None:
        """The answer in what a model said; None if there is none."""

    @abstractmethod
    def judge(self, task: Task, gold: str, outputs: Sequence[str]) -> dict[str, list[float]]:
        """How close the outputs of the retrieved items, best first, are to the gold: figure -> its value for each k."""

    def read(self, text: str) -> Any:
        """The value that a label stands for; equal values are the same answer."""
        return text.strip()

    def largest_error(self, task: Task, reference: str | None = None) -> float | None:
        """The largest error of a sample with this reference, or of any, on the task's scale; None without a scale."""
        return None

    def wrapper(self, text: str) -> str | None:
        """What kind of wrapper costs this text points although it counts without :meth:`find_answer`; None: none."""
        return None

    def read_head(self, task: Task, predictions: Any, labels: Any) -> tuple[list, list] | None:
        """Predictions and golds from the tensors of a classification or regression head; None if they do not fit."""
        return None


class LabelScorer(Scorer):
    """What classes and ratings share: labels, which are found in sentences, in tensors and in profile items."""

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
