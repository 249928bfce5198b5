"""Bootstrap intervals and a paired randomisation test, on whole scores rather than on means of per-sample values.

Every score is a function of the sums of per-sample columns, so a resample is a row of weights and many of them are one
matrix product. Draws are made as ``scipy.stats.bootstrap`` makes them: with the same seed the intervals are equal.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lamp_metric.measuring import Measured
from lamp_metric.options import check_options

#: Weights held at a time: 4 million, 32 MB.
_CELLS = 4_000_000


def intervals(
    measured: Measured, *, confidence_level: float = 0.95, n_resamples: int = 1000, seed: int = 0
) -> dict[str, list[float]]:
    """The percentile bootstrap interval of each score: result key -> ``[low, high]``.

    Args:
        measured: the samples.
        confidence_level: such as 0.95.
        n_resamples: number of resamples, of as many samples as there are, drawn with replacement.
        seed: of ``numpy.random.default_rng``.

    Raises:
        ValueError: an option out of range.
    """
    check_options(confidence_level, n_resamples, seed)
    scores = _resampled([measured], n_resamples, seed)[0]
    return {key: percentile_interval(values, confidence_level) for key, values in scores.items()}


def difference_intervals(
    a: Measured, b: Measured, *, confidence_level: float = 0.95, n_resamples: int = 1000, seed: int = 0
) -> dict[str, list[float]]:
    """The interval of each score's difference, A minus B, when both are computed on the same resampled samples."""
    check_options(confidence_level, n_resamples, seed)
    of_a, of_b = _resampled([a, b], n_resamples, seed)
    return {key: percentile_interval(of_a[key] - of_b[key], confidence_level) for key in of_a}


def percentile_interval(values: np.ndarray, confidence_level: float) -> list[float]:
    """The middle ``confidence_level`` of ``values``."""
    tail = (1 - confidence_level) / 2
    low, high = np.percentile(values, [100 * tail, 100 * (1 - tail)])
    return [float(low), float(high)]


def p_values(a: Measured, b: Measured, *, n_resamples: int = 10_000, seed: int = 0) -> dict[str, float]:
    """Two-sided p-value of each score's difference under the paired randomisation test.

    The hypothesis is that the two systems are exchangeable: each sample's two predictions change sides with
    probability 1/2. Where there are at most ``n_resamples`` ways to do so, all are tried and the value is exact; else
    that many are drawn, and the observed one is counted among them, so that the value is never 0.
    Twice the smaller one-sided value, at most 1, as ``scipy.stats.permutation_test`` has it.
    """
    check_options(0.5, n_resamples, seed)
    exact = 2**a.n <= n_resamples
    total_a, total_b = _matrix(a).sum(axis=0), _matrix(b).sum(axis=0)
    gap = _matrix(a) - _matrix(b)
    moved = np.concatenate([swaps @ gap for swaps in _swaps(a.n, n_resamples, seed, exact)])
    swapped_a, swapped_b = _reduce(a, total_a - moved), _reduce(b, total_b + moved)
    observed_a, observed_b = _reduce(a, total_a[None]), _reduce(b, total_b[None])
    return {
        key: _two_sided(swapped_a[key] - swapped_b[key], float((observed_a[key] - observed_b[key])[0]), exact)
        for key in swapped_a
    }


def _two_sided(null: np.ndarray, observed: float, exact: bool) -> float:
    # Differences that are equal on paper must count as equal although their sums were rounded differently.
    slack = max(1e-14, abs(1e-12 * observed))
    extra = 0 if exact else 1
    greater = (np.count_nonzero(null >= observed - slack) + extra) / (len(null) + extra)
    less = (np.count_nonzero(null <= observed + slack) + extra) / (len(null) + extra)
    return float(min(1.0, 2 * min(greater, less)))


def _matrix(measured: Measured) -> np.ndarray:
    """Samples × columns."""
    return np.array(list(measured.columns.values())).T


def _reduce(measured: Measured, sums: np.ndarray) -> dict[str, np.ndarray]:
    named = dict(zip(measured.columns, sums.T, strict=True))
    return measured.scorer.reduce(measured.task, named, measured.n)


def _resampled(systems: list[Measured], n_resamples: int, seed: int) -> list[dict[str, np.ndarray]]:
    """Of each system the scores on the resamples, the same resamples for all."""
    matrices = [_matrix(system) for system in systems]
    sums: list[list[np.ndarray]] = [[] for _ in systems]
    for weights in _weights(systems[0].n, n_resamples, seed):
        for matrix, parts in zip(matrices, sums, strict=True):
            parts.append(weights @ matrix)
    return [_reduce(system, np.concatenate(parts)) for system, parts in zip(systems, sums, strict=True)]


def _weights(n: int, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Batches of resamples × samples: how often each sample was drawn."""
    generator = np.random.default_rng(seed)
    for rows in _batches(n, n_resamples):
        drawn = generator.integers(0, n, (rows, n)) + n * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(float)


def _swaps(n: int, n_resamples: int, seed: int, exact: bool) -> Iterator[np.ndarray]:
    """Batches of swaps × samples: 1 where the sample's two predictions change sides."""
    generator = np.random.default_rng(seed)
    done = 0
    for rows in _batches(n, 2**n if exact else n_resamples):
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
