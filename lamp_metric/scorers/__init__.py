"""How each kind of task is scored: one module per kind, one table, :data:`SCORERS`.

A scorer has two steps. ``columns`` gives what each sample adds; ``reduce`` turns the sums of the columns into scores.
So a score of any resample, macro F1 and RMSE included, comes from a weighted sum of the same columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lamp_dataset.task import Task
from lamp_metric.scorers import classification, ordinal, text

Columns = Mapping[str, list[float]]


@dataclass(frozen=True)
class Scorer:
    """How one kind of task is scored.

    Attributes:
        columns: task, predictions, references -> name -> one number per sample.
        reduce: task, sums of the columns, number of samples -> result key -> score.
        is_gold: task, reference -> whether the reference can be a gold.
        shown: the columns that make sense for a single sample.
        higher_is_better: False for errors.
    """

    columns: Callable[[Task, Sequence[str], Sequence[str]], Columns]
    reduce: Callable[[Task, Mapping[str, Any], int], dict[str, Any]]
    is_gold: Callable[[Task, str], bool]
    shown: tuple[str, ...]
    higher_is_better: bool = True


def _scorer(module: Any, *shown: str, **facts: bool) -> Scorer:
    return Scorer(module.columns, module.reduce, module.is_gold, shown, **facts)


#: Kind of task -> scorer.
SCORERS: Mapping[str, Scorer] = MappingProxyType(
    {
        "classification": _scorer(classification, "correct"),
        "ordinal": _scorer(ordinal, "absolute_error", "squared_error", higher_is_better=False),
        "generation": _scorer(text, "rouge-1", "rouge-L"),
    }
)
