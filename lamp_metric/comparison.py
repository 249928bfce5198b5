"""Two or more systems from Python: predictions in, one comparison out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.contrasts import Comparison, compare_systems
from lamp_metric.measuring import ScoredSamples, measure, warn_of_unusable
from lamp_metric.options import Resampling
from lamp_metric.predictions.values import as_list


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
            then draw users, and the test swaps all samples of a user at once: samples from one user are alike, and a
            test that treats them as independent finds differences where there are none.
        confidence_level: of the difference's interval (paired percentile bootstrap).
        n_resamples: number of resamples, and of random swaps in the test.
        seed: of both.
        extract_answers: use what :func:`lamp_metric.extract_answer` finds. Not part of the official scores.

    Returns:
        Result key -> ``"a"``, ``"b"``, ``"difference"`` (A minus B), ``"difference_ci"`` ``[low, high]``,
        ``"p_value"`` (two-sided paired randomization test) and ``"better"``: which system has the better score, ``"a"``
        or ``"b"``, or None if they are equal. It does not say whether the difference could be chance; the p-value does.
        With fewer than about 30 samples (or users, if they are given) the interval tends to be too narrow, and may
        exclude 0 even if p is large.

    Warns:
        UserWarning: as for :func:`lamp_metric.score`.

    Raises:
        ValueError: as for :func:`lamp_metric.score`; the message says which system it is about.

    >>> compare("LaMP_4", ["a b", "c"], ["a", "c"], ["a b", "c"])["rouge-1"]["better"]
    'a'
    """
    resampling = Resampling(confidence_level, n_resamples, seed)
    systems = {"system A": [predictions_a], "system B": [predictions_b]}
    a, b = _measured(systems, task, references, ids, users, extract_answers).values()
    warn_of_unusable(*a, "system A")
    warn_of_unusable(*b, "system B")
    return of_a_and_b(compare_systems({"A": a, "B": b}, "B", resampling))


def of_a_and_b(found: Comparison) -> dict[str, dict[str, Any]]:
    """What :func:`compare` returns, for two systems called A and B."""
    a, b = found.systems["A"], found.systems["B"]
    return {
        key: {
            "a": a.scores[key],
            "b": b.scores[key],
            "difference": contrast.difference,
            "difference_ci": contrast.difference_ci,
            "p_value": contrast.p_value,
            "better": contrast.better and contrast.better.lower(),
        }
        for key, contrast in found.contrasts["A"].items()
    }


def compare_all(
    systems: Mapping[str, Any],
    *,
    task: str | Task,
    references: Iterable[Any],
    ids: Iterable[str] | None = None,
    users: Iterable[Any] | None = None,
    baseline: str | None = None,
    confidence_level: float = 0.95,
    n_resamples: int = 10_000,
    seed: int = 0,
    extract_answers: bool = False,
) -> Comparison:
    """Compare two or more systems on the same samples, each to the baseline.

    All other arguments are as for :func:`lamp_metric.compare`.

    Args:
        systems: name -> predictions, as for :func:`lamp_metric.score`; or a list of such lists, the runs of one system
            with several seeds, whose scores are averaged.
        baseline: one of the names; by default the first.

    Warns:
        UserWarning: as for :func:`lamp_metric.score`.

    Raises:
        ValueError: as for :func:`lamp_metric.score`, with the system's name; or there are fewer than two systems, or
            the baseline is not one of them.

    >>> found = compare_all({"none": ["4", "1"], "own": ["5", "2"]}, task="LaMP_3", references=["5", "2"])
    >>> found.contrasts["own"]["MAE"].difference, found.contrasts["own"]["MAE"].wins
    (-1.0, 2)
    """
    resampling = Resampling(confidence_level, n_resamples, seed)
    runs = {f"system {name!r}": runs_of(predictions) for name, predictions in systems.items()}
    scored = _measured(runs, task, references, ids, users, extract_answers)
    for name, found in scored.items():
        for samples in found:
            warn_of_unusable(samples, name)
    by_name = dict(zip(systems, scored.values(), strict=True))
    return compare_systems(by_name, baseline, resampling, extract_answers=extract_answers)


def _measured(
    systems: Mapping[str, Sequence[Any]],
    task: str | Task,
    references: Iterable[Any],
    ids: Iterable[str] | None,
    users: Iterable[Any] | None,
    extract_answers: bool,
) -> dict[str, list[ScoredSamples]]:
    """The scored runs of each system; the names are for messages."""
    task = get_task(task)
    ids = as_list(ids, "ids") if ids is not None else None  # a generator can be read only once
    users = as_list(users, "users") if users is not None else None
    references = as_list(references, "references")
    options = {"users": users, "extract_answers": extract_answers}
    return {
        name: [
            measure(task, run, references, ids, sides=(f"{name}: prediction", "reference"), **options) for run in runs
        ]
        for name, runs in systems.items()
    }


def runs_of(predictions: Any) -> list[Any]:
    """The runs of a system: a list of lists is several runs, anything else is one."""
    several = isinstance(predictions, (list, tuple)) and len(predictions) > 0
    return list(predictions) if several and all(map(_is_list, predictions)) else [predictions]


def _is_list(value: Any) -> bool:
    """Whether a value is a run, not a prediction: those are strings, numbers and records."""
    single = isinstance(value, (str, bytes, Mapping)) or getattr(value, "ndim", 1) == 0
    return hasattr(value, "__iter__") and not single
