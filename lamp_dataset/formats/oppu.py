"""OPPU's layout (Tan et al. 2024, arXiv 2402.04401): users with one profile each and their samples as queries.

A folder per task holds the test users, ``[{"user_id", "profile": […], "query": [{"id", "input", "gold"}, …]}, …]``, in
``user_top_100_history.json`` (tweets: ``user_more_100_history.json``), their golds in ``…_label.json``, and all other
users in ``user_others.json``. This module makes official files of such a folder, and
:mod:`lamp_dataset.formats.oppu_export` writes one. Standard library only.
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, NamedTuple

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.formats.ids import UniqueIds, check_same_ids
from lamp_dataset.formats.json_file import Encoded, EntryWriter
from lamp_dataset.formats.json_list import JsonList
from lamp_dataset.formats.layout import check_regular
from lamp_dataset.formats.outputs import Outputs, check_texts, dump_outputs, read_outputs
from lamp_dataset.formats.questions import checked_row
from lamp_dataset.formats.task_of_file import check_labels, looks_like
from lamp_dataset.formats.texts import Number, check_encodable, counted, short
from lamp_dataset.registry import other_setting
from lamp_dataset.task import SPLITS, SPLITS_WITH_GOLDS, Task

log = logging.getLogger(__name__)


class Names(NamedTuple):
    """What a task is called there: its folder, what its files of golds say as ``"task"``, the file of test users."""

    folder: str
    task: str
    history: str = "user_top_100_history.json"


#: The user-based config -> names. OPPU itself leaves the gated task out.
NAMES: Mapping[str, Names] = MappingProxyType(
    {
        "LaMP_1": Names("citation", "LaMP_1"),
        "LaMP_2": Names("movie_tagging", "LaMP_2M"),
        "LaMP_2_news": Names("news_categorize", "LaMP_2N"),
        "LaMP_3": Names("product_rating", "LaMP_3"),
        "LaMP_4": Names("news_headline", "LaMP_4"),
        "LaMP_5": Names("scholarly_title", "LaMP_5"),
        "LaMP_6": Names("email_subject", "LaMP_6"),
        "LaMP_7": Names("tweet_paraphrase", "LaMP_7", "user_more_100_history.json"),
    }
)
#: The file of the training users, and names of that of the test users.
OTHERS = "user_others.json"
HISTORIES = tuple(dict.fromkeys(names.history for names in NAMES.values()))
#: What users have, and their profile items and queries do not.
_USER = {"user_id": str, "profile": list, "query": list}
_SHAPE = 'users [{"user_id", "profile": […], "query": [{"id", "input", "gold"}, …]}, …]'


def names_of(task: Task) -> Names:
    """What the task is called there; ValueError if the layout has no place for it."""
    if not task.time_based:
        expected = other_setting(task, ": expected ") or f", not {task.name}"
        raise ValueError(f"OPPU's files name the users, as time-based configs do{expected}")
    if task.base not in NAMES:
        raise ValueError(f"OPPU's layout has no folder for {task.name}; it has those of {', '.join(NAMES)}")
    return NAMES[task.base]


@dataclass
class Counts:
    """Numbers of users, samples, golds; of users whose samples have different profiles, and of items that differ."""

    users: int = 0
    samples: int = 0
    golds: int = 0
    trimmed: int = 0
    left_out: int = 0


def import_users(task: Task, source: str | os.PathLike[str], target: Path) -> dict[str, Counts]:
    """Write the official files of a config from OPPU's: test users become the split ``test``, all others ``train``.

    ``source`` is the folder of the tasks, or of one task; either file of users may be missing. ValueError if a file has
    another shape or another task's samples, golds are missing, or those in the queries and those in their own file
    contradict each other; OSError if there is no file of users, or one cannot be read.
    """
    found = {}
    for split, users in _find(task, Path(source).expanduser()).items():
        start = f"{target / SPLITS[split]}_"
        with create(f"{start}questions.json", task) as file, EntryWriter(file) as rows:
            number, own = _import_rows(task, users, rows)
        golds = _golds(task, split, users, own)
        if golds:
            with create(f"{start}outputs.json", task) as file:
                file.write(dump_outputs(task.official_name, golds.items()).encode())
        found[split] = Counts(number, len(own), len(golds))
    return found


def _find(task: Task, root: Path) -> dict[str, Path]:
    """Split -> the file of its users."""
    for folder in folders(task, root):
        found = [("train", folder / OTHERS), *(("test", folder / name) for name in HISTORIES)]
        found = [(split, path) for split, path in found if os.path.lexists(path)]
        if len(found) > len(paths := dict(found)):
            raise ValueError(f"{folder}: expected one file of test users, found {' and '.join(HISTORIES)}")
        if paths:
            check_regular((*paths.values(), *(label_file(path) for path in paths.values())))
            return paths
    looked = ", ".join(str(folder / name) for folder in folders(task, root) for name in (*HISTORIES, OTHERS))
    raise FileNotFoundError(f"{root}: found no file of users; looked for {looked}")


def folders(task: Task, root: Path) -> list[Path]:
    """Where the files of a task can be."""
    return [root / names_of(task).folder, root]


def label_file(history: Path) -> Path:
    """The file with the golds of a file of test users."""
    return history.with_name(f"{history.stem}_label.json")


def create(path: str | Path, task: Task) -> AbstractContextManager[IO]:
    """A new file for bytes; one of a gated task is for its owner alone."""
    return write_whole(path, "wb", PRIVATE if task.gated else None)


def read_users(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Position and user, with the keys that users must have."""
    with path.open("rb") as file:
        for number, user in enumerate(JsonList(file, str(path), tuple(_USER)).rows()):
            for key, kind in _USER.items():
                if not isinstance(user.get(key), kind) or user[key] == "":
                    who = "" if key == "user_id" else f" ({short(str(user['user_id']))})"
                    found = f"found {short(user.get(key))} as {key!r}"
                    raise ValueError(f"{path}: user {number}{who}: expected {_SHAPE}, {found}")
            yield number, {**user, "user_id": str(user["user_id"])}


