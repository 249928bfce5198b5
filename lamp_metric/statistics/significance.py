"""P-values of a paired randomization test and their correction, the detectable difference, a note on few samples."""

from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from math import lcm
from statistics import NormalDist

import numpy as np

from lamp_metric.predictions.scored_samples import ScoredSamples
from lamp_metric.signature import FEW, Resampling
from lamp_metric.statistics.bootstrap import Units, aggregate, batch_sizes, to_matrix


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


def detectable_difference(standard_error: float, confidence_level: float = 0.95) -> float:
    """The smallest true difference that a test at the level 1 - ``confidence_level`` would find with a power of 80%.

    It is ``(z(1 - alpha / 2) + z(0.8)) * standard_error``, with quantiles z of the normal distribution: 2.80 standard
    errors for a test at 5%. The standard error must be that of the difference, clustered by user if users are drawn.
    See Card et al. 2020, "With Little Power Comes Great Responsibility" (arXiv 2010.06595), and Miller 2024, "Adding
    Error Bars to Evals" (arXiv 2411.00640, section 5).

    >>> round(detectable_difference(0.01), 4)
    0.028
    """
    z = NormalDist().inv_cdf
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
    least = 2 / min(2**units, n_resamples + 1)
    narrow = f", and the interval of {' and '.join(no_means)} tends to be too narrow" if no_means else ""
    return [f"few {what} ({units}): the smallest possible p is {least:.2g}{narrow}"]
