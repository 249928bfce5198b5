"""What the report knows of each sample and user, and gains against a trait, in bins and as rank correlations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lamp_metric.predictions.scored_samples import ScoredSamples
from lamp_metric.report.profile_similarity import Profile
from lamp_metric.signature import Resampling
from lamp_metric.statistics.bootstrap import Units, mean_intervals, percentile_interval, unit_weights
from lamp_metric.statistics.compare_systems import sample_values

#: At most so many bins, and no more than one for so many users.
BINS, USERS_PER_BIN = 5, 4


class Frame:
    """Samples, their users and the systems that were scored on them.

    ``systems``: name -> runs, scored on the same samples with users, the baseline first; ``samples`` is its first run,
    for what all share. ``keys`` are the scores that are means over samples: macro F1 and RMSE say little or nothing
    about a single user. ``users`` are those of the samples, ``names`` all of them, ``counts`` their numbers of samples.
    """

    def __init__(self, systems: Mapping[str, Sequence[ScoredSamples]], profiles: Sequence[Profile]) -> None:
        self.systems, self.profiles = systems, profiles
        self.baseline, *self.others = systems
        self.samples = systems[self.baseline][0]
        self.task, self.keys, self.users = self.samples.task, self.samples.scorer.means, list(self.samples.users)
        self.names, self._units = list(dict.fromkeys(self.users)), Units.of(len(self.users), self.users)
        self.counts = self._units.sizes.astype(int)
        self.sizes = np.array([profile.size for profile in profiles])
        self.similarity = np.array([profile.similarity for profile in profiles])

    def by_user(self, values: Sequence[float]) -> np.ndarray:
        """The mean of each user's ``values``, one per sample."""
        return self._units.means(values)

    def values(self, system: str, key: str) -> np.ndarray:
        """A score of each sample, the mean over the system's runs."""
        return np.array(sample_values(self.systems[system], key))

    def gains(self, system: str, key: str) -> np.ndarray:
        """How much better than the baseline each sample is: positive is better, even for errors."""
        return self.samples.scorer.sign(key) * (self.values(system, key) - self.values(self.baseline, key))

    def only(self, kept: np.ndarray) -> "Frame":
        """The samples for which ``kept`` is True."""
        positions = np.flatnonzero(kept)
        systems = {name: [_only(run, positions) for run in runs] for name, runs in self.systems.items()}
        return Frame(systems, [self.profiles[place] for place in positions])


def _only(run: ScoredSamples, positions: np.ndarray) -> ScoredSamples:
    statistics = {name: [values[place] for place in positions] for name, values in run.statistics.items()}
    ids, users = ([values[place] for place in positions] for values in (run.ids, run.users))
    scores = run.scorer.of_all(run.task, statistics)
    return replace(run, statistics=statistics, scores=scores, ids=ids, users=users)


