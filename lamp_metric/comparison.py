"""Which of two systems scores better on a task, and whether the difference can be chance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.measuring import ScoredSamples, measure
from lamp_metric.options import Resampling
from lamp_metric.predictions.values import as_list
from lamp_metric.signature import clustered, signature
from lamp_metric.unusable import warn_of_unusable

#: With fewer samples the percentile bootstrap interval is clearly too narrow: by 6 % for 30 samples, by 37 % for 5. It
#: lacks the factor sqrt(n / (n - 1)) and uses quantiles of the normal distribution instead of Student's (Hesterberg
#: 2015, "What Teachers Should Know About the Bootstrap").
FEW_SAMPLES = 30


def compare(
    task: str | Task,
    predictions_a: Iterable[Any],
    predictions_b: Iterable[Any],
    references: Iterable[Any],
    *,
    ids: Iterable[str] | None = None,
    users: Iterable[Any] | None = None,
    confidence_level: float = 0.95,
    n_resamples: int = 10_000,
    seed: int = 0,
    extract_answers: bool = False,
) -> dict[str, dict[str, Any]]:
    """Compare two systems on the same samples.

    Args:
        task: config name.
        predictions_a: predictions of system A, in the order of ``references``.
        predictions_b: predictions of system B, in the same order.
        references: the golds.
        ids: names of the samples, for messages.
        users: the user of each sample, in the order of ``references``, see :func:`lamp_dataset.users_of`. Resamples
            then draw users, and the test swaps all samples of a user at once: samples of one user are alike, and a test
            that takes them for independent finds differences where there are none.
        confidence_level: of the difference's interval (paired percentile bootstrap).
        n_resamples: number of resamples, and of random swaps in the test.
        seed: of both.
        extract_answers: use what :func:`lamp_metric.extract_answer` finds. Not part of the official scores.

    Returns:
        Result key -> ``"a"``, ``"b"``, ``"difference"`` (A minus B), ``"difference_ci"`` ``[low, high]``,
        ``"p_value"`` (two-sided paired randomization test) and ``"better"``: which system has the better score, ``"a"``
        or ``"b"``, or None if they are equal. It does not say whether the difference can be chance; the p-value does.
        With fewer than about 30 samples (or users, if they are given) the interval tends to be too narrow, and may
        exclude 0 even if p is large.

    Warns:
        UserWarning: as for :func:`lamp_metric.score`.

    Raises:
        ValueError: as for :func:`lamp_metric.score`; the message says which system it is about.

    >>> compare("LaMP_4", ["a b", "c"], ["a", "c"], ["a b", "c"])["rouge-1"]["better"]
    'a'
    """
    task = get_task(task) if not isinstance(task, Task) else task
    resampling = Resampling(confidence_level, n_resamples, seed)
    ids = as_list(ids, "ids") if ids is not None else None  # a generator can be read only once
    users = as_list(users, "users") if users is not None else None
    references = as_list(references, "references")
    a, b = (
        measure(
            task,
            predictions,
            references,
            ids,
            users=users,
            extract_answers=extract_answers,
            sides=(f"system {name}: prediction", "reference"),
        )
        for name, predictions in (("A", predictions_a), ("B", predictions_b))
    )
    warn_of_unusable(a, "system A")
    warn_of_unusable(b, "system B")
    return compare_samples(a, b, resampling)


def compare_samples(a: ScoredSamples, b: ScoredSamples, resampling: Resampling) -> dict[str, dict[str, Any]]:
    """What :func:`compare` returns, for two systems whose samples, the same in the same order, are scored already."""
    from lamp_metric.resampling import difference_intervals, p_values  # needs numpy

    bounds = difference_intervals(a, b, resampling)
    p = p_values(a, b, resampling)
    of_a, of_b = a.scores, b.scores
    return {
        key: {
            "a": of_a[key],
            "b": of_b[key],
            "difference": of_a[key] - of_b[key],
            "difference_ci": bounds[key],
            "p_value": p[key],
            "better": better_of(of_a[key], of_b[key], a.scorer.higher_is_better),
        }
        for key in a.task.scores
    }


def comparison_signature(
    task: Task, n: int, resampling: Resampling, users: int | None = None, extract_answers: bool = False
) -> str:
    """The signature of what :func:`compare` returns; ``users``: how many, if whole users were drawn and swapped."""
    drawn = {**clustered(users), **resampling.signed()}
    return signature(task.name, n, extracted=extract_answers, test="paired-randomization", **drawn)


def least_p(n: int, n_resamples: int) -> float:
    """The smallest two-sided p-value that the randomization test can give for ``n`` samples, or ``n`` users.

    >>> least_p(3, 10_000)
    0.25
    """
    return 2 / min(2**n, n_resamples + 1)


def better_of(a: float, b: float, higher_is_better: bool) -> str | None:
    """Which of two scores is better, ``"a"`` or ``"b"``; None if they are equal."""
    if a == b:
        return None
    return "a" if (a > b) == higher_is_better else "b"
