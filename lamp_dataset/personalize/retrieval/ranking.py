"""The result of a ranker, and the one rule for ties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lamp_dataset.personalize.retrieval.samples import Sample


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


def by_score(scores: np.ndarray, notes: tuple[str, ...] = ()) -> Ranking:
    """The highest score first; of equal scores, the later item first.

    >>> by_score(np.array([0.0, 2.0, 0.0])).order
    [1, 2, 0]
    """
    return Ranking(np.argsort(scores, kind="stable")[::-1].tolist(), scores.tolist(), notes)
