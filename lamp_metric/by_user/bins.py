"""Samples in bins of a trait, such as the size of the profile: scores and gains in each, with intervals over users."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamp_metric.by_user.frame import Frame
from lamp_metric.options import Resampling
from lamp_metric.resampling import mean_intervals

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
