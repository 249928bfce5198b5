"""Two or more systems, each against a baseline: differences, intervals, corrected p-values, and who won with whom."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, stdev
from typing import Any

import numpy as np

from lamp_metric.measures.measure import Column, Together
from lamp_metric.predictions.scored_samples import ScoredSamples
from lamp_metric.signature import signature
from lamp_metric.statistics.bootstrap import (
    Resampled,
    Units,
    aggregate,
    numbered,
    percentile_interval,
    resampled_scores,
    to_matrix,
)
from lamp_metric.statistics.comparison import Comparison, Contrast, System
from lamp_metric.statistics.resampling import Resampling
from lamp_metric.statistics.significance import detectable_difference, few_units, holm, p_values

#: The runs of one system, all of the same samples in the same order.
Runs = Sequence[ScoredSamples]
#: A standard error below it is that of differences which do not vary.
_CONSTANT = 1e-12
#: Means whose difference is smaller are equal: in exact arithmetic they would be.
_EQUAL = 1e-12


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
        resampled[name] = {key: sum(one[key] for one in some) / len(some) for key in some[0]}
    found = {name: _system(runs, resampled[name], resampling.confidence_level) for name, runs in systems.items()}
    name = given.task.name if given.task else None
    signed = {"extracted": extract_answers, **signed, **given.scorer.beside, "test": "paired-randomization"}
    signed |= {"average": average if average != "samples" else None}
    contrasts = _contrasts(systems, baseline, found, resampled, resampling)
    notes = few_units(given.n, given.n_users, resampling.n_resamples)
    signed_by = signature(name, given.n, resampling, given.n_users, **signed)
    better = dict(systems[baseline][0].scorer.higher_is_better)
    return Comparison(name, given.n, given.n_users, baseline, found, contrasts, notes, signed_by, better)


def _system(runs: Runs, resampled: Resampled, level: float) -> System:
    keys = runs[0].keys
    scores = {key: fmean(run.scores[key] for run in runs) if len(runs) > 1 else runs[0].scores[key] for key in keys}
    spread = {key: stdev(run.scores[key] for run in runs) for key in keys} if len(runs) > 1 else None
    intervals = {key: percentile_interval(resampled[key], level) for key in keys}
    return System(scores, intervals, len(runs), spread, sum(len(run.unusable) for run in runs))


def _contrasts(
    systems: Mapping[str, Runs],
    baseline: str,
    found: Mapping[str, System],
    resampled: Mapping[str, Resampled],
    resampling: Resampling,
) -> dict[str, dict[str, Contrast]]:
    """Name -> result key -> contrast."""
    level = resampling.confidence_level
    others = [name for name in systems if name != baseline]
    p = {name: p_values(systems[name], systems[baseline], resampling) for name in others}
    contrasts: dict[str, dict[str, Contrast]] = {name: {} for name in others}
    for key in systems[baseline][0].keys:
        corrected = dict(zip(others, holm([p[name][key] for name in others]), strict=True))
        for name in others:
            won = outcomes(systems[name], systems[baseline], key) or (None, None, None)
            score, other = found[name].scores[key], found[baseline].scores[key]
            higher = systems[name][0].scorer.higher_is_better[key]
            drawn = resampled[name][key] - resampled[baseline][key]
            error = float(drawn.std())
            contrasts[name][key] = Contrast(
                difference=score - other,
                difference_ci=percentile_interval(drawn, level),
                standard_error=error,
                detectable=detectable_difference(error, level) if error > _CONSTANT else None,
                p_value=p[name][key],
                p_holm=corrected[name],
                better=None if score == other else name if (score > other) == higher else baseline,
                **dict(zip(("wins", "ties", "losses"), won, strict=True)),
            )
    return contrasts


def sample_values(runs: Runs, key: str) -> list[float] | None:
    """Each sample's part in a score, averaged over runs; None for macro F1. See :meth:`ScoredSamples.values`."""
    columns = [run.values(key) for run in runs]
    return None if columns[0] is None else [math.fsum(row) / len(runs) for row in zip(*columns, strict=True)]


def outcomes(runs: Runs, baseline: Runs, key: str) -> tuple[int, int, int] | None:
    """Wins, ties and losses of the system, counted over users, or samples if users are not known; None for macro F1."""
    ours, theirs, sign = sample_values(runs, key), sample_values(baseline, key), runs[0].scorer.sign(key)
    if ours is None or theirs is None:
        return None
    gaps = [sign * (our - their) for our, their in zip(ours, theirs, strict=True)]
    means = user_means(gaps, runs[0].ids if runs[0].users is None else runs[0].users).values()
    wins, losses = (sum(sign * mean > _EQUAL for mean in means) for sign in (1, -1))
    return wins, len(means) - wins - losses, losses


def user_means(values: Sequence[float], users: Sequence[str]) -> dict[str, float]:
    """User -> mean of the user's values, from an exactly rounded sum; users in the order of their first sample.

    >>> user_means([1.0, 0.0, 0.5], ["b", "a", "b"])
    {'b': 0.75, 'a': 0.0}
    """
    of_user: dict[str, list[float]] = {}
    for value, user in zip(values, users, strict=True):
        of_user.setdefault(user, []).append(value)
    return {user: math.fsum(found) / len(found) for user, found in of_user.items()}


def users_as_samples(samples: ScoredSamples) -> ScoredSamples:
    """Each user as one sample, whose parts in the scores are the user's own scores.

    Scores that no sample has by itself are left out: macro F1, since a user's samples lack most labels, and corpus
    scores. The RMSE is the mean of the users'.
    """
    if samples.users is None:
        raise ValueError("means of users' means need the user of each sample: pass users, --data-dir or --questions")
    names, units = numbered(samples.users)[0], Units.of(samples.n, samples.users)
    found = aggregate(samples, units.sums(to_matrix(samples)), units.sizes)
    columns = {key: np.asarray(found[key]).tolist() for key in samples.scorer.shown}
    scorer = Together(None, [Column(key, samples.scorer.higher_is_better[key]) for key in columns])
    scores = {key: math.fsum(values) / len(names) for key, values in columns.items()}
    return replace(samples, statistics=columns, scores=scores, ids=names, users=names, scorer=scorer)
