"""Two or more systems from Python: predictions in, one comparison out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.predictions.measuring import ScoredSamples, measure, warn_of_remarks
from lamp_metric.predictions.values import as_list
from lamp_metric.statistics.compared import Comparison
from lamp_metric.statistics.contrasts import compare_systems
from lamp_metric.statistics.options import Resampling


def compare(
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

    With fewer than about 30 samples (or users, if they are given) the intervals tend to be too narrow, and may exclude
    0 even if p is large.

    Args:
        systems: name -> predictions in the order of ``references``, as for :func:`lamp_metric.score`; or a list of such
            lists, the runs of one system with several seeds, whose scores are averaged.
        task: config name.
        references: the golds.
        ids: names of the samples, for messages.
        users: the user of each sample, in the order of ``references``, see :func:`lamp_dataset.users_of`. Resamples
            then draw users, and the test swaps all samples of a user at once: samples from one user are alike, and a
            test that treats them as independent finds differences where there are none.
        baseline: one of the names; by default the first.
        confidence_level: of the differences' intervals (paired percentile bootstrap).
        n_resamples: number of resamples, and of random swaps in the test.
        seed: of both.
        extract_answers: use what :func:`lamp_metric.extract_answer` finds. Not part of the official scores.

    Warns:
        UserWarning: as for :func:`lamp_metric.score`.

    Raises:
        ValueError: as for :func:`lamp_metric.score`, with the system's name; or there are fewer than two systems, or
            the baseline is not one of them.

    >>> found = compare({"none": ["4", "1"], "own": ["5", "2"]}, task="LaMP_3", references=["5", "2"])
    >>> found.contrasts["own"]["MAE"].difference, found.contrasts["own"]["MAE"].wins
    (-1.0, 2)
    """
    resampling = Resampling(confidence_level, n_resamples, seed)
    scored = _measured(systems, task, references, ids, users, extract_answers)
    for name, found in scored.items():
        for samples in found:
            warn_of_remarks(samples, f"system {name!r}")
    return compare_systems(scored, baseline, resampling, extract_answers=extract_answers)


def _measured(
    systems: Mapping[str, Any],
    task: str | Task,
    references: Iterable[Any],
    ids: Iterable[str] | None,
    users: Iterable[Any] | None,
    extract_answers: bool,
) -> dict[str, list[ScoredSamples]]:
    """The scored runs of each system."""
    task = get_task(task)
    ids = as_list(ids, "ids") if ids is not None else None  # a generator can be read only once
    users = as_list(users, "users") if users is not None else None
    references = as_list(references, "references")
    options = {"users": users, "extract_answers": extract_answers}
    return {
        name: [
            measure(task, run, references, ids, sides=(f"system {name!r}: prediction", "reference"), **options)
            for run in runs_of(predictions)
        ]
        for name, predictions in systems.items()
    }


def runs_of(predictions: Any) -> list[Any]:
    """The runs of a system: a list of lists is several runs, anything else is one."""
    several = isinstance(predictions, (list, tuple)) and len(predictions) > 0
    return list(predictions) if several and all(map(_is_list, predictions)) else [predictions]


def _is_list(value: Any) -> bool:
    """Whether a value is a run, not a prediction: those are strings, numbers and records."""
    single = isinstance(value, (str, bytes, Mapping)) or getattr(value, "ndim", 1) == 0
    return hasattr(value, "__iter__") and not single
