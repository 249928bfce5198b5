"""How many users a split has, how many samples each, and how well the inference from profiles alone does."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from lamp_dataset.loading.split_statistics import summary
from lamp_dataset.personalize.row_forms import tables
from lamp_dataset.personalize.users.inference import UserFinder
from lamp_dataset.task import Task


def user_figures(task: Task, rows: Any) -> dict[str, Any]:
    """The figures of the users of a split; ``rows`` as :func:`lamp_dataset.users_of` takes them.

    Returns:
        ``{"number", "inferred", "samples_per_user"}``: number of users; whether they are inferred from the profiles,
        as in configs without ``user_id``; a summary as ``split_stats`` in ``loading`` makes them. Where
        users are named, also ``"inference"``: see :func:`judge_inference`.
    """
    inferred, named = UserFinder(named=False), UserFinder(named=task.names_users)
    for table in tables(rows):
        inferred.add(table)
        if task.names_users:
            named.add(table)
    users = (named if task.names_users else inferred).users()
    found = {
        "number": len(set(users)),
        "inferred": not task.names_users,
        "samples_per_user": summary([np.array(list(Counter(users).values()), np.int64)]),
    }
    return {**found, "inference": judge_inference(users, inferred.users())} if task.names_users else found


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
