"""Bootstrap intervals and a paired randomization test, on whole scores rather than on means of per-sample values.

Every score is a function of the sums of per-sample statistics, so a resample is a row of weights, and many resamples
are one matrix product. The draws are those of ``scipy.stats.bootstrap``: with the same seed the intervals are equal.

What is drawn and swapped are *units*: the users, each with all their samples, if the samples say whose they are, and
otherwise the samples themselves. Samples of one user are alike, so they are not independent draws; users are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from math import lcm

import numpy as np

from lamp_metric.predictions.measuring import ScoredSamples
from lamp_metric.statistics.options import Resampling

#: The number of weights held at a time: 4 million take 32 MB.
_CELLS = 4_000_000
#: The number drawn at a time: so few stay in a processor's cache.
_CACHED_CELLS = 50_000

#: Result key -> that score on each resample.
Resampled = Mapping[str, np.ndarray]


def numbered(users: Iterable[str]) -> tuple[list[str], list[int]]:
    """The distinct users in the order of their first sample, and for each sample the number of its user.

    >>> numbered(["b", "a", "b"])
    (['b', 'a'], [0, 1, 0])
    """
    numbers_of: dict[str, int] = {}
    found = [numbers_of.setdefault(user, len(numbers_of)) for user in users]
    return list(numbers_of), found


@dataclass(frozen=True)
class Units:
    """What is drawn and swapped as a whole.

    Attributes:
        of_sample: the number of each sample's unit.
        sizes: the number of samples of each unit.
    """

    of_sample: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, n: int, users: Sequence[str] | None) -> Units:
        """The users in the order of their first sample; without users, each of the ``n`` samples by itself."""
        places = np.arange(n) if users is None else np.array(numbered(users)[1])
        return cls(places, np.bincount(places).astype(float))

    @property
    def n(self) -> int:
        """The number of units."""
        return len(self.sizes)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Units × columns: for each unit the sum of its samples' rows in ``values``, samples × columns."""
        if self.n == len(values):
            return values
        totals = np.zeros((self.n, values.shape[1]))
        np.add.at(totals, self.of_sample, values)
        return totals


def intervals(samples: ScoredSamples, resampling: Resampling) -> dict[str, list[float]]:
    """The percentile bootstrap interval of each score: result key -> ``[low, high]``.

    Each resample has as many units (users or samples) as ``samples``, drawn with replacement. If users are drawn, its
    number of samples varies, and the score is that of all samples in it.
    """
    scores = resampled_scores([samples], resampling)[0]
    return {key: percentile_interval(values, resampling.confidence_level) for key, values in scores.items()}


def mean_intervals(
    columns: Sequence[Sequence[float]], users: Sequence[str] | None, resampling: Resampling
) -> list[list[float]]:
    """The percentile bootstrap interval of the mean of each column, when ``users`` (or for None samples) are drawn.

    Columns hold values of the same samples, such as the differences of two systems' per-sample scores.
    """
    units = Units.of(len(columns[0]), users)
    totals = units.sums(np.array(columns, float).T)
    means = [(weights @ totals) / (weights @ units.sizes)[:, None] for weights in unit_weights(units.n, resampling)]
    return [percentile_interval(column, resampling.confidence_level) for column in np.concatenate(means).T]


def percentile_interval(values: np.ndarray, confidence_level: float) -> list[float]:
    """The middle ``confidence_level`` of ``values``."""
    tail = (1 - confidence_level) / 2
    low, high = np.percentile(values, [100 * tail, 100 * (1 - tail)])
    return [float(low), float(high)]


def p_values(a: Sequence[ScoredSamples], b: Sequence[ScoredSamples], resampling: Resampling) -> dict[str, float]:
    """The two-sided p-value of each score's difference in the paired randomization test.

    The hypothesis is that the two systems are exchangeable: the two predictions of each sample are swapped with
    probability 1/2, those of a user's samples all at once if users are given. If there are at most ``n_resamples``
    ways to swap, all are tried and the p-value is exact. Otherwise that many are drawn, and the observed one is counted
    among them, so that the p-value is never 0. As in ``scipy.stats.permutation_test``, it is twice the smaller
    one-sided p-value, at most 1.

    Of systems with several runs, the means over the runs' scores are compared, and a unit's outputs are swapped in all
    runs at once. If the numbers of runs differ, runs are repeated until they are equal, which leaves the means as they
    are.
    """
    pairs = list(islice(zip(cycle(a), cycle(b)), lcm(len(a), len(b))))
    units = Units.of(a[0].n, a[0].users)
    exact = 2**units.n <= resampling.n_resamples
    sides = [(units.sums(to_matrix(run_a)), units.sums(to_matrix(run_b))) for run_a, run_b in pairs]
    gaps = np.concatenate([of_a - of_b for of_a, of_b in sides], axis=1)
    # The first row, in which nothing is swapped, gives the observed differences.
    swapped = [swaps @ gaps for swaps in _swaps(units.n, resampling, exact)]
    moved = np.concatenate([np.zeros((1, gaps.shape[1])), *swapped])
    found = [
        _differences(*pair, of_a.sum(axis=0) - part, of_b.sum(axis=0) + part)
        for pair, (of_a, of_b), part in zip(pairs, sides, np.split(moved, len(pairs), axis=1), strict=True)
    ]
    means = {key: np.mean([differences[key] for differences in found], axis=0) for key in a[0].keys}
    return {key: _two_sided(values[1:], float(values[0]), exact) for key, values in means.items()}


