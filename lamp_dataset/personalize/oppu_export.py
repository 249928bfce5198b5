"""Rows in OPPU's layout: a user with one profile, and the user's samples as queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.formats.oppu import label_file, user_entry, write_users
from lamp_dataset.formats.outputs import dump_outputs
from lamp_dataset.personalize.users import users_of
from lamp_dataset.task import Task


@dataclass
class Written:
    """What was written.

    Attributes:
        users: number of users.
        samples: number of their samples.
        golds: number of golds.
        trimmed: number of users whose samples have different profiles.
        left_out: number of items that some, but not all samples of such a user have.
    """

    users: int = 0
    samples: int = 0
    golds: int = 0
    trimmed: int = 0
    left_out: int = 0


def write_users_file(path: Path, task: Task, users: Mapping[str, Sequence[int]], rows: datasets.Dataset) -> Written:
    """Write a file of users, and if it is one of test users whose golds are known, the file of their golds.

    Args:
        path: the file of users.
        task: the config of the rows.
        users: user -> positions of the user's rows, see :func:`positions_by_user`.
        rows: the rows of a split; a user's rows are in memory together, no others.
    """
    found, golds = Written(), []
    permissions = PRIVATE if task.gated else None
    with write_whole(path, "wb", permissions) as file, write_users(file) as entries:
        for user, positions in users.items():
            own = [rows[position] for position in positions]
            profile, left_out = common_items([row["profile"] for row in own])
            entries.add(user_entry(user, profile, own))
            golds += [(row["id"], row["output"]) for row in own if row["output"] is not None]
            found.users, found.samples = found.users + 1, found.samples + len(own)
            found.trimmed, found.left_out = found.trimmed + (left_out > 0), found.left_out + left_out
    found.golds = len(golds)
    if golds and path.stem == task.oppu.history:
        with write_whole(label_file(path), permissions=permissions) as file:
            file.write(dump_outputs(task.oppu.task, golds))
    return found


def positions_by_user(rows: datasets.Dataset) -> dict[str, list[int]]:
    """User -> positions of the user's rows, in the order of their first ones."""
    found: dict[str, list[int]] = {}
    for position, user in enumerate(users_of(rows)):
        found.setdefault(user, []).append(position)
    return found


def common_items(profiles: Sequence[Sequence[Mapping[str, Any]]]) -> tuple[list[Mapping[str, Any]], int]:
    """The items of the first profile that all profiles have, whatever their ids, and how many others there are.

    Profiles of one user's samples can lack the item that a sample was made of, and have those of its siblings: what
    all of them have holds no sample's gold unless each profile already did.

    >>> tea, rain, fog = ({"id": t, "text": t} for t in ("tea", "rain", "fog"))
    >>> common_items([[tea, rain], [fog, {"id": "9", "text": "tea"}]])
    ([{'id': 'tea', 'text': 'tea'}], 2)
    """
    contents = [set(map(_content, profile)) for profile in profiles]
    shared = set.intersection(*contents)
    return [item for item in profiles[0] if _content(item) in shared], len(set.union(*contents) - shared)


def _content(item: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(value for key, value in item.items() if key != "id")
