"""Scores of plain lists: the kind of the task, a column of the table, picks the scorer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.measuring import Measured, measure
from lamp_metric.options import check_options
from lamp_metric.signature import signature


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
