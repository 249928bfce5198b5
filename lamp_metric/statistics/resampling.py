"""Intervals and p-values: the bootstrap of whole scores, Student's t of means over few users, randomization tests.

Every score is a function of the sums of per-sample statistics, so a resample is a row of weights, and many resamples
are one matrix product. The draws are those of ``scipy.stats.bootstrap``: with the same seed, the intervals are equal.

*Units* are drawn here, and swapped in tests: users with all their samples, which are alike, or else samples.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from math import lcm
from statistics import NormalDist

import numpy as np

from lamp_metric.measures.measure import Column, Together
from lamp_metric.predictions.scored_samples import ScoredSamples
from lamp_metric.signature import FEW, Resampling, is_few

#: The number of weights held at a time, few enough for a processor's cache.
CELLS = 1_000_000

#: Result key -> that score on each resample.
Resampled = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Units:
    """The units that are drawn and swapped: the number of each sample's unit, and each unit's number of samples."""

    of_sample: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, n: int, users: Sequence[str] | None) -> "Units":
        """The users in the order of their first sample; without users, each of the ``n`` samples by itself.

        >>> Units.of(3, ["b", "a", "b"]).of_sample.tolist()
        [0, 1, 0]
        """
        places = np.arange(n)
        if users is not None:
            number = {user: place for place, user in enumerate(dict.fromkeys(users))}
            places = np.array([number[user] for user in users])
        return cls(places, np.bincount(places).astype(float))

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Units × columns: for each unit the sum of its samples' rows in ``values``, samples × columns."""
        if len(self.sizes) == len(values):
            return values
        totals = np.zeros((len(self.sizes), values.shape[1]))
        np.add.at(totals, self.of_sample, values)
        return totals

    def means(self, values: Sequence[float]) -> np.ndarray:
        """For each unit the mean of its samples' ``values``."""
        return self.sums(np.array(values, float)[:, None])[:, 0] / self.sizes


def intervals(samples: ScoredSamples, resampling: Resampling) -> dict[str, list[float]]:
    """The interval of each score: result key -> ``[low, high]``; of means over few units see :func:`student_interval`.

    The others are percentile bootstrap intervals. A resample has as many units as ``samples``, drawn with replacement.
    If these are users, its number of samples varies, and the score is that of all samples in it.
    """
    drawn, level = resampled_scores([samples], resampling)[0], resampling.confidence_level
    units, means = Units.of(samples.n, samples.users), samples.scorer.means
    return {key: interval_of(samples.values(key) if key in means else None, units, drawn[key], level) for key in drawn}


def interval_of(
    values: Sequence[float] | None, units: Units, drawn: np.ndarray, confidence_level: float
) -> list[float]:
    """The interval of a score, from its resamples, or from the samples' ``values`` if it is their mean over few units.

    ``values``: None for a score that is no mean.
    """
    if values is None or not is_few(len(units.sizes)):
        return percentile_interval(drawn, confidence_level)
    return student_interval(units.sums(np.array(values, float)[:, None])[:, 0], units.sizes, confidence_level)


def student_interval(totals: np.ndarray, sizes: np.ndarray, confidence_level: float) -> list[float]:
    """Student's t interval of a mean over samples, see :func:`student_error`.

    >>> [round(end, 4) for end in student_interval(np.array([1.0, 3.0, 5.0]), np.ones(3), 0.95)]
    [-1.9683, 7.9683]
    """
    return _around(totals.sum() / sizes.sum(), *student_error(totals, sizes), confidence_level)


def student_error(totals: np.ndarray, sizes: np.ndarray) -> tuple[float, float]:
    """Standard error and degrees of freedom of a mean over samples, from each unit's total and number of samples.

    The mean is a ratio of two sums over units, linearized. With equal sizes this is the textbook interval of the units'
    means, with as many degrees of freedom as units less one. With unequal ones, that would hold the truth in 77% to 92%
    of cases instead of 95%: so each squared residual is divided by 1 less the unit's share of the samples, and the
    degrees of freedom are Satterthwaite's for samples that are independent (Bell and McCaffrey 2002, "Bias Reduction in
    Standard Errors for Linear Regression with Multi-Stage Samples"; Imbens and Kolesár 2016).
    """
    n, share = sizes.sum(), sizes / sizes.sum()
    mean = totals.sum() / n
    # The variance is a quadratic form in the totals, whose variances are as the sizes: its traces give df
    residuals = (np.eye(len(sizes)) - share[:, None]) * np.sqrt(sizes)
    form = residuals.T @ (residuals / (1 - share)[:, None])
    df = np.trace(form) ** 2 / (form**2).sum()
    variance = ((totals - mean * sizes) ** 2 / (1 - share)).sum() / n**2
    return float(np.sqrt(variance)), float(df)


def _around(value: float, error: float, df: float, confidence_level: float) -> list[float]:
    half = float(_t(df, 0.5 + confidence_level / 2) * error)
    return [float(value) - half, float(value) + half]


