"""How many users a split has, how many samples each, and how well the inference from profiles alone does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lamp_dataset.loading.statistics import summary
from lamp_dataset.personalize.users import UserFinder
from lamp_dataset.task import Task


class UserFigures:
    """Collects the users of a split from its batches, on their way to somebody else.

    Args:
        task: the config of the rows.
    """

    def __init__(self, task: Task) -> None:
        self._named = UserFinder(named=True) if task.time_based else None
        self._inferred = UserFinder(named=False)

    def watch(self, batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """The same batches."""
        for batch in batches:
            for users in (self._named, self._inferred):
                if users is not None:
                    users.add(batch)
            yield batch

    def figures(self) -> dict[str, Any]:
        """The figures of the rows so far.

        Returns:
            ``{"number", "inferred", "samples_per_user"}``: number of users; whether they are inferred from the
            profiles, as in configs without ``user_id``; a summary as in
            :func:`~lamp_dataset.loading.statistics.split_stats`. Where users are named, also ``"inference"``: see
            :func:`judge_inference`.
        """
        inferred = self._inferred.users()
        users = inferred if self._named is None else self._named.users()
        found = {
            "number": len(set(users)),
            "inferred": self._named is None,
            "samples_per_user": summary([np.array(list(Counter(users).values()), np.int64)]),
        }
        return found if self._named is None else {**found, "inference": judge_inference(users, inferred)}


def judge_inference(users: Sequence[str], inferred: Sequence[str]) -> dict[str, int]:
    """How many of the true users are found, split and merged by the inferred ones.

    Args:
        users: the true user of each row.
        inferred: the inferred user of each row.

    Returns:
        Numbers of true users: ``"found"``, whose rows are exactly one inferred user; ``"split"``, whose rows are
        several inferred users; ``"merged"``, who share an inferred user with somebody. A user can be both.

    >>> judge_inference(["a", "a", "b", "b", "c"], ["1", "1", "2", "3", "3"])
    {'found': 1, 'split': 1, 'merged': 2}
    """
    pairs = set(zip(users, inferred, strict=True))
    parts, owners = Counter(user for user, _ in pairs), Counter(group for _, group in pairs)
    split = {user for user, number in parts.items() if number > 1}
    merged = {user for user, group in pairs if owners[group] > 1}
    return {"found": len(parts.keys() - split - merged), "split": len(split), "merged": len(merged)}
