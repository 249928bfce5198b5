"""Two or more systems from Python: predictions in, one comparison out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.contrasts import Comparison, compare_systems
from lamp_metric.measuring import ScoredSamples, measure
from lamp_metric.options import Resampling
from lamp_metric.predictions.values import as_list
from lamp_metric.unusable import warn_of_unusable


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

    Args:
        systems: name -> predictions, as for :func:`lamp_metric.score`; or a list of such lists, the runs of one system
            with several seeds, whose scores are averaged.
        task: config name.
        references: the golds.
        ids: names of the samples, for messages.
        users: the user of each sample, as for :func:`lamp_metric.compare`.
        baseline: one of the names; by default the first.
        confidence_level: of the intervals.
        n_resamples: number of resamples, and of random swaps in the tests.
        seed: of both.
        extract_answers: use what :func:`lamp_metric.extract_answer` finds. Not part of the official scores.

    Warns:
        UserWarning: as for :func:`lamp_metric.score`.

    Raises:
        ValueError: as for :func:`lamp_metric.score`, with the system's name; or there are fewer than two systems, or
            the baseline is not one of them.

    >>> found = compare_all({"none": ["4", "1"], "own": ["5", "2"]}, task="LaMP_3", references=["5", "2"])
    >>> found.contrasts["own"]["MAE"].difference, found.contrasts["own"]["MAE"].wins
    (-1.0, 2)
    """
    task = get_task(task) if not isinstance(task, Task) else task
    resampling = Resampling(confidence_level, n_resamples, seed)
    ids = as_list(ids, "ids") if ids is not None else None  # a generator can be read only once
    users = as_list(users, "users") if users is not None else None
    references = as_list(references, "references")
    scored: dict[str, list[ScoredSamples]] = {}
    for name, predictions in systems.items():
        for run in runs_of(predictions):
            sides = (f"system {name!r}: prediction", "reference")
            samples = measure(task, run, references, ids, users=users, extract_answers=extract_answers, sides=sides)
            warn_of_unusable(samples, f"system {name!r}")
            scored.setdefault(name, []).append(samples)
    return compare_systems(scored, baseline, resampling, extract_answers=extract_answers)


def runs_of(predictions: Any) -> list[Any]:
    """The runs of a system: a list of lists is several runs, anything else is one."""
    several = isinstance(predictions, (list, tuple)) and len(predictions) > 0
    return list(predictions) if several and all(map(_is_list, predictions)) else [predictions]


def _is_list(value: Any) -> bool:
    """Whether a value is a run, not a prediction: those are strings, numbers and records."""
    single = isinstance(value, (str, bytes, Mapping)) or getattr(value, "ndim", 1) == 0
    return hasattr(value, "__iter__") and not single
