"""How each kind of task is scored: one module per kind, one table, :data:`SCORERS`.

A scorer gives the scores as the library that the benchmark uses computes them, and the statistics of each sample, whose
sums give the same scores. So the score of any resample, macro F1 and RMSE included, is computed from weighted sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lamp_dataset.task import Task
from lamp_metric.scorers import classification, ordinal, text

Statistics = Mapping[str, list[float]]


@dataclass(frozen=True)
class Scorer:
    """How one kind of task is scored.

    Attributes:
        sample_statistics: task, predictions, references -> name -> one number per sample.
        scores: task, predictions, references, their statistics -> result key -> score.
        aggregate: task, sums of the statistics (arrays), number of samples (or an array of numbers) -> result key ->
            scores (arrays).
        is_usable: task, prediction -> whether it can be an answer at all.
        unusable: what a prediction is that cannot, and how it counts, for messages.
        is_valid_reference: task, reference -> whether a sample of the task can have this reference.
        shown: the statistics that make sense for a single sample, those of the first result key first.
        higher_is_better: False for errors.
    """

    sample_statistics: Callable[[Task, Sequence[str], Sequence[str]], Statistics]
    scores: Callable[[Task, Sequence[str], Sequence[str], Statistics], dict[str, float]]
    aggregate: Callable[[Task, Mapping[str, Any], Any], dict[str, Any]]
    is_usable: Callable[[Task, str], bool]
    unusable: str
    is_valid_reference: Callable[[Task, str], bool]
    shown: tuple[str, ...]
    higher_is_better: bool = True


def _scorer(module: Any, *shown: str, **facts: bool) -> Scorer:
    return Scorer(
        module.sample_statistics,
        module.scores,
        module.aggregate,
        module.is_usable,
        module.UNUSABLE,
        module.is_valid_reference,
        shown,
        **facts,
    )


#: Kind of task -> scorer.
SCORERS: Mapping[str, Scorer] = MappingProxyType(
    {
        "classification": _scorer(classification, "correct"),
        "ordinal": _scorer(ordinal, "absolute_error", "squared_error", higher_is_better=False),
        "generation": _scorer(text, "rouge-1", "rouge-L"),
    }
)
