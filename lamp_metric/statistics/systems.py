"""The scores of one system, and one system against the baseline."""

from __future__ import annotations

from dataclasses import dataclass

from lamp_metric.result_tables.text_table import interval


@dataclass(frozen=True)
class System:
    """The scores of one system.

    Attributes:
        scores: result key -> score; of several runs, their mean.
        intervals: result key -> ``[low, high]``, the percentile bootstrap interval.
        runs: number of runs, such as seeds.
        spread: result key -> standard deviation of the runs' scores (with n - 1); None for a single run.
        unusable: number of predictions that cannot be used, in all runs.
    """

    scores: dict[str, float]
    intervals: dict[str, list[float]]
    runs: int
    spread: dict[str, float] | None
    unusable: int


@dataclass(frozen=True)
class Contrast:
    """One system against the baseline, in one score.

    Attributes:
        difference: the system's score minus the baseline's.
        difference_ci: its interval ``[low, high]``, paired percentile bootstrap.
        standard_error: standard deviation of the difference on the resamples.
        detectable: the smallest true difference that these data would probably show, see
            :func:`~lamp_metric.statistics.significance.detectable_difference`; None if the differences do not vary.
        p_value: of the two-sided paired randomization test.
        p_holm: p corrected for the number of systems, see
            :func:`~lamp_metric.statistics.significance.holm`.
        better: name of the system with the better score; None if they are equal.
        wins: number of users whose mean score is better under the system, or of samples if users are not known; None
            for macro F1, which no sample has by itself.
        ties: number of users with equal means.
        losses: number of users whose mean is better under the baseline.
    """

    difference: float
    difference_ci: list[float]
    standard_error: float
    detectable: float | None
    p_value: float
    p_holm: float
    better: str | None
    wins: int | None
    ties: int | None
    losses: int | None


def text_cells(contrast: Contrast | None) -> list[str]:
    """The cells of a line for a terminal; what does not exist is empty."""
    if contrast is None:
        return [""] * 6
    p = (f"{contrast.p_value:.4f}", f"{contrast.p_holm:.4f}")
    return [f"{contrast.difference:+.4f}", interval(contrast.difference_ci), *p, *_outcome(contrast)]


def _outcome(contrast: Contrast) -> list[str]:
    """Wins, ties and losses, and the smallest difference that the data would probably have shown."""
    won = "" if contrast.wins is None else f"{contrast.wins}/{contrast.ties}/{contrast.losses}"
    return [won, "" if contrast.detectable is None else f"{contrast.detectable:.4f}"]


def difference_cells(contrast: Contrast | None, pattern: str) -> list[str]:
    """Difference with interval, and Holm's p."""
    if contrast is None:
        return ["", ""]
    low, high = contrast.difference_ci
    return [pattern.format(f"{contrast.difference:+.3f}", f"[{low:+.3f}, {high:+.3f}]"), _p(contrast.p_holm)]


def _p(value: float) -> str:
    return "<.001" if value < 0.001 else f"{value:.3f}"
