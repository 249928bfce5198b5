"""OPPU's layout (Tan et al. 2024, arXiv 2402.04401): users with one profile each and their samples as queries.

A folder per task holds the test users, ``[{"user_id", "profile": […], "query": [{"id", "input", "gold"}, …]}, …]``, in
``user_top_100_history.json`` (tweets: ``user_more_100_history.json``), their golds in ``…_label.json``, and all other
users in ``user_others.json``; texts about users may come with them. Standard library only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from lamp_dataset.formats.ids import UniqueIds, check_unique
from lamp_dataset.formats.json_file import BinaryWriter, Encoded, EntryWriter, read_json
from lamp_dataset.formats.json_list import BLOCK_BYTES, JsonList
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.formats.texts import Number, check_encodable, short
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

#: What :func:`lamp_dataset.formats.layout.find_files` calls it.
LAYOUT = "oppu"
#: Keys that users have, and their profile items and queries do not.
USER_KEYS = ("user_id", "profile", "query")
#: The file of the training users, and names of that of the test users.
OTHERS = "user_others.json"
HISTORIES = ("user_top_100_history.json", "user_more_100_history.json")
_LABEL = "_label.json"
_HELP = (
    'A file of users in OPPU\'s layout holds [{"user_id", "profile": […], "query": [{"id", "input", "gold"}, …]}, …].'
)


def is_users_file(path: object) -> bool:
    """Whether a file of this name holds users.

    >>> is_users_file("oppu/citation/user_others.json"), is_users_file("LaMP_1/dev_questions.json")
    (True, False)
    """
    return Path(str(path)).name in (*HISTORIES, OTHERS)


def label_file(history: str | os.PathLike[str]) -> str:
    """The file with the golds of a file of test users."""
    return str(history).removesuffix(".json") + _LABEL


def find_users_files(task: Task, root: Path) -> dict[str, tuple[str, str | None]]:
    """Split -> the file of its users and that of its golds, or None. Empty if there are no such files.

    ``root`` is the folder of the tasks, or of one task. The test users are the split ``test``, all others ``train``.
    ValueError if there are two files of test users.
    """
    for folder in task_folders(task, root):
        histories = [path for path in map(folder.joinpath, HISTORIES) if os.path.lexists(path)]
        if len(histories) > 1:
            raise ValueError(f"{folder}: expected one file of test users, found {' and '.join(HISTORIES)}")
        found: dict[str, tuple[str, str | None]] = {}
        for path in histories:
            label = label_file(path)
            found["test"] = (str(path), label if os.path.lexists(label) else None)
        if os.path.lexists(folder / OTHERS):
            found["train"] = (str(folder / OTHERS), None)
        if found:
            return found
    return {}


def task_folders(task: Task, root: Path) -> list[Path]:
    """Where the files of a task can be."""
    return [root / task.oppu.folder, root]


def open_users(file: BinaryIO, name: str, block_bytes: int = BLOCK_BYTES) -> JsonList:
    """The list of users in a file, which are not checked yet; ValueError if the file does not begin with a list."""
    return JsonList(file, name, USER_KEYS, block_bytes)


def check_user(user: Mapping[str, Any], name: str, number: int) -> str:
    """What to call a user in messages, after checking what users must have, besides the fields of items and queries.

    ``number`` is the user's position in the file ``name``, from 0. ValueError for what is missing or of another type.
    """
    where = f"{name}: user {number}"
    if not isinstance(user.get("user_id"), str) or not user["user_id"]:
        raise ValueError(f"{where}: expected a non-empty string or a number as 'user_id', {_found(user, 'user_id')}")
    where = f"{where} ({short(str(user['user_id']))})"
    for key in ("profile", "query"):
        if not isinstance(user.get(key), list):
            raise ValueError(f"{where}: expected a list as {key!r}, {_found(user, key)}")
    return where


def rows_of_user(user: Mapping[str, Any], name: str, number: int) -> Iterator[dict[str, Any]]:
    """A row for each query of a user, as a questions file has them, with ``output``: the gold, or None.

    All rows share one list of profile items, whose fields are not checked. Arguments as for :func:`check_user`.

    Raises:
        ValueError: as for :func:`check_user`, or a query lacks something.
    """
    where = check_user(user, name, number)
    profile = [_with_text_id(item) for item in user["profile"]]
    for position, query in enumerate(user["query"]):
        if not isinstance(query, dict):
            raise ValueError(f"{where}, query {position}: expected an object, found {short(query)}. {_HELP}")
        for key, kinds in (("id", str), ("input", str), ("gold", (str, type(None)))):
            if not isinstance(query.get(key), kinds):
                raise ValueError(f"{where}, query {position}: expected a string as {key!r}, {_found(query, key)}")
        gold = query.get("gold")
        yield {
            "id": str(query["id"]),
            "user_id": user["user_id"],
            "input": query["input"],
            "profile": profile,
            "output": gold if gold is None else str(gold),
        }


def _with_text_id(item: Any) -> Any:
    """The item with its id as a string: some files have numbers."""
    return {**item, "id": str(item["id"])} if isinstance(item, dict) and isinstance(item.get("id"), Number) else item


def _found(holder: Mapping[str, Any], key: str) -> str:
    keys = ", ".join(map(short, list(holder)[:8])) or "none"
    return f"found {short(holder[key]) if key in holder else f'the keys {keys}'}. {_HELP}"


def read_user_golds(path: str | os.PathLike[str], task: Task) -> Outputs:
    """The golds in the queries of a file of users, as an outputs file of the task would have them.

    DuplicateIdError for an id that occurs twice; ValueError for a sample without a gold, or as for
    :func:`rows_of_user`.
    """
    ids = UniqueIds(str(path))
    golds: dict[str, str] = {}
    for number, user in read_users(path):
        for row in rows_of_user(user, str(path), number):
            ids.add(row["id"])
            if row["output"] is None:
                raise ValueError(f"{path}: sample {short(row['id'])} has no 'gold'; the samples cannot be scored")
            golds[row["id"]] = row["output"]
    return Outputs(task.official_name, MappingProxyType(golds), str(path))


def read_users(path: str | os.PathLike[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Position and user, not checked yet, in flat memory."""
    with Path(path).open("rb") as file:
        yield from enumerate(open_users(file, str(path)).rows())


