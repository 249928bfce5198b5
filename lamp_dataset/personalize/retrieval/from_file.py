"""A ranker that reads its rankings from a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from lamp_dataset.formats.rankings import read_rankings
from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.retrieval.ranking import Ranking
from lamp_dataset.personalize.retrieval.samples import Sample, positions_by_id


class RankingFile:
    """A ranking file, ``{sample id: [item id, ... best first]}``, as the official script and ours write it.

    It may name only some of a profile's items; the others are not retrieved.
    """

    needs_query: ClassVar[bool] = False
    needs_dates: ClassVar[bool] = False
    scored: ClassVar[bool] = False

    def __init__(self, path: str | os.PathLike) -> None:
        """Read the file; OSError if it cannot be read, ValueError if it is not a ranking file."""
        found = read_rankings(path)
        self.path, self.digest, self._by_id = found.name, found.sha256, found.by_id

    def __repr__(self) -> str:
        """The path."""
        return f"RankingFile({self.path!r})"

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
            raise ValueError(f"{self.path}: no ranking of sample {short(sample.id)}; made of another split or config?")
        positions = positions_by_id(sample)
        ranked = list(dict.fromkeys(self._by_id[sample.id]))
        unknown = [item_id for item_id in ranked if item_id not in positions]
        if unknown:
            message = (
                f"names item {short(unknown[0])}, which its profile of {sample.size} items lacks ({len(unknown)} such)"
            )
            raise ValueError(f"{self.path}: sample {short(sample.id)} {message}; made of another split or config?")
        return Ranking([positions[item_id] for item_id in ranked])
