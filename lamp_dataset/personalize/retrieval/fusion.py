"""Reciprocal rank fusion: a ranker made of others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lamp_dataset.personalize.retrieval.ranking import Ranker, Ranking, by_score, rank
from lamp_dataset.personalize.retrieval.samples import Sample


@dataclass(frozen=True, kw_only=True)
class RRF:
    """Reciprocal rank fusion (Cormack et al. 2009): an item's score is the sum over rankers of 1 / (c + its rank).

    Args:
        rankers: the rankers to fuse, two or more.
        c: the constant, 60 in the paper; the first rank is 1.
    """

    rankers: tuple[Ranker, ...]
    c: float = 60.0
    scored: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Raise ValueError for fewer than two rankers, or a constant out of range."""
        if len(self.rankers) < 2 or not 0 <= self.c < math.inf:
            raise ValueError(
                f"rrf: expected two rankers or more and a finite c from 0, found {len(self.rankers)} and c={self.c}"
            )

    @property
    def needs_query(self) -> bool:
        """Whether any of the rankers does."""
        return any(ranker.needs_query for ranker in self.rankers)

    @property
    def needs_dates(self) -> bool:
        """Whether any of the rankers does."""
        return any(ranker.needs_dates for ranker in self.rankers)

    def rank(self, samples: Sequence[Sample]) -> list[Ranking]:
        """See :class:`~lamp_dataset.personalize.retrieval.ranking.Ranker`."""
        return [
            self._fuse(rankings) for rankings in zip(*(rank(ranker, samples) for ranker in self.rankers), strict=True)
        ]

    def _fuse(self, rankings: Sequence[Ranking]) -> Ranking:
        scores = np.zeros(len(rankings[0].order))
        for ranking in rankings:
            scores[np.array(ranking.order, np.int64)] += 1 / (self.c + 1 + np.arange(len(scores)))
        return by_score(scores, tuple(note for ranking in rankings for note in ranking.notes))
