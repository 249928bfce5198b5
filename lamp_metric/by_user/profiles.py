"""What the report needs of each row of a questions file, taken while the file is read once, in flat memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lamp_dataset.personalize.retrieval.queries import find_query
from lamp_dataset.personalize.retrieval.samples import PlainSample
from lamp_dataset.task import Task
from lamp_metric.by_user.nearness import Nearness, nearest


@dataclass(frozen=True)
class Profile:
    """What is kept of one row.

    Attributes:
        size: number of items.
        nearness: of the nearest item.
        text: the input's query, for the page; "" for a gated task.
    """

    size: int
    nearness: Nearness
    text: str


@dataclass(frozen=True)
class Profiles:
    """Keeps a :class:`Profile` of each row that it is called with.

    Attributes:
        task: the config of the rows.
        by_id: sample id -> what was kept.
    """

    task: Task
    by_id: dict[str, Profile] = field(default_factory=dict)

    def __call__(self, row: Mapping[str, Any]) -> None:
        """Look at one row."""
        query = find_query(self.task, row["input"], "fixed")
        near = nearest(PlainSample(self.task, row["id"], row["input"], query, row["profile"]))
        self.by_id[row["id"]] = Profile(len(row["profile"]), near, "" if self.task.gated else query.text)
