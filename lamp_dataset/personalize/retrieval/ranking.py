"""The result of a ranker, and the rules for ties.

The official order of equal scores is that of ``np.argsort(scores)[::-1]`` in numpy 1.24, whatever numpy is installed.
``rank_bm25`` sorts with numpy's default kind, and the official code pins numpy 1.24.2, where that is introsort:
quicksort with the median of three as the pivot, insertion sort for short runs, heapsort where partitions stay lopsided.
That mixes up equal scores, but in the same way on every machine. Later versions of numpy sort differently, and
differently on each kind of processor.
"""

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.retrieval.samples import Sample

#: A run of at most this many is finished by insertion sort, which is stable.
SHORT = 16


@dataclass(frozen=True)
class Ranking:
    """The order of one profile.

    Attributes:
        order: positions in the profile, best first, each once.
        scores: the score of each item in the profile's own order; None if the ranker gives none.
        notes: anything unusual, for the row's report.
    """

    order: Sequence[int]
    scores: Sequence[float] | None = None
    notes: tuple[str, ...] = ()


class Ranker(Protocol):
    """What every ranker has."""

    @property
    def needs_query(self) -> bool:
        """Whether the sample's query decides the order."""

    @property
    def needs_dates(self) -> bool:
        """Whether the items' dates decide the order; only the time-based configs have dates."""

    @property
    def scored(self) -> bool:
        """Whether its rankings have scores."""

    def rank(self, samples: Sequence[Sample]) -> list[Ranking]:
        """All items of each sample's profile, best first."""


def check_ranker(ranker: Any) -> Ranker:
    """``ranker``; ValueError for anything else than a retriever."""
    missing = [name for name in ("needs_query", "needs_dates", "scored", "rank") if not hasattr(ranker, name)]
    if missing or isinstance(ranker, type):
        lacking = f"{short(ranker)} without {', '.join(missing)}"
        found = lacking if missing else f"the class {ranker.__qualname__} itself"
        raise ValueError(f"expected a retriever's name or an object with the attributes of a Ranker, found {found}")
    return ranker


def rank(ranker: Ranker, samples: Sequence[Sample]) -> list[Ranking]:
    """What ``ranker.rank(samples)`` gives, checked unless the ranker is in this package.

    Raises:
        ValueError: no list of rankings, not one per sample, not every item of a profile once, or not one score per
            item; the message names the sample.
    """
    rankings = ranker.rank(samples)
    if type(ranker).__module__.startswith(f"{__package__}."):
        return rankings
    name = type(ranker).__qualname__
    if not isinstance(rankings, Iterable):
        raise ValueError(f"{name}: expected a list with a ranking for each sample, found {short(rankings)}")
    rankings = list(rankings)
    if len(rankings) != len(samples):
        raise ValueError(f"{name}: expected a ranking for each of {len(samples)} samples, found {len(rankings)}")
    for sample, ranking in zip(samples, rankings, strict=True):
        trouble = _trouble(ranking, sample.size, ranker.scored)
        if trouble:
            raise ValueError(f"{name}: sample {short(sample.id)}: {trouble}")
    return rankings


def _trouble(ranking: object, size: int, scored: bool) -> str:
    """What is wrong with a ranking of ``size`` items; empty if nothing is."""
    if not isinstance(ranking, Ranking):
        return f"expected a Ranking, found {short(ranking)}"
    try:
        positions = sorted(map(operator.index, ranking.order))
    except TypeError:  # no whole numbers
        positions = []
    if positions != list(range(size)):
        return f"expected the positions of all {size} items, each once, found {short(ranking.order)}"
    if scored != (ranking.scores is not None):
        return f"expected {'scores' if scored else 'no scores'}, as its 'scored' says, found {short(ranking.scores)}"
    if scored and not (len(ranking.scores) == size and np.isfinite(ranking.scores).all()):
        return f"expected a finite score for each of {size} items, found {short(ranking.scores)}"
    return ""


def by_score(scores: np.ndarray, notes: tuple[str, ...] = (), rules: str = "fixed") -> Ranking:
    """The highest score first.

    Of equal scores, the later item comes first, or with ``rules="official"`` the one that numpy 1.24 puts first.

    >>> by_score(np.array([0.0, 2.0, 0.0])).order
    [1, 2, 0]
    """
    order = np.argsort(scores, kind="stable")
    ranked = scores[order] if rules == "official" and len(scores) > SHORT else scores[:0]
    found = official_order(scores.tolist()) if (ranked[1:] == ranked[:-1]).any() else order.tolist()
    return Ranking(found[::-1], scores.tolist(), notes)


def official_order(values: Sequence[float]) -> list[int]:
    """Positions by value, the lowest first, as ``np.argsort`` of numpy 1.24 gives them for finite values.

    Of two parts the smaller one is sorted at once, however deep. The other one waits, and if the depth is used up by
    then, heapsort sorts it.

    >>> official_order([0.0] * 20)[::-1][:4]
    [19, 18, 1, 2]
    """
    order = list(range(len(values)))
    waiting = [(0, len(values) - 1, 2 * (len(values).bit_length() - 1))]
    while waiting:
        first, last, depth = waiting.pop()
        if depth < 0:
            order[first : last + 1] = _heapsort(values, order[first : last + 1])
            continue
        while last - first >= SHORT:
            depth -= 1
            middle = _partition(values, order, first, last)
            below, above = (first, middle - 1), (middle + 1, last)
            (first, last), later = (below, above) if middle - first < last - middle else (above, below)
            waiting.append((*later, depth))
        order[first : last + 1] = sorted(order[first : last + 1], key=values.__getitem__)
    return order


def _partition(values: Sequence[float], order: list[int], first: int, last: int) -> int:
    """Put the median of three in its final place, nothing higher before it and nothing lower after it; return it."""
    middle = first + (last - first) // 2
    for low, high in ((first, middle), (middle, last), (first, middle)):
        if values[order[high]] < values[order[low]]:
            order[low], order[high] = order[high], order[low]
    pivot = values[order[middle]]
    order[middle], order[last - 1] = order[last - 1], order[middle]
    left, right = first + 1, last - 2
    while True:
        while values[order[left]] < pivot:
            left += 1
        while pivot < values[order[right]]:
            right -= 1
        if left >= right:
            break
        order[left], order[right] = order[right], order[left]
        left, right = left + 1, right - 1
    order[left], order[last - 1] = order[last - 1], order[left]
    return left


def _heapsort(values: Sequence[float], run: list[int]) -> list[int]:
    """The run by value. Each step moves the top of the heap behind it, and the heap's last entry sinks from the top."""
    for top in reversed(range(len(run) // 2)):
        _sink(values, run, top, len(run))
    for size in reversed(range(1, len(run))):
        run[0], run[size] = run[size], run[0]
        _sink(values, run, 0, size)
    return run


def _sink(values: Sequence[float], heap: list[int], top: int, size: int) -> None:
    """Let the entry at ``top`` sink until no child is higher; of equal children the first moves up."""
    while (child := 2 * top + 1) < size:
        if child + 1 < size and values[heap[child]] < values[heap[child + 1]]:
            child += 1
        if values[heap[top]] >= values[heap[child]]:
            return
        heap[top], heap[child] = heap[child], heap[top]
        top = child
