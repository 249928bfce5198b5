"""Scores of plain lists: the kind of the task, a column of the table, picks the scorer.

A scorer has two steps. ``columns`` gives what each sample adds; ``reduce`` turns the sums of the columns into scores.
So a score of any resample, macro F1 and RMSE included, comes from a weighted sum of the same columns.
Standard library only; numpy is imported when intervals are asked for.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lamp_dataset.tasks import Task, get_task
from lamp_metric import classification, ordinal, rouge
from lamp_metric.answers import extract_answer
from lamp_metric.signature import signature
from lamp_metric.values import as_list, as_texts, where

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
        "generation": _scorer(rouge, "rouge-1", "rouge-L"),
    }
)


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


def score(
    task: str | Task,
    predictions: Sequence[Any],
    references: Sequence[Any],
    *,
    ids: Sequence[str] | None = None,
    confidence_level: float | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    per_sample: bool = False,
    extract_answers: bool = False,
) -> dict[str, Any]:
    """The benchmark's scores of one task, from two lists of the same order.

    Args:
        task: config name, such as ``"LaMP_4"``; a ``_time`` config is scored as its task.
        predictions: strings; numbers too where the task has labels. White space at both ends does not count.
        references: the golds; of a task with labels, each must be one.
        ids: names of the samples, for messages and ``per_sample``; by default their places "0", "1", …
        confidence_level: such as 0.95; adds ``"<key>_ci": [low, high]``, the percentile bootstrap interval.
        n_resamples: number of bootstrap resamples.
        seed: of their generator (numpy's PCG64).
        per_sample: adds ``"per_sample"``: id -> ``correct`` (classes), ``absolute_error`` and ``squared_error``
            (ratings), ``rouge-1`` and ``rouge-L`` (texts).
        extract_answers: use what :func:`lamp_metric.extract_answer` finds. Not part of the official scores.

    Returns:
        ``accuracy`` and ``f1``, ``MAE`` and ``RMSE``, or ``rouge-1`` and ``rouge-L``, and what was asked for besides.

    Raises:
        ValueError: no such task, nothing to score, lists of different length, a value of the wrong type, a gold that
            is no label, or an option out of range. The message names the sample.

    >>> score("LaMP_3", ["4", "no idea"], ["5", "2"])
    {'MAE': 2.0, 'RMSE': 2.23606797749979}
    """
    task = get_task(task) if not isinstance(task, Task) else task
    if confidence_level is not None:
        check_options(confidence_level, n_resamples, seed)
    measured = measure(task, predictions, references, ids, extract_answers=extract_answers)
    options = {"confidence_level": confidence_level, "n_resamples": n_resamples, "seed": seed}
    return scores_of(measured, ids, per_sample=per_sample, **options)


def scores_of(
    measured: Measured,
    ids: Sequence[str] | None = None,
    *,
    confidence_level: float | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    per_sample: bool = False,
) -> dict[str, Any]:
    """The scores of measured samples; arguments and result as of :func:`score`."""
    result: dict[str, Any] = measured.scores()
    if confidence_level is not None:
        check_options(confidence_level, n_resamples, seed)
        from lamp_metric.resampling import intervals  # needs numpy

        bounds = intervals(measured, confidence_level=confidence_level, n_resamples=n_resamples, seed=seed)
        result |= {f"{key}_ci": interval for key, interval in bounds.items()}
    if per_sample:
        result["per_sample"] = measured.per_sample(ids if ids is not None else [str(i) for i in range(measured.n)])
    return result


def signature_of(
    task: str | Task,
    n: int,
    *,
    confidence_level: float | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    extract_answers: bool = False,
) -> str:
    """How the scores that :func:`score` gives for ``n`` samples with these options are made, in one line.

    Raises:
        ValueError: no such task.
    """
    task = get_task(task) if not isinstance(task, Task) else task
    resampled = {"confidence": confidence_level, "resamples": n_resamples, "seed": seed}
    options = resampled if confidence_level is not None else {}
    return signature(task.name, n, extracted=extract_answers, **options)


def check_options(confidence_level: float, n_resamples: int, seed: int) -> None:
    """Refuse options out of range.

    Raises:
        ValueError: the level is not between 0 and 1, or a count or seed is no whole number large enough.
    """
    if not isinstance(confidence_level, numbers.Real) or not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level: expected a number between 0 and 1, such as 0.95, found {confidence_level!r}"
        )
    for name, value, least in (("n_resamples", n_resamples, 1), ("seed", seed, 0)):
        if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < least:
            raise ValueError(f"{name}: expected a whole number from {least} on, found {value!r}")
