"""Two or more systems, each against a baseline: differences, intervals, corrected p-values, and who won with whom."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from lamp_metric.predictions.measuring import ScoredSamples
from lamp_metric.statistics.compared import Comparison
from lamp_metric.statistics.options import Resampling, signature
from lamp_metric.statistics.significance import detectable_difference, few_units, holm
from lamp_metric.statistics.systems import Contrast, System

#: A standard error below it is that of differences which do not vary.
_CONSTANT = 1e-12


def compare_systems(
    systems: Mapping[str, Sequence[ScoredSamples]],
    baseline: str | None,
    resampling: Resampling,
    *,
    extract_answers: bool = False,
    average: str = "samples",
    answers: str | None = None,
) -> Comparison:
    """What :func:`lamp_metric.compare` returns, for runs that are scored already.

    Args:
        systems: name -> runs; all of the same samples in the same order.
        baseline: one of the names; by default the first.
        resampling: what is drawn.
        extract_answers: whether answers were extracted, for the signature.
        average: over what, see :func:`lamp_metric.compare`.
        answers: which of several answers count, for the signature.

    Raises:
        ValueError: as for :func:`lamp_metric.compare`.
    """
    from lamp_metric.statistics.resampling import percentile_interval, resampled_scores  # needs numpy

    baseline = _checked_baseline(systems, baseline)
    given = first = systems[baseline][0]
    if average == "users":
        from lamp_metric.statistics.averaging import users_as_samples

        systems = {name: [users_as_samples(run) for run in runs] for name, runs in systems.items()}
        first = systems[baseline][0]
    elif average != "samples":
        raise ValueError(f"average: expected 'samples' or 'users', found {average!r}")
    drawn = iter(resampled_scores([run for runs in systems.values() for run in runs], resampling))
    resampled = {name: _mean([next(drawn) for _ in runs]) for name, runs in systems.items()}
    level, name = resampling.confidence_level, first.task.name if first.task else None
    signed: dict[str, Any] = {"extracted": extract_answers, "answers": answers, "also": given.also}
    signed |= {"test": "paired-randomization", "average": average if average != "samples" else None}
    found = {
        system: _system(runs, {key: percentile_interval(resampled[system][key], level) for key in first.keys})
        for system, runs in systems.items()
    }
    return Comparison(
        name,
        given.n,
        given.n_users,
        baseline,
        found,
        _contrasts(systems, baseline, found, resampled, resampling),
        few_units(given.n, given.n_users, resampling.n_resamples),
        signature(name, given.n, resampling, given.n_users, **signed),
        dict(first.scorer.higher_is_better),
    )


def _checked_baseline(systems: Mapping[str, Any], baseline: str | None) -> str:
    names = ", ".join(map(repr, systems)) or "none"
    if len(systems) < 2:
        raise ValueError(f"expected two systems or more to compare, found {names}")
    if baseline is not None and baseline not in systems:
        raise ValueError(f"baseline: expected one of the systems {names}, found {baseline!r}")
    return next(iter(systems)) if baseline is None else baseline


def _mean(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The mean over runs of each score: numbers, or arrays of one number per resample."""
    return {key: sum(run[key] for run in runs) / len(runs) for key in runs[0]}


def _system(runs: Sequence[ScoredSamples], intervals: dict[str, list[float]]) -> System:
    keys = runs[0].keys
    scores = {key: fmean(run.scores[key] for run in runs) if len(runs) > 1 else runs[0].scores[key] for key in keys}
    spread = {key: stdev(run.scores[key] for run in runs) for key in keys} if len(runs) > 1 else None
    return System(scores, intervals, len(runs), spread, sum(len(run.unusable) for run in runs))


def _contrasts(
    systems: Mapping[str, Sequence[ScoredSamples]],
    baseline: str,
    found: Mapping[str, System],
    resampled: Mapping[str, Mapping[str, Any]],
    resampling: Resampling,
) -> dict[str, dict[str, Contrast]]:
    """Name -> result key -> contrast."""
    from lamp_metric.statistics.resampling import p_values, percentile_interval

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


#: Means whose difference is smaller are equal: in exact arithmetic they would be.
_EQUAL = 1e-12


def sample_values(runs: Sequence[ScoredSamples], key: str) -> list[float] | None:
    """Each sample's part in a score, averaged over runs; None for macro F1. See :meth:`ScoredSamples.values`."""
    columns = [run.values(key) for run in runs]
    return None if columns[0] is None else [math.fsum(row) / len(runs) for row in zip(*columns, strict=True)]


def differences_by_user(
    runs: Sequence[ScoredSamples], baseline: Sequence[ScoredSamples], key: str
) -> dict[str, float] | None:
    """User -> mean difference of the per-sample score to the baseline's; positive where the system is *better*.

    So for errors the baseline's minus the system's. Without users, every sample counts by itself, under its id. None
    for macro F1.
    """
    ours, theirs = sample_values(runs, key), sample_values(baseline, key)
    if ours is None or theirs is None:
        return None
    sign = runs[0].scorer.sign(key)
    gaps = [sign * (our - their) for our, their in zip(ours, theirs, strict=True)]
    return user_means(gaps, runs[0].ids if runs[0].users is None else runs[0].users)


def outcomes(runs: Sequence[ScoredSamples], baseline: Sequence[ScoredSamples], key: str) -> tuple[int, int, int] | None:
    """Wins, ties and losses of the system, counted over users, or samples if users are not known; None for macro F1."""
    gaps = differences_by_user(runs, baseline, key)
    if gaps is None:
        return None
    wins, losses = (sum(sign * gap > _EQUAL for gap in gaps.values()) for sign in (1, -1))
    return wins, len(gaps) - wins - losses, losses


def user_means(values: Sequence[float], users: Sequence[str]) -> dict[str, float]:
    """User -> mean of the user's values, from an exactly rounded sum; users in the order of their first sample.

    >>> user_means([1.0, 0.0, 0.5], ["b", "a", "b"])
    {'b': 0.75, 'a': 0.0}
    """
    of_user: dict[str, list[float]] = {}
    for value, user in zip(values, users, strict=True):
        of_user.setdefault(user, []).append(value)
    return {user: math.fsum(found) / len(found) for user, found in of_user.items()}
