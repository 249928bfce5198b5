"""Samples measured one by one: what scores, intervals and tests of differences are all computed from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lamp_dataset.task import Task
from lamp_metric.predictions.answers import extract_answer
from lamp_metric.predictions.values import as_list, as_texts, where
from lamp_metric.scorers import SCORERS, Columns, Scorer


@dataclass(frozen=True)
class Measured:
    """Samples of one task, measured one by one.

    Attributes:
        task: their task.
        columns: name -> one number per sample.
        n: number of samples.
    """

    task: Task
    columns: Columns
    n: int

    @property
    def scorer(self) -> Scorer:
        """The scorer of the task's kind."""
        return SCORERS[self.task.kind]

    def scores(self) -> dict[str, float]:
        """The scores, from exactly rounded sums."""
        return self.scorer.reduce(self.task, {key: math.fsum(column) for key, column in self.columns.items()}, self.n)

    def per_sample(self, ids: Sequence[str]) -> dict[str, dict[str, float]]:
        """Id -> what was measured of that sample."""
        shown = [self.columns[key] for key in self.scorer.shown]
        return {
            name: dict(zip(self.scorer.shown, values, strict=True))
            for name, values in zip(ids, zip(*shown, strict=True), strict=True)
        }


def measure(
    task: Task,
    predictions: Sequence[Any],
    references: Sequence[Any],
    ids: Sequence[str] | None = None,
    *,
    extract_answers: bool = False,
    sides: tuple[str, str] = ("prediction", "reference"),
) -> Measured:
    """Measure each sample; see :func:`score` for arguments and errors. Messages call the two lists ``sides``."""
    predictions, references = as_list(predictions, "predictions"), as_list(references, "references")
    _check_lengths(predictions, references, ids)
    predicted = as_texts(predictions, task, sides[0], ids)
    golds = as_texts(references, task, sides[1], ids)
    for position, gold in enumerate(golds):
        _check_gold(task, gold, f"{sides[1]} of {where(ids, position)}")
    if extract_answers:
        predicted = [extract_answer(task, text) or text for text in predicted]
    return Measured(task, SCORERS[task.kind].columns(task, predicted, golds), len(golds))


def _check_gold(task: Task, gold: str, place: str) -> None:
    """Refuse what no sample of the task can have as its gold."""
    if not SCORERS[task.kind].is_gold(task, gold):
        raise ValueError(f"{place}: {gold!r} is no label of {task.name}; labels: {', '.join(task.labels)}")
    if task.is_stub(gold):
        raise ValueError(
            f"{place}: {gold!r} is a file name that stands for the text; scores against it mean nothing. "
            "Build the files first: avocado-builder build --help"
        )


def _check_lengths(predictions: list, references: list, ids: Sequence[str] | None) -> None:
    if len(predictions) != len(references):
        raise ValueError(f"expected as many predictions as references, found {len(predictions)} and {len(references)}")
    if ids is not None and len(ids) != len(references):
        raise ValueError(f"expected as many ids as references, found {len(ids)} and {len(references)}")
    if not references:
        raise ValueError("nothing to score: no predictions, no references")
