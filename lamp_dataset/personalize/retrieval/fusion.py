"""Rankers made of other rankings: the fusion of several, and one read back from a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lamp_dataset.formats.rankings import read_rankings
from lamp_dataset.personalize.retrieval.ranking import Ranker, Ranking, by_score
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
        """Raise ValueError for fewer than two rankers."""
        if len(self.rankers) < 2 or self.c < 0:
            raise ValueError(
                f"rrf: expected two rankers or more and c from 0, found {len(self.rankers)} and c={self.c}"
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
            self._fuse(rankings) for rankings in zip(*(ranker.rank(samples) for ranker in self.rankers), strict=True)
        ]

    def _fuse(self, rankings: Sequence[Ranking]) -> Ranking:
        scores = np.zeros(len(rankings[0].order))
        for ranking in rankings:
            scores[np.array(ranking.order, np.int64)] += 1 / (self.c + 1 + np.arange(len(scores)))
        return by_score(scores, tuple(note for ranking in rankings for note in ranking.notes))


class RankingFile:
    """A ranking file, ``{sample id: [item id, ... best first]}``, as the official script and ours write it.

    It may name only some of a profile's items; the others are not retrieved.
    """

    needs_query: ClassVar[bool] = False
    needs_dates: ClassVar[bool] = False
    scored: ClassVar[bool] = False

    def __init__(self, path: str | os.PathLike) -> None:
        """Read the file; OSError if it cannot be read, ValueError if it is not a ranking file."""
        self.path = str(path)
        rankings = read_rankings(self.path)
        self._by_id, self.digest = rankings.by_id, rankings.sha256

    def __getstate__(self) -> dict[str, str]:
        """Path and digest: the content is read again where the ranker is unpickled, and caches see a change of it."""
        return {"path": self.path, "digest": self.digest}

    def __setstate__(self, state: dict[str, str]) -> None:
        """Read the file again; ValueError if it has changed since."""
        self.__init__(state["path"])
        if self.digest != state["digest"]:
            raise ValueError(f"{self.path}: the ranking file has changed while it was in use; start again")

    def rank(self, samples: Sequence[Sample]) -> list[Ranking]:
        """See :class:`~lamp_dataset.personalize.retrieval.ranking.Ranker`; ValueError for an unknown sample or item."""
        return [self._rank(sample) for sample in samples]

    def _rank(self, sample: Sample) -> Ranking:
        if sample.id not in self._by_id:
            raise ValueError(f"{self.path}: no ranking of sample {sample.id!r}; made of another split or config?")
        positions: dict[str, int] = {}
        for position, item_id in enumerate(sample.column("id")):
            positions.setdefault(item_id, position)
        ranked = list(dict.fromkeys(self._by_id[sample.id]))
        unknown = [item_id for item_id in ranked if item_id not in positions]
        if unknown:
            message = f"names item {unknown[0]!r}, which its profile of {sample.size} items lacks ({len(unknown)} such)"
            raise ValueError(f"{self.path}: sample {sample.id!r} {message}; made of another split or config?")
        return Ranking([positions[item_id] for item_id in ranked])
