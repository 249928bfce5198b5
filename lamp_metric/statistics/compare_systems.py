"""Two or more systems, each against a baseline: differences, intervals, corrected p-values, and who won with whom."""

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

import numpy as np

from lamp_dataset.formats.texts import short
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.measures import chosen
from lamp_metric.predictions.given_values import samples_of_values
from lamp_metric.predictions.reading import as_list
from lamp_metric.predictions.scored_samples import ScoredSamples, measure, warn_of_remarks
from lamp_metric.predictions.several_answers import SIGNED, choose
from lamp_metric.result_tables.comparison_table import Comparison, Contrast, System
from lamp_metric.signature import Resampling, signature
from lamp_metric.statistics.bootstrap import Resampled, Units, percentile_interval, resampled_scores, users_as_samples
from lamp_metric.statistics.significance import detectable_difference, few_units, holm, p_values

#: The runs of one system, all of the same samples in the same order.
Runs = Sequence[ScoredSamples]
#: Smaller differences of means, and smaller standard errors, are 0: in exact arithmetic they would be.
_ZERO = 1e-12


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
    task, options = get_task(task), {"extract_answers": extract_answers, "also": chosen(also, without)}
    lists = {"references": references, "ids": ids, "users": users}  # generators, which can be read only once, as lists
    given = {name: values if values is None else as_list(values, name) for name, values in lists.items()}
    scored = {}
    for name, predictions in systems.items():
        sides = (f"system {name!r}: prediction", "reference")
        runs = [measure(task, run, **given, **options, sides=sides) for run in runs_of(predictions)]
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


def compare_systems(
    systems: Mapping[str, Runs],
    baseline: str | None,
    resampling: Resampling,
    *,
    extract_answers: bool = False,
    average: str = "samples",
    **signed: Any,
) -> Comparison:
    """What :func:`lamp_metric.compare` returns, for runs that are scored already; ``signed`` is for the signature."""
    names = ", ".join(map(repr, systems)) or "none"
    if len(systems) < 2:
        raise ValueError(f"expected two systems or more to compare, found {names}")
    baseline = next(iter(systems)) if baseline is None else baseline
    if baseline not in systems:
        raise ValueError(f"baseline: expected one of the systems {names}, found {baseline!r}")
    if average not in ("samples", "users"):
        raise ValueError(f"average: expected 'samples' or 'users', found {average!r}")
    given = systems[baseline][0]
    if average == "users":
        systems = {name: [users_as_samples(run) for run in runs] for name, runs in systems.items()}
    drawn = iter(resampled_scores([run for runs in systems.values() for run in runs], resampling))
    resampled = {}
    for name, runs in systems.items():
        some = [next(drawn) for _ in runs]
        resampled[name] = {key: sum(run[key] for run in some) / len(some) for key in some[0]}
    found = {name: _system(runs, resampled[name], resampling.confidence_level) for name, runs in systems.items()}
    signed = {"extracted": extract_answers, **signed, **given.scorer.beside, "test": "paired-randomization"}
    signed |= {"average": average if average != "samples" else None}
    name = given.task.name if given.task else None
    higher = dict(systems[baseline][0].scorer.higher_is_better)
    lost = [key for key in given.scorer.higher_is_better if key not in higher]
    no_mean = [f"{', '.join(lost)}: no mean over samples, so left out of the users' means"] if lost else []
    return Comparison(
        task=name,
        n=given.n,
        users=given.n_users,
        baseline=baseline,
        systems=found,
        contrasts=_contrasts(systems, baseline, found, resampled, resampling),
        notes=[*no_mean, *few_units(given.n, given.n_users, resampling.n_resamples)],
        signature=signature(name, given.n, resampling, given.n_users, **signed),
        higher_is_better=higher,
    )


def _system(runs: Runs, resampled: Resampled, level: float) -> System:
    columns = {key: [run.scores[key] for run in runs] for key in runs[0].keys}
    return System(
        scores={key: fmean(column) for key, column in columns.items()},
        intervals={key: percentile_interval(resampled[key], level) for key in columns},
        runs=len(runs),
        spread={key: stdev(column) for key, column in columns.items()} if len(runs) > 1 else None,
        unusable=sum(len(run.unusable) for run in runs),
    )


def _contrasts(
    systems: Mapping[str, Runs],
    baseline: str,
    found: Mapping[str, System],
    resampled: Mapping[str, Resampled],
    resampling: Resampling,
) -> dict[str, dict[str, Contrast]]:
    level = resampling.confidence_level
    others = [name for name in systems if name != baseline]
    p = {name: p_values(systems[name], systems[baseline], resampling) for name in others}
    contrasts: dict[str, dict[str, Contrast]] = {name: {} for name in others}
    for key, other in found[baseline].scores.items():
        corrected = holm([p[name][key] for name in others])
        for name, p_holm in zip(others, corrected, strict=True):
            wins, ties, losses = outcomes(systems[name], systems[baseline], key) or (None, None, None)
            score, drawn = found[name].scores[key], resampled[name][key] - resampled[baseline][key]
            higher = systems[name][0].scorer.higher_is_better[key]
            error = float(drawn.std())
            contrasts[name][key] = Contrast(
                difference=score - other,
                difference_ci=percentile_interval(drawn, level),
                standard_error=error,
                detectable=detectable_difference(error, level) if error > _ZERO else None,
                p_value=p[name][key],
                p_holm=p_holm,
                better=None if score == other else name if (score > other) == higher else baseline,
                wins=wins,
                ties=ties,
                losses=losses,
            )
    return contrasts


def sample_values(runs: Runs, key: str) -> list[float] | None:
    """Each sample's part in a score, averaged over runs; None for macro F1. See :meth:`ScoredSamples.values`."""
    columns = [run.values(key) for run in runs]
    return None if columns[0] is None else [math.fsum(row) / len(runs) for row in zip(*columns, strict=True)]


def outcomes(runs: Runs, baseline: Runs, key: str) -> tuple[int, int, int] | None:
    """Wins, ties and losses of the system, counted over users, or samples if users are not known; None for macro F1."""
    ours, theirs = sample_values(runs, key), sample_values(baseline, key)
    if ours is None or theirs is None:
        return None
    means = Units.of(len(ours), runs[0].users).means(runs[0].scorer.sign(key) * (np.array(ours) - theirs))
    wins, losses = int((means > _ZERO).sum()), int((means < -_ZERO).sum())
    return wins, len(means) - wins - losses, losses
