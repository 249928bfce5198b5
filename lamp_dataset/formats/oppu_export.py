"""Rows in OPPU's layout (:mod:`lamp_dataset.formats.oppu`), user by user. Standard library only."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lamp_dataset.formats.json_file import Encoded, EntryWriter
from lamp_dataset.formats.oppu import HISTORIES, Counts, create, label_file, names_of
from lamp_dataset.formats.outputs import dump_outputs
from lamp_dataset.task import Task


def export_users(path: Path, task: Task, users: Iterable[tuple[str, Sequence[Mapping[str, Any]]]]) -> Counts:
    """Write a file of users, and if it is one of test users whose golds are known, the file of their golds.

    ``users`` are pairs of a user and the user's rows; one user is in memory at a time.
    """
    found, golds = Counts(), []
    with create(path, task) as file, EntryWriter(file) as entries:
        for user, rows in users:
            profile, left_out = common_items([row["profile"] for row in rows])
            entries.add(_user_entry(user, profile, rows))
            golds += [(row["id"], row["output"]) for row in rows if row["output"] is not None]
            found.users, found.samples = found.users + 1, found.samples + len(rows)
            found.trimmed, found.left_out = found.trimmed + (left_out > 0), found.left_out + left_out
    found.golds = len(golds)
    if golds and path.name in HISTORIES:
        with create(label_file(path), task) as file:
            file.write(dump_outputs(names_of(task).task, golds).encode())
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


def _user_entry(user: str, profile: Sequence[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]]) -> Encoded:
    """A user as JSON text. What is None is left out: a field that an item lacks, a gold that is withheld."""
    queries = [{"id": row["id"], "input": row["input"], "gold": row["output"]} for row in rows]
    profile, queries = (
        [{key: value for key, value in entry.items() if value is not None} for entry in entries]
        for entries in (profile, queries)
    )
    return Encoded(json.dumps({"user_id": user, "profile": profile, "query": queries}).encode("ascii"))
