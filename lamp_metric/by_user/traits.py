"""Gains against a trait, such as the profile's size, in bins and as rank correlations, with intervals over users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lamp_metric.by_user.frame import Frame
from lamp_metric.options import Resampling
from lamp_metric.resampling import mean_intervals, percentile_interval, unit_weights

#: At most so many bins, and no more than one for so many users.
BINS, USERS_PER_BIN = 5, 4


def places(trait: np.ndarray, most: int) -> list[np.ndarray]:
    """Up to ``most`` bins of about equally many samples, as masks; equal values are never parted.

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


def spearman(x: np.ndarray, columns: Mapping[str, np.ndarray], resampling: Resampling) -> dict[str, dict[str, Any]]:
    """The rank correlation of ``x`` with each column, one value per user; equal values share their mean rank.

    Returns:
        Name -> ``"rho"`` and ``"rho_ci"``, its percentile bootstrap interval. Both are None if a side is the same for
        all users; resamples in which it is so are left out of the interval.
    """
    of_x, ranks = _Ranks(x), {name: _Ranks(values) for name, values in columns.items()}
    observed = _rhos(of_x, ranks, np.ones((1, len(x))))
    batches = [_rhos(of_x, ranks, weights) for weights in unit_weights(len(x), resampling)]
    found: dict[str, dict[str, Any]] = {}
    for name, (rho,) in observed.items():
        drawn = np.concatenate([batch[name] for batch in batches])
        bounds = percentile_interval(drawn[~np.isnan(drawn)], resampling.confidence_level) if rho == rho else None
        found[name] = {"rho": None if bounds is None else float(rho), "rho_ci": bounds}
    return found


class _Ranks:
    """Ranks in resamples without sorting each: who is drawn more often takes up more ranks."""

    def __init__(self, values: np.ndarray) -> None:
        """Sort once."""
        _, self.group, counts = np.unique(values, return_inverse=True, return_counts=True)
        self.order = np.argsort(self.group, kind="stable")
        self.starts = np.cumsum(counts) - counts

    def centered(self, weights: np.ndarray) -> np.ndarray:
        """Resamples × users: each user's rank less the mean rank; ``weights`` says how often each user is drawn."""
        drawn = np.add.reduceat(weights[:, self.order], self.starts, axis=1)
        middle = np.cumsum(drawn, axis=1) - drawn / 2
        return middle[:, self.group] - weights.sum(axis=1, keepdims=True) / 2


def _rhos(of_x: _Ranks, ranks: Mapping[str, _Ranks], weights: np.ndarray) -> dict[str, np.ndarray]:
    """The correlations in each resample; NaN where a side does not vary."""
    x = of_x.centered(weights)
    weighted = weights * x
    of_x_alone = np.einsum("ij,ij->i", weighted, x)
    found = {}
    for name, of_y in ranks.items():
        y = of_y.centered(weights)
        spread = np.sqrt(of_x_alone * np.einsum("ij,ij,ij->i", weights, y, y))
        both = np.einsum("ij,ij->i", weighted, y)
        found[name] = np.divide(both, spread, out=np.full(len(both), np.nan), where=spread > 0)
    return found
