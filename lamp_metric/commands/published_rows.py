"""Published results as extra rows of a comparison, marked where they are not of the same split and setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lamp_dataset.tasks import get_task
from lamp_metric.published import PUBLISHED, PublishedScores

#: What marks a row of another split or setting, and why.
MARK = "†"
WHY = f"{MARK} published for another split or setting, or for a split that nobody named: other samples, no contrast"


@dataclass(frozen=True)
class PublishedRow:
    """A published result alongside the systems.

    Attributes:
        result: what its source says.
        comparable: whether it is of the same setting and split.
    """

    result: PublishedScores
    comparable: bool

    @property
    def scores(self) -> Mapping[str, float]:
        """Result key -> score."""
        return self.result.scores

    @property
    def name(self) -> str:
        """System, source, config and split."""
        return f"{self.result.label} ({self.result.source}: {self.result.config}, {self.result.split})"

    @property
    def marked(self) -> str:
        """The name, with the mark if the row is not comparable."""
        return self.name if self.comparable else f"{self.name} {MARK}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        found = self.result
        return {
            "system": found.system,
            "source": found.source,
            "config": found.config,
            "split": found.split,
            "retriever": found.retriever,
            "k": found.k,
            "scores": dict(found.scores),
            "comparable": self.comparable,
        }


def published_rows(config: str, split: str | None) -> list[PublishedRow]:
    """The published results on the task of ``config``, in both settings.

    Args:
        config: config name.
        split: what the systems are compared on; None: not known, and no result is comparable.
    """
    task = get_task(config)
    same_task = (result for result in PUBLISHED if get_task(result.config).base == task.base)
    return [PublishedRow(row, (row.config, row.split) == (task.name, split)) for row in same_task]