def _differences(a: ScoredSamples, b: ScoredSamples, sums_a: np.ndarray, sums_b: np.ndarray) -> Resampled:
    """A minus B, from resamples × sums of the statistics of each."""
    of_a, of_b = aggregate(a, sums_a, a.n), aggregate(b, sums_b, b.n)
    return {key: of_a[key] - of_b[key] for key in of_a}


def _two_sided(null: np.ndarray, observed: float, exact: bool) -> float:
    # Differences that are equal in exact arithmetic must count as equal although their sums are rounded differently.
    slack = max(1e-14, abs(1e-12 * observed))
    extra = 0 if exact else 1
    greater = (np.count_nonzero(null >= observed - slack) + extra) / (len(null) + extra)
    less = (np.count_nonzero(null <= observed + slack) + extra) / (len(null) + extra)
    return float(min(1.0, 2 * min(greater, less)))


def to_matrix(samples: ScoredSamples) -> np.ndarray:
    """Samples × statistics."""
    return np.array(list(samples.statistics.values())).T


def aggregate(samples: ScoredSamples, sums: np.ndarray, n: np.ndarray | int) -> dict[str, np.ndarray]:
    """The scores from resamples × sums of the statistics, and the number of samples in each resample."""
    named = dict(zip(samples.statistics, sums.T, strict=True))
    return samples.scorer.aggregate(samples.task, named, n)


def resampled_scores(systems: Sequence[ScoredSamples], resampling: Resampling) -> list[Resampled]:
    """The scores of each system on bootstrap resamples, which are the same for all systems.

    Args:
        systems: scored on the same samples in the same order; the first one's users are drawn, if it has any.
        resampling: how many, and the seed.
    """
    units = Units.of(systems[0].n, systems[0].users)
    matrices = [units.sums(to_matrix(system)) for system in systems]
    sums: list[list[np.ndarray]] = [[] for _ in systems]
    sizes = []
    for weights in unit_weights(units.n, resampling):
        sizes.append(weights @ units.sizes)
        for matrix, parts in zip(matrices, sums, strict=True):
            parts.append(weights @ matrix)
    n = np.concatenate(sizes)
    return [aggregate(system, np.concatenate(parts), n) for system, parts in zip(systems, sums, strict=True)]


def unit_weights(n: int, resampling: Resampling, *, cached: bool = False) -> Iterator[np.ndarray]:
    """Batches of resamples × units: how often each unit was drawn; ``cached``: so small that a cache holds each."""
    generator = np.random.default_rng(resampling.seed)
    for rows in _batches(n, resampling.n_resamples, _CELLS):
        parts = (_drawn(generator, part, n) for part in _batches(n, rows, _CACHED_CELLS))
        yield from parts if cached else [_joined(parts, rows, n)]


def _drawn(generator: np.random.Generator, rows: int, n: int) -> np.ndarray:
    drawn = generator.integers(0, n, (rows, n)) + n * np.arange(rows)[:, None]
    return np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(float)


def _joined(parts: Iterable[np.ndarray], rows: int, n: int) -> np.ndarray:
    """One array: like ``np.concatenate``, which would hold them twice."""
    joined, end = np.empty((rows, n)), 0
    for part in parts:
        start, end = end, end + len(part)
        joined[start:end] = part
    return joined


def _swaps(n: int, resampling: Resampling, exact: bool) -> Iterator[np.ndarray]:
    """Batches of swaps × units: 1 if the two systems' predictions of the unit are swapped."""
    generator = np.random.default_rng(resampling.seed)
    done = 0
    for rows in _batches(n, 2**n if exact else resampling.n_resamples, _CELLS):
        if exact:
            patterns = np.arange(done, done + rows)[:, None] >> np.arange(n) & 1
        else:
            # Whole words for each row, so that the draws do not depend on the batches.
            words = generator.integers(0, 2**64 - 1, (rows, -(-n // 64)), dtype=np.uint64, endpoint=True)
            patterns = np.unpackbits(words.astype("<u8").view(np.uint8), axis=1, count=n)
        yield patterns.astype(float)
        done += rows


def _batches(n: int, total: int, cells: int) -> Iterator[int]:
    rows = max(1, cells // n)
    for start in range(0, total, rows):
        yield min(rows, total - start)