def places(trait: np.ndarray, most: int) -> list[np.ndarray]:
    """Up to ``most`` bins with about the same number of samples, as masks; equal values are never separated.

    >>> [mask.tolist() for mask in places(np.array([1, 1, 9, 1]), 2)]
    [[True, True, False, True], [False, False, True, False]]
    """
    _, bin_values, counts = np.unique(trait, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    bin_of = np.floor(middle * most / len(trait)).astype(int)[bin_values]
    return [bin_of == number for number in np.unique(bin_of)]


def binned(frame: Frame, trait: np.ndarray, key: str, resampling: Resampling) -> list[dict[str, Any]]:
    """The bins of a trait, one value per sample, from low to high.

    Returns:
        For each bin ``"low"``, ``"high"`` and ``"median"`` of the trait, ``"samples"``, ``"users"``,
        ``"scores"``: system -> ``"score"`` and ``"score_ci"``, and ``"gains"``: system -> ``"gain"`` and ``"gain_ci"``.
        Intervals are None where the bin holds a single user.
    """
    most = max(1, min(BINS, len(frame.names) // USERS_PER_BIN))
    return [_bin(frame, trait, mask, key, resampling) for mask in places(trait, most)]


def _bin(frame: Frame, trait: np.ndarray, mask: np.ndarray, key: str, resampling: Resampling) -> dict[str, Any]:
    users = [user for user, inside in zip(frame.users, mask, strict=True) if inside]
    columns = {("score", system): frame.values(system, key)[mask] for system in frame.systems}
    columns |= {("gain", system): frame.gains(system, key)[mask] for system in frame.others}
    several = len(set(users)) > 1
    bounds = mean_intervals(list(columns.values()), users, resampling) if several else [None] * len(columns)
    found: dict[str, dict[str, Any]] = {"score": {}, "gain": {}}
    for (name, system), values, interval in zip(columns, columns.values(), bounds, strict=True):
        found[name][system] = {name: float(values.mean()), f"{name}_ci": interval}
    return {
        "low": trait[mask].min().item(),
        "high": trait[mask].max().item(),
        "median": float(np.median(trait[mask])),
        "samples": len(users),
        "users": len(set(users)),
        "scores": found["score"],
        "gains": found["gain"],
    }


def spearman(
    traits: Mapping[str, np.ndarray], columns: Mapping[str, np.ndarray], resampling: Resampling
) -> dict[str, dict[str, dict[str, Any]]]:
    """The rank correlation of each trait with each column, one value per user; equal values share their mean rank.

    Returns:
        Trait -> column -> ``"rho"`` and ``"rho_ci"``, its percentile bootstrap interval. Both are None if a side is the
        same for all users; resamples in which a side is the same are left out of the interval.
    """
    ranks = [[_ranks(values) for values in side.values()] for side in (traits, columns)]
    n, level = len(next(iter(columns.values()))), resampling.confidence_level
    observed = _rhos(*ranks, np.ones((1, n)))[0]
    drawn = np.concatenate([_rhos(*ranks, weights) for weights in unit_weights(n, resampling)])
    return {
        trait: {name: _correlation(observed[i, j], drawn[:, i, j], level) for j, name in enumerate(columns)}
        for i, trait in enumerate(traits)
    }


def _correlation(rho: float, drawn: np.ndarray, level: float) -> dict[str, Any]:
    if np.isnan(rho):
        return {"rho": None, "rho_ci": None}
    return {"rho": float(rho), "rho_ci": percentile_interval(drawn[~np.isnan(drawn)], level)}


def _ranks(values: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """How often each user is drawn -> each user's rank less the mean rank, both resamples × users.

    Only ``values`` are sorted, not each resample: who is drawn more often takes up more ranks.
    """
    distinct, group = np.unique(values, return_inverse=True)

    def centered(weights: np.ndarray) -> np.ndarray:
        rows, n = weights.shape
        cells = group + len(distinct) * np.arange(rows)[:, None]
        drawn = np.bincount(cells.ravel(), weights.ravel(), rows * len(distinct)).reshape(rows, len(distinct))
        return np.take(np.cumsum(drawn, axis=1) - drawn / 2 - n / 2, group, axis=1)

    return centered


def _rhos(of_traits: Sequence[Callable], of_columns: Sequence[Callable], weights: np.ndarray) -> np.ndarray:
    """Resamples × traits × columns: the correlations; NaN where a side does not vary. All sums are exact."""
    x, y = ([centered(weights) for centered in side] for side in (of_traits, of_columns))
    spread_x, spread_y = (np.array([np.vecdot(weights * one, one) for one in side]) for side in (x, y))
    both = np.array([[np.vecdot(weighted, one) for one in y] for weighted in (weights * one for one in x)])
    spread = np.sqrt(spread_x[:, None] * spread_y[None])
    return np.divide(both, spread, out=np.full_like(both, np.nan), where=spread > 0).transpose(2, 0, 1)


def shown_rho(found: Mapping[str, Any]) -> str:
    """A correlation and its interval as text.

    >>> shown_rho({"rho": 0.25, "rho_ci": [-0.001, 0.5]})
    '0.25 [0.00, 0.50]'
    """
    value, low, high = (f"{number:.2f}".replace("-0.00", "0.00") for number in (found["rho"], *found["rho_ci"]))
    return f"{value} [{low}, {high}]".replace("-", "−")
