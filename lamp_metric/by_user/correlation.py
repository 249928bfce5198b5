"""Spearman's rank correlation of two traits of users, with a bootstrap interval over users."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamp_metric.options import Resampling
from lamp_metric.resampling import percentile_interval, unit_weights


def spearman(x: np.ndarray, y: np.ndarray, resampling: Resampling) -> dict[str, Any]:
    """The rank correlation of two traits, one value each per user; equal values share their mean rank.

    Returns:
        ``"rho"`` and ``"rho_ci"``, its percentile bootstrap interval. Both are None if a trait is the same for all
        users; resamples in which it is so are left out of the interval.
    """
    ranks = _Ranks(x), _Ranks(y)
    observed = _rho(*ranks, np.ones((1, len(x))))[0]
    if np.isnan(observed):
        return {"rho": None, "rho_ci": None}
    drawn = np.concatenate([_rho(*ranks, weights) for weights in unit_weights(len(x), resampling)])
    return {"rho": float(observed), "rho_ci": percentile_interval(drawn[~np.isnan(drawn)], resampling.confidence_level)}


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


def _rho(x: _Ranks, y: _Ranks, weights: np.ndarray) -> np.ndarray:
    """The weighted correlation of the ranks in each resample; NaN where a side does not vary."""
    a, b = x.centered(weights), y.centered(weights)
    both, of_a, of_b = ((weights * first * second).sum(axis=1) for first, second in ((a, b), (a, a), (b, b)))
    spread = np.sqrt(of_a * of_b)
    return np.divide(both, spread, out=np.full(len(both), np.nan), where=spread > 0)