def write_users(file: BinaryWriter) -> EntryWriter:
    """A writer of users, to be used in a ``with`` block: ``add`` what :func:`user_entry` gives."""
    return EntryWriter(file)


def user_entry(user: str, profile: Sequence[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]]) -> Encoded:
    """A user as JSON text. A field of None in an item is left out, and so is an ``output`` of None, a withheld gold."""
    items = [{key: value for key, value in item.items() if value is not None} for item in profile]
    queries = [
        {"id": row["id"], "input": row["input"], **({} if row["output"] is None else {"gold": row["output"]})}
        for row in rows
    ]
    return Encoded(json.dumps({"user_id": user, "profile": items, "query": queries}).encode("ascii"))


#: The files of texts -> those of the users, in whose order they are.
_SUMMARIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"profile_user_100.json": HISTORIES, "profile_user_others.json": (OTHERS,)}
)


def oppu_summaries(config: str, data_dir: str | os.PathLike[str]) -> dict[str, str]:
    """The texts about users that a folder in OPPU's layout holds, as ``Personalizer(summary=…)`` takes them.

    They are in ``profile_user_100.json`` and ``profile_user_others.json``, lists of ``{"id": user, "output": text}``;
    where entries do not name their users, they are in the order of the file of users.

    Args:
        config: config name, such as ``"LaMP_4_time"``.
        data_dir: the folder of the tasks, or of one task.

    Returns:
        User -> text.

    Raises:
        ValueError: a file has another shape, a user twice, or other users.
        OSError: there is no such file, or it cannot be read.
    """
    root, tried = Path(data_dir).expanduser(), []
    found: dict[str, str] = {}
    for folder in task_folders(get_task(config), root):
        for name, users in _SUMMARIES.items():
            tried.append(folder / name)
            if tried[-1].exists():
                of_users = [folder / user_file for user_file in users if (folder / user_file).exists()]
                found = {**_summaries(tried[-1], of_users), **found}
        if found:
            return found
    raise FileNotFoundError(f"{root}: found no file of summaries; looked for {', '.join(map(str, tried))}")


def _summaries(path: Path, user_files: Sequence[Path]) -> dict[str, str]:
    """User -> text."""
    entries = read_json(path)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f'{path}: expected a list [{{"id": "…", "output": "…"}}, …], found {short(entries)}')
    names = [entry.get("id") for entry in entries]
    if None in names:
        names = [name for file in user_files for name in _names(file)]
        if len(names) != len(entries):
            raise ValueError(f"{path}: expected a text for each of the {len(names)} users, found {len(entries)} texts")
    names = list(map(str, names))
    check_unique(names, str(path))
    for name, entry in zip(names, entries, strict=True):
        if not isinstance(entry.get("output"), str):
            raise ValueError(f"{path}: user {short(name)}: expected a string as 'output', found {short(entry)}")
        check_encodable(entry["output"], f"{path}: user {short(name)}", "output")
    return dict(zip(names, (entry["output"] for entry in entries), strict=True))


def _names(path: Path) -> Iterator[str]:
    """The users of a file, in its order."""
    for number, user in read_users(path):
        check_user(user, str(path), number)
        yield user["user_id"]
