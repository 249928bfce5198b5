"""Two or more systems from Python: predictions in, one comparison out."""

from collections.abc import Iterable, Mapping
from typing import Any

from lamp_dataset.formats.texts import short
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.measures import chosen
from lamp_metric.predictions.given_values import samples_of_values
from lamp_metric.predictions.inputs import as_list
from lamp_metric.predictions.scored_samples import measure, warn_of_remarks
from lamp_metric.predictions.several_answers import SIGNED, choose
from lamp_metric.statistics.comparison import Comparison
from lamp_metric.statistics.contrasts import compare_systems
from lamp_metric.statistics.resampling import Resampling


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
    also: Iterable[str] = (),
    without: Iterable[str] = (),
    average: str = "samples",
    answers: str = "mean",
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
        also: measures beside the scores, see :func:`lamp_metric.score`.
        without: scores to leave out, see there.
        average: ``"samples"``, or ``"users"`` for the means of the users' own scores; without macro F1 and corpus
            scores, which a single sample does not have.
        answers: which run's answer to a sample counts: ``"mean"`` for the mean of their scores, ``"best"`` for the best
            by gold (head-room, not a score), ``"majority"`` for the most frequent label or rating.

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
    if answers not in ("mean", *SIGNED):
        raise ValueError(f"answers: expected one of mean, {', '.join(SIGNED)}, found {short(answers)}")
    task, references = get_task(task), as_list(references, "references")
    ids = as_list(ids, "ids") if ids is not None else None  # a generator can be read only once
    options = {"extract_answers": extract_answers, "also": chosen(also, without)}
    more = {**options, "users": as_list(users, "users") if users is not None else None}
    scored = {}
    for name, predictions in systems.items():
        more["sides"] = (f"system {name!r}: prediction", "reference")
        runs = [measure(task, run, references, ids, **more) for run in runs_of(predictions)]
        scored[name] = choose(runs, answers, **options)
    for samples in (samples for runs in scored.values() for samples in runs):
        warn_of_remarks(samples)
    signed = {"extract_answers": extract_answers, "answers": SIGNED.get(answers)}
    return compare_systems(scored, baseline, resampling, average=average, **signed)


def compare_values(
    systems: Mapping[str, Any],
    *,
    users: Mapping[str, Any] | None = None,
    higher_is_better: bool = True,
    baseline: str | None = None,
    confidence_level: float = 0.95,
    n_resamples: int = 10_000,
    seed: int = 0,
    average: str = "samples",
) -> Comparison:
    """Compare two or more systems by values that were computed elsewhere, such as those of a judge.

    Args:
        systems: name -> sample id -> number, the same ids for all; or a list of such mappings, one for each seed.
        users: sample id -> user, see :func:`compare`.
        higher_is_better: False for errors.
        baseline: as for :func:`compare`, and so are all others.

    Raises:
        ValueError: a value is not a finite number, an id is missing or has no user; or as for :func:`compare`.

    >>> found = compare_values({"none": {"310": 6, "311": 5}, "own": {"310": 8, "311": 5}})
    >>> found.contrasts["own"]["value"].difference, found.contrasts["own"]["value"].ties
    (1.0, 1)
    """
    resampling = Resampling(confidence_level, n_resamples, seed)
    runs = {name: [values] if isinstance(values, Mapping) else list(values) for name, values in systems.items()}
    ids = list(next((run for found in runs.values() for run in found), ()))
    missing = [sample_id for sample_id in ids if users is not None and sample_id not in users]
    if missing:
        raise ValueError(f"users: {len(missing)} of {len(ids)} samples have none (first: {short(missing[0])})")
    whose = None if users is None else [users[sample_id] for sample_id in ids]
    scored = {
        name: [samples_of_values(f"system {name!r}", run, ids, whose, higher_is_better) for run in found]
        for name, found in runs.items()
    }
    return compare_systems(scored, baseline, resampling, average=average)


def runs_of(predictions: Any) -> list[Any]:
    """The runs of a system: a list of lists is several runs, anything else is one."""
    several = isinstance(predictions, (list, tuple)) and len(predictions) > 0
    for value in predictions if several else ():  # a prediction is a string, a number or a record
        single = isinstance(value, (str, bytes, Mapping)) or getattr(value, "ndim", 1) == 0
        several = several and hasattr(value, "__iter__") and not single
    return list(predictions) if several else [predictions]
