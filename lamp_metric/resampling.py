"""Bootstrap intervals and a paired randomization test, on whole scores rather than on means of per-sample values.

Every score is a function of the sums of per-sample statistics, so a resample is a row of weights, and many resamples
are one matrix product. The draws are those of ``scipy.stats.bootstrap``: with the same seed the intervals are equal.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lamp_metric.measuring import ScoredSamples
from lamp_metric.options import Resampling

#: The number of weights held at a time: 4 million take 32 MB.
_CELLS = 4_000_000


def intervals(samples: ScoredSamples, resampling: Resampling) -> dict[str, list[float]]:
    """The percentile bootstrap interval of each score: result key -> ``[low, high]``.

    Each resample has as many samples as ``samples``, drawn with replacement.
    """
    scores = _resampled([samples], resampling)[0]
    return {key: percentile_interval(values, resampling.confidence_level) for key, values in scores.items()}


def difference_intervals(a: ScoredSamples, b: ScoredSamples, resampling: Resampling) -> dict[str, list[float]]:
    """The interval of each score's difference, A minus B, when both are computed on the same resamples."""
    of_a, of_b = _resampled([a, b], resampling)
    return {key: percentile_interval(of_a[key] - of_b[key], resampling.confidence_level) for key in of_a}


def percentile_interval(values: np.ndarray, confidence_level: float) -> list[float]:
    """The middle ``confidence_level`` of ``values``."""
    tail = (1 - confidence_level) / 2
    low, high = np.percentile(values, [100 * tail, 100 * (1 - tail)])
    return [float(low), float(high)]


def p_values(a: ScoredSamples, b: ScoredSamples, resampling: Resampling) -> dict[str, float]:
    """The two-sided p-value of each score's difference in the paired randomization test.

    The hypothesis is that the two systems are exchangeable: the two predictions of each sample are swapped with
    probability 1/2. If there are at most ``n_resamples`` ways to swap, all are tried and the p-value is exact.
    Otherwise that many are drawn, and the observed one is counted among them, so that the p-value is never 0.
    As in ``scipy.stats.permutation_test``, it is twice the smaller one-sided p-value, at most 1.
    """
    exact = 2**a.n <= resampling.n_resamples
    total_a, total_b = _matrix(a).sum(axis=0), _matrix(b).sum(axis=0)
    gap = _matrix(a) - _matrix(b)
    moved = np.concatenate([swaps @ gap for swaps in _swaps(a.n, resampling, exact)])
    swapped_a, swapped_b = _aggregate(a, total_a - moved), _aggregate(b, total_b + moved)
    observed_a, observed_b = _aggregate(a, total_a[None]), _aggregate(b, total_b[None])
    return {
        key: _two_sided(swapped_a[key] - swapped_b[key], float((observed_a[key] - observed_b[key])[0]), exact)
        for key in swapped_a
    }


def _two_sided(null: np.ndarray, observed: float, exact: bool) -> float:
    # Differences that are equal in exact arithmetic must count as equal although their sums are rounded differently.
    slack = max(1e-14, abs(1e-12 * observed))
    extra = 0 if exact else 1
    greater = (np.count_nonzero(null >= observed - slack) + extra) / (len(null) + extra)
    less = (np.count_nonzero(null <= observed + slack) + extra) / (len(null) + extra)
    return float(min(1.0, 2 * min(greater, less)))


def _matrix(samples: ScoredSamples) -> np.ndarray:
    """Samples × statistics."""
    return np.array(list(samples.statistics.values())).T


def _aggregate(samples: ScoredSamples, sums: np.ndarray) -> dict[str, np.ndarray]:
    """The scores from resamples × sums of the statistics."""
    named = dict(zip(samples.statistics, sums.T, strict=True))
    return samples.scorer.aggregate(samples.task, named, samples.n)


def _resampled(systems: list[ScoredSamples], resampling: Resampling) -> list[dict[str, np.ndarray]]:
    """The scores of each system on the resamples, which are the same for all systems."""
    matrices = [_matrix(system) for system in systems]
    sums: list[list[np.ndarray]] = [[] for _ in systems]
    for weights in _weights(systems[0].n, resampling):
        for matrix, parts in zip(matrices, sums, strict=True):
            parts.append(weights @ matrix)
    return [_aggregate(system, np.concatenate(parts)) for system, parts in zip(systems, sums, strict=True)]


def _weights(n: int, resampling: Resampling) -> Iterator[np.ndarray]:
    """Batches of resamples × samples: how often each sample was drawn."""
    generator = np.random.default_rng(resampling.seed)
    for rows in _batches(n, resampling.n_resamples):
        drawn = generator.integers(0, n, (rows, n)) + n * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(float)


def _swaps(n: int, resampling: Resampling, exact: bool) -> Iterator[np.ndarray]:
    """Batches of swaps × samples: 1 if the two predictions of the sample are swapped."""
    generator = np.random.default_rng(resampling.seed)
    done = 0
    for rows in _batches(n, 2**n if exact else resampling.n_resamples):
        if exact:
            patterns = np.arange(done, done + rows)[:, None] >> np.arange(n) & 1
        else:
            # Whole words for each row, so that the draws do not depend on the batches.
            words = generator.integers(0, 2**64 - 1, (rows, -(-n // 64)), dtype=np.uint64, endpoint=True)
            patterns = np.unpackbits(words.astype("<u8").view(np.uint8), axis=1, count=n)
        yield patterns.astype(float)
        done += rows


def _batches(n: int, total: int) -> Iterator[int]:
    rows = max(1, _CELLS // n)
    for start in range(0, total, rows):
        yield min(rows, total - start)
