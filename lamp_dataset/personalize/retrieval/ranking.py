"""The result of a ranker, and the rules for ties."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.retrieval.samples import Sample
from lamp_dataset.personalize.retrieval.ties import SHORT, introsort


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
        ValueError: not one ranking per sample, not every item of a profile once, or not one score per item; the message
            names the sample.
    """
    rankings = ranker.rank(samples)
    if type(ranker).__module__.startswith(f"{__package__}."):
        return rankings
    name, rankings = type(ranker).__qualname__, list(rankings)
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
    if sorted(_positions(ranking.order)) != list(range(size)):
        return f"expected the positions of all {size} items, each once, found {short(ranking.order)}"
    if scored != (ranking.scores is not None):
        return f"expected {'scores' if scored else 'no scores'}, as its 'scored' says, found {short(ranking.scores)}"
    if scored and not (len(ranking.scores) == size and np.isfinite(ranking.scores).all()):
        return f"expected a finite score for each of {size} items, found {short(ranking.scores)}"
    return ""


def _positions(order: Sequence[int]) -> list[int]:
    """The positions as whole numbers; an empty list if they are something else."""
    try:
        return [operator.index(position) for position in order]
    except TypeError:
        return []


def by_score(scores: np.ndarray, notes: tuple[str, ...] = (), rules: str = "fixed") -> Ranking:
    """The highest score first.

    Of equal scores, the later item comes first, or with ``rules="official"`` the one that numpy 1.24 puts first.

    >>> by_score(np.array([0.0, 2.0, 0.0])).order
    [1, 2, 0]
    """
    order = np.argsort(scores, kind="stable")
    ranked = scores[order] if rules == "official" and len(scores) > SHORT else scores[:0]
    found = introsort(scores.tolist()) if (ranked[1:] == ranked[:-1]).any() else order.tolist()
    return Ranking(found[::-1], scores.tolist(), notes)
