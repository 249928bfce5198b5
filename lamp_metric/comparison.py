"""Which of two systems has the better score on a task, and whether the difference can be chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.measuring import Measured, measure
from lamp_metric.signature import signature

#: Of fewer samples the percentile bootstrap's interval is clearly too narrow, of 30 by 6 %, of 5 by 37 %: it lacks the
#: factor sqrt(n / (n - 1)) and has the normal's quantiles in place of Student's (Hesterberg 2015, "What Teachers Should
#: Know About the Bootstrap").
FEW_SAMPLES = 30


def compare(
    task: str | Task,
    predictions_a: Sequence[Any],
    predictions_b: Sequence[Any],
    references: Sequence[Any],
    *,
    ids: Sequence[str] | None = None,
    confidence_level: float = 0.95,
    n_resamples: int = 10_000,
    seed: int = 0,
) -> dict[str, dict[str, Any]]:
    """Compare two systems on the same samples.

    Args:
        task: config name.
        predictions_a: of system A, in the order of ``references``.
        predictions_b: of system B, likewise.
        references: the golds.
        ids: names of the samples, for messages.
        confidence_level: of the difference's interval (paired percentile bootstrap).
        n_resamples: number of resamples, and of random swaps in the test.
        seed: of both.

    Returns:
        Result key -> ``"a"``, ``"b"``, ``"difference"`` (A minus B), ``"difference_ci"`` ``[low, high]``,
        ``"p_value"`` (two-sided paired randomisation test) and ``"better"``: whose score is the better one, ``"a"``,
        ``"b"`` or None where equal; whether that can be chance is what the p-value says, not this.
        Of fewer than some thirty samples the interval tends to be too narrow, and can leave out 0 where p is large.

    Raises:
        ValueError: as :func:`lamp_metric.score`; the message says which system it is about.

    >>> compare("LaMP_4", ["a b", "c"], ["a", "c"], ["a b", "c"])["rouge-1"]["better"]
    'a'
    """
    task = get_task(task) if not isinstance(task, Task) else task
    a, b = (
        measure(task, predictions, references, ids, sides=(f"system {name}: prediction", "reference"))
        for name, predictions in (("A", predictions_a), ("B", predictions_b))
    )
    return compare_measured(a, b, confidence_level=confidence_level, n_resamples=n_resamples, seed=seed)


def compare_measured(
    a: Measured, b: Measured, *, confidence_level: float = 0.95, n_resamples: int = 10_000, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Compare two systems whose samples, the same in the same order, are measured already; see :func:`compare`."""
    from lamp_metric.resampling import difference_intervals, p_values  # needs numpy

    bounds = difference_intervals(a, b, confidence_level=confidence_level, n_resamples=n_resamples, seed=seed)
    p = p_values(a, b, n_resamples=n_resamples, seed=seed)
    of_a, of_b = a.scores(), b.scores()
    return {
        key: {
            "a": of_a[key],
            "b": of_b[key],
            "difference": of_a[key] - of_b[key],
            "difference_ci": bounds[key],
            "p_value": p[key],
            "better": _better(of_a[key], of_b[key], a.scorer.higher_is_better),
        }
        for key in a.task.scores
    }


def comparison_signature(task: Task, n: int, *, confidence_level: float, n_resamples: int, seed: int) -> str:
    """The signature of what :func:`compare` gives."""
    return signature(
        task.name, n, test="paired-randomisation", confidence=confidence_level, resamples=n_resamples, seed=seed
    )


def least_p(n: int, n_resamples: int) -> float:
    """The smallest two-sided p-value that the randomisation test can give for ``n`` samples.

    >>> least_p(3, 10_000)
    0.25
    """
    return 2 / min(2**n, n_resamples + 1)


def _better(a: float, b: float, higher_is_better: bool) -> str | None:
    if a == b:
        return None
    return "a" if (a > b) == higher_is_better else "b"
