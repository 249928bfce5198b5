"""Who won: per-sample scores of two systems, their differences by user, and how many users each system serves better.

Standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lamp_metric.clusters import user_means
from lamp_metric.measuring import ScoredSamples

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
    sign = 1 if runs[0].scorer.higher_is_better else -1
    gaps = [sign * (our - their) for our, their in zip(ours, theirs, strict=True)]
    return user_means(gaps, runs[0].ids if runs[0].users is None else runs[0].users)


def outcomes(runs: Sequence[ScoredSamples], baseline: Sequence[ScoredSamples], key: str) -> tuple[int, int, int] | None:
    """Wins, ties and losses of the system, counted over users, or samples if users are not known; None for macro F1."""
    gaps = differences_by_user(runs, baseline, key)
    if gaps is None:
        return None
    wins, losses = (sum(sign * gap > _EQUAL for gap in gaps.values()) for sign in (1, -1))
    return wins, len(gaps) - wins - losses, losses