def _import_rows(task: Task, path: Path, rows: EntryWriter) -> tuple[int, dict[str, str | None]]:
    """Write the rows of a file of users, one user at a time; number of users, and sample id -> gold or None."""
    ids, owners, golds = UniqueIds(str(path)), set(), {}
    for number, user in read_users(path):
        if user["user_id"] in owners:
            log.warning("user %s is there more than once; the rows of all entries are read", short(user["user_id"]))
        for row, gold in _rows_of_user(user, str(path), number, task):
            ids.add(row["id"])
            golds[row["id"]] = gold
            owners.add(user["user_id"])
            rows.add(row)
    if not golds:
        raise ValueError(f"{path}: expected samples, found no user with a query")
    return len(owners), golds


def _rows_of_user(user: Mapping[str, Any], name: str, number: int, task: Task) -> Iterator[tuple[dict, str | None]]:
    """For each query of a user the row of a questions file, checked, and its gold or None."""
    profile, encoded = [_with_text_id(item) for item in user["profile"]], None
    for position, query in enumerate(user["query"]):
        where = f"{name}: user {number} ({short(user['user_id'])}), query {position}"
        gold = query.get("gold") if isinstance(query, dict) else query
        if not isinstance(query, dict) or not isinstance(gold, str | None):
            what = " as 'gold'" if isinstance(query, dict) else ""
            raise ValueError(f"{where}: expected {_SHAPE}, found {short(gold)}{what}")
        check_encodable(gold or "", where, "gold")
        given = {**_with_text_id(query), "user_id": user["user_id"], "profile": [] if encoded else profile}
        row = checked_row(given, task, name, number)
        if hint := looks_like(row["input"], task):
            raise ValueError(f"{where}: expected an input of {task.name}, found {short(row['input'])}{hint}")
        encoded = encoded or Encoded(json.dumps(row["profile"]).encode())
        yield {**row, "profile": encoded}, None if gold is None else str(gold)


def _with_text_id(item: Any) -> Any:
    """The item with its id as a string: some files have numbers."""
    return {**item, "id": str(item["id"])} if isinstance(item, dict) and isinstance(item.get("id"), Number) else item


def _golds(task: Task, split: str, users: Path, own: Mapping[str, str | None]) -> Mapping[str, str]:
    """The golds of all samples, or none if they are withheld; ``own``: those in the queries."""
    label = label_file(users)
    golds = _labels(label, users, own) if split == "test" and label.exists() else own
    missing = [sample_id for sample_id, gold in golds.items() if gold is None]
    if len(missing) == len(golds) and split not in SPLITS_WITH_GOLDS:
        return {}
    if missing:
        found = f"found {len(missing)} without one (first: {short(missing[0])})"
        raise ValueError(f"{users}: expected a gold for all {counted(len(golds), 'samples')}, {found}")
    check_labels(Outputs(task.official_name, golds, str(users)), task)
    return golds


def _labels(label: Path, users: Path, own: Mapping[str, str | None]) -> dict[str, str]:
    """The golds in their own file, which must not contradict those in the queries."""
    outputs = read_outputs(label)
    check_texts(outputs)
    check_same_ids(outputs.by_id, own, (str(label), str(users)))
    golds = {sample_id: outputs.by_id[sample_id] for sample_id in own}
    differing = [i for i, gold in own.items() if gold is not None and gold.strip() != golds[i].strip()]
    if differing:
        found = f"found another for {counted(len(differing), 'samples')} (first: {short(differing[0])})"
        raise ValueError(f"{users}: expected the golds of {label}, {found}; which of them is right?")
    return golds