def _t(df: float, share: float) -> float:
    """The quantile of Student's t distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(df, share))


def mean_intervals(
    columns: Sequence[Sequence[float]],
    users: Sequence[str] | None,
    resampling: Resampling,
    by: Sequence[float] | None = None,
) -> list[list[float]]:
    """The interval of each column's mean; ``users`` are the units, or samples if they are None.

    It is the percentile bootstrap interval, or Student's of few units. Columns hold values of the same samples, such as
    the differences of two systems' per-sample scores. With ``by``, another column, it is the interval of the ratio of
    sums (of few units: linearized, with as many degrees of freedom as units less one), and may be infinite or NaN.
    """
    units, level = Units.of(len(columns[0]), users), resampling.confidence_level
    totals = units.sums(np.array(columns, float).T)
    sizes = units.sizes if by is None else units.sums(np.array([by], float).T)[:, 0]
    if is_few(len(sizes)):
        n, of_all = len(sizes), sizes.sum()
        if by is None:
            return [student_interval(column, sizes, level) for column in totals.T]
        ratios = totals.sum(axis=0) / of_all
        variances = ((totals - ratios * sizes[:, None]) ** 2).sum(axis=0) * n / (n - 1) / of_all**2
        return [_around(ratio, error, n - 1, level) for ratio, error in zip(ratios, np.sqrt(variances), strict=True)]
    with np.errstate(divide="ignore", invalid="ignore"):
        means = [(weights @ totals) / (weights @ sizes)[:, None] for weights in unit_weights(len(sizes), resampling)]
        return [percentile_interval(column, level) for column in np.concatenate(means).T]


def percentile_interval(values: np.ndarray, confidence_level: float) -> list[float]:
    """The middle ``confidence_level`` of ``values``."""
    tail = (1 - confidence_level) / 2
    low, high = np.percentile(values, [100 * tail, 100 * (1 - tail)])
    return [float(low), float(high)]


def to_matrix(samples: ScoredSamples) -> np.ndarray:
    """Samples × statistics."""
    return np.array(list(samples.statistics.values())).T


def aggregate(samples: ScoredSamples, sums: np.ndarray, n: np.ndarray | int) -> dict[str, np.ndarray]:
    """The scores from resamples × sums of the statistics, and the number of samples in each resample."""
    named = dict(zip(samples.statistics, sums.T, strict=True))
    return samples.scorer.aggregate(samples.task, named, n)


def resampled_scores(systems: Sequence[ScoredSamples], resampling: Resampling) -> list[Resampled]:
    """The scores of each system on bootstrap resamples, which are the same for all systems.

    The systems were scored on the same samples in the same order; the first one's users are drawn, if it has any.
    """
    units = Units.of(systems[0].n, systems[0].users)
    matrices = [units.sizes, *(units.sums(to_matrix(system)) for system in systems)]
    batches = [[weights @ matrix for matrix in matrices] for weights in unit_weights(len(units.sizes), resampling)]
    n, *sums = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return [aggregate(system, parts, n) for system, parts in zip(systems, sums, strict=True)]


def unit_weights(n: int, resampling: Resampling) -> Iterator[np.ndarray]:
    """Batches of resamples × units: how often each unit was drawn."""
    generator = np.random.default_rng(resampling.seed)
    for rows in batch_sizes(n, resampling.n_resamples):
        drawn = generator.integers(0, n, (rows, n)) + n * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(float)


def batch_sizes(n: int, total: int) -> Iterator[int]:
    """``total`` in parts, each of which times ``n`` is at most :data:`CELLS`, if it is more than 1."""
    rows = max(1, CELLS // n)
    for start in range(0, total, rows):
        yield min(rows, total - start)


def users_as_samples(samples: ScoredSamples) -> ScoredSamples:
    """Each user as one sample, whose parts in the scores are the user's own scores.

    Scores that no sample has by itself are left out: macro F1, because a user's samples lack most labels, and corpus
    scores. The RMSE is the mean of the users' RMSE.
    """
    if samples.users is None:
        raise ValueError("means of users' means need the user of each sample: pass users, --data-dir or --questions")
    names, units = list(dict.fromkeys(samples.users)), Units.of(samples.n, samples.users)
    found = aggregate(samples, units.sums(to_matrix(samples)), units.sizes)
    columns = {key: np.asarray(found[key]).tolist() for key in samples.scorer.shown}
    scorer = Together(None, [Column(key, samples.scorer.higher_is_better[key]) for key in columns])
    scores = scorer.of_all(samples.task, columns)
    return replace(samples, statistics=columns, scores=scores, ids=names, users=names, scorer=scorer)


def p_values(a: Sequence[ScoredSamples], b: Sequence[ScoredSamples], resampling: Resampling) -> dict[str, float]:
    """The two-sided p-value of each score's difference in the paired randomization test.

    The hypothesis is that the two systems are exchangeable: the two predictions of each sample are swapped with
    probability 1/2, those of all of a user's samples at once if users are given. If there are at most ``n_resamples``
    ways to swap, all are tried, and the p-value is exact. Otherwise that many are drawn, and the observed one counts as
    one more, so that the p-value is never 0. As in ``scipy.stats.permutation_test``, it is twice the smaller one-sided
    p-value, and at most 1.

    If systems have several runs, the means of the runs' scores are compared, and a unit's outputs are swapped in all
    runs at once. If the numbers of runs differ, runs are repeated until they do not, which does not change the means.
    """
    pairs = list(islice(zip(cycle(a), cycle(b)), lcm(len(a), len(b))))
    units = Units.of(a[0].n, a[0].users)
    n = len(units.sizes)
    exact = 2**n <= resampling.n_resamples
    sides = [(units.sums(to_matrix(run_a)), units.sums(to_matrix(run_b))) for run_a, run_b in pairs]
    gaps = np.concatenate([of_a - of_b for of_a, of_b in sides], axis=1)
    # The first row, in which nothing is swapped, gives the observed differences.
    swapped = [swaps @ gaps for swaps in _swaps(n, resampling, exact)]
    moved = np.concatenate([np.zeros((1, gaps.shape[1])), *swapped])
    found = []
    for pair, both, part in zip(pairs, sides, np.split(moved, len(pairs), axis=1), strict=True):
        of_a, of_b = (
            aggregate(run, sums.sum(axis=0) + sign * part, run.n)
            for run, sums, sign in zip(pair, both, (-1, 1), strict=True)
        )
        found.append({key: of_a[key] - of_b[key] for key in of_a})
    means = {key: np.mean([differences[key] for differences in found], axis=0) for key in a[0].keys}
    return {key: _two_sided(values[1:], float(values[0]), exact) for key, values in means.items()}


def _two_sided(null: np.ndarray, observed: float, exact: bool) -> float:
    # Differences that are equal in exact arithmetic must count as equal, even if their sums were rounded differently.
    slack = max(1e-14, abs(1e-12 * observed))
    extra = 0 if exact else 1
    greater = (np.count_nonzero(null >= observed - slack) + extra) / (len(null) + extra)
    less = (np.count_nonzero(null <= observed + slack) + extra) / (len(null) + extra)
    return float(min(1.0, 2 * min(greater, less)))


def _swaps(n: int, resampling: Resampling, exact: bool) -> Iterator[np.ndarray]:
    """Batches of swaps × units: 1 if the two systems' predictions of the unit are swapped."""
    generator = np.random.default_rng(resampling.seed)
    done = 0
    for rows in batch_sizes(n, 2**n if exact else resampling.n_resamples):
        if exact:
            patterns = np.arange(done, done + rows)[:, None] >> np.arange(n) & 1
        else:
            # Whole words for each row, so that the draws do not depend on the batches.
            words = generator.integers(0, 2**64 - 1, (rows, -(-n // 64)), dtype=np.uint64, endpoint=True)
            patterns = np.unpackbits(words.astype("<u8").view(np.uint8), axis=1, count=n)
        yield patterns.astype(float)
        done += rows


def detectable_difference(standard_error: float, confidence_level: float = 0.95, df: float | None = None) -> float:
    """The smallest true difference that a test at the level 1 - ``confidence_level`` would find with a power of 80%.

    It is ``(z(1 - alpha / 2) + z(0.8)) * standard_error``, with quantiles z of the normal distribution: 2.80 standard
    errors for a test at 5%; with ``df`` degrees of freedom, of Student's t. The standard error must be that of the
    difference, clustered by user if users are drawn. See Card et al. 2020, "With Little Power Comes Great
    Responsibility" (arXiv 2010.06595), and Miller 2024, "Adding Error Bars to Evals" (arXiv 2411.00640, section 5).

    >>> round(detectable_difference(0.01), 4)
    0.028
    """
    z = NormalDist().inv_cdf if df is None else partial(_t, df)
    return (z(0.5 + confidence_level / 2) + z(0.8)) * standard_error


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for their number by Holm's step-down method, which limits the error of the whole family.

    The smallest of m is multiplied by m, the next by m - 1, and so on; none gets smaller than the one before it, or
    greater than 1 (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected, least, m = [0.0] * len(p_values), 0.0, len(p_values)
    for rank, place in enumerate(sorted(range(m), key=p_values.__getitem__)):
        least = max(least, min(1.0, (m - rank) * p_values[place]))
        corrected[place] = least
    return corrected


def least_p(units: int, n_resamples: int) -> float:
    """The smallest possible p-value of :func:`p_values`."""
    return 2 / min(2**units, n_resamples + 1)


def few_units(n: int, users: int | None, n_resamples: int, no_means: Sequence[str] = ()) -> list[str]:
    """A line that warns of few users, or of few samples if users are not known; none if there are enough.

    ``no_means``: the scores that are no means, so that they have bootstrap intervals even so.

    >>> few_units(100, 3, 10_000), few_units(100, 6, 10_000, ["RMSE"])[0]
    (['few users (3): the smallest possible p is 0.25'],
     'few users (6): the smallest possible p is 0.031, and the interval of RMSE tends to be too narrow')
    """
    units, what = (n, "samples") if users is None else (users, "users")
    if units >= FEW:
        return []
    least = least_p(units, n_resamples)
    narrow = f", and the interval of {' and '.join(no_means)} tends to be too narrow" if no_means else ""
    return [f"few {what} ({units}): the smallest possible p is {least:.2g}{narrow}"]
