"""OPPU's layout (Tan et al. 2024, arXiv 2402.04401): users with one profile each and their samples as queries.

A folder per task holds the test users, ``[{"user_id", "profile": […], "query": [{"id", "input", "gold"}, …]}, …]``, in
``user_top_100_history.json`` (tweets: ``user_more_100_history.json``), their golds in ``…_label.json``, and all other
users in ``user_others.json``; texts about them are in ``profile_user_100.json`` and ``profile_user_others.json``.
Standard library only.
"""

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, NamedTuple

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.formats.files import check_regular
from lamp_dataset.formats.json_files import Encoded, EntryWriter, JsonList, read_json
from lamp_dataset.formats.outputs import Outputs, check_texts, dump_outputs, read_outputs
from lamp_dataset.formats.questions import checked_row
from lamp_dataset.formats.task_of_file import check_labels, looks_like
from lamp_dataset.formats.texts import Number, UniqueIds, check_encodable, check_same_ids, check_unique, counted, short
from lamp_dataset.registry import other_setting
from lamp_dataset.task import SPLITS, SPLITS_WITH_GOLDS, Task
from lamp_dataset.tasks import get_task


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
_HISTORIES = tuple(dict.fromkeys(names.history for names in NAMES.values()))
#: The files of texts -> those of the users, in whose order they are.
_TEXTS = {"profile_user_100.json": _HISTORIES, "profile_user_others.json": (OTHERS,)}
#: What users have, and their profile items and queries do not.
_USER = {"user_id": str, "profile": list, "query": list}
_SHAPE = 'users [{"user_id", "profile": […], "query": [{"id", "input", "gold"}, …]}, …]'


def names_of(task: Task) -> Names:
    """What the task is called there; ValueError if the layout has no place for it."""
    if not task.time_based:
        expected = other_setting(task, ": use ") or f", not {task.name}"
        raise ValueError(f"OPPU needs user ids, which only time-based configs have{expected}")
    if task.base not in NAMES:
        raise ValueError(f"OPPU's layout has no folder for {task.name}; it has those of {', '.join(NAMES)}")
    return NAMES[task.base]


@dataclass
class Counts:
    """Numbers of users, samples and golds; of items that differ between the samples of some users, and of these users.

    ``test_users``: how many training users were left out because they are test users, too.
    """

    users: int = 0
    samples: int = 0
    golds: int = 0
    trimmed: int = 0
    left_out: int = 0
    test_users: int = 0


def import_users(task: Task, source: str | os.PathLike[str], target: Path) -> dict[str, Counts]:
    """Write the official files of a config from OPPU's: test users become the split ``test``, all others ``train``.

    ``source`` is the folder of the tasks, or of one task; either file of users may be missing. Training users who are
    test users, too, are left out. ValueError if a file has another shape, another task's samples or a user twice, golds
    are missing, or those in the queries and those in their own file contradict each other; OSError if there is no file
    of users, or one cannot be read.
    """
    found, paths = {}, _find(task, Path(source).expanduser())
    test_users = {user["user_id"] for _, user in _read_users(paths["test"])} if "test" in paths else set()
    for split, path in paths.items():
        with _create(target / f"{SPLITS[split]}_questions.json", task) as file, EntryWriter(file) as rows:
            counts, golds = _import_rows(task, path, rows, set() if split == "test" else test_users)
        golds = _all_golds(task, split, path, golds)
        if golds:
            with _create(target / f"{SPLITS[split]}_outputs.json", task) as file:
                file.write(dump_outputs(task.official_name, golds.items()).encode())
        counts.golds, found[split] = len(golds), counts
    return found


def _find(task: Task, root: Path) -> dict[str, Path]:
    """Split -> the file of its users."""
    for folder in _folders(task, root):
        found = [("train", folder / OTHERS), *(("test", folder / name) for name in _HISTORIES)]
        found = [(split, path) for split, path in found if os.path.lexists(path)]
        if len(found) > len(paths := dict(found)):
            raise ValueError(f"{folder}: expected one file of test users, found {' and '.join(_HISTORIES)}")
        if paths:
            check_regular((*paths.values(), *map(_label_file, paths.values())))
            return paths
    looked = ", ".join(str(folder / name) for folder in _folders(task, root) for name in (*_HISTORIES, OTHERS))
    raise FileNotFoundError(f"{root}: found no file of users; looked for {looked}")


def _folders(task: Task, root: Path) -> list[Path]:
    """Where the files of a task can be."""
    return [root / names_of(task).folder, root]


def _label_file(users: Path) -> Path:
    """The file with the golds of a file of test users."""
    return users.with_name(f"{users.stem}_label.json")


def _create(path: Path, task: Task) -> AbstractContextManager[IO]:
    """A new file for bytes; one of a gated task is for its owner alone."""
    return write_whole(path, "wb", PRIVATE if task.gated else None)


def _read_users(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Position and user, with the keys that users must have; ValueError for a user who comes twice."""
    names = set()
    with path.open("rb") as file:
        for number, user in enumerate(JsonList(file, str(path), tuple(_USER)).rows()):
            for key, kind in _USER.items():
                if not isinstance(user.get(key), kind) or user[key] == "":
                    who = "" if key == "user_id" else f" ({short(str(user['user_id']))})"
                    found = f"found {short(user.get(key))} as {key!r}"
                    raise ValueError(f"{path}: user {number}{who}: expected {_SHAPE}, {found}")
            if (name := str(user["user_id"])) in names:
                raise ValueError(f"{path}: user {number} ({short(name)}) comes twice; which of the profiles is right?")
            names.add(name)
            yield number, {**user, "user_id": name}


def _import_rows(
    task: Task, path: Path, rows: EntryWriter, without: Collection[str]
) -> tuple[Counts, dict[str, str | None]]:
    """Write the rows of a file of users, one user at a time; also returns sample id -> gold or None."""
    ids, owners, golds, left_out = UniqueIds(str(path)), set(), {}, 0
    for number, user in _read_users(path):
        if user["user_id"] in without:
            left_out += 1
            continue
        for row, gold in _rows_of_user(user, str(path), number, task):
            ids.add(row["id"])
            golds[row["id"]] = gold
            owners.add(user["user_id"])
            rows.add(row)
    if not golds:
        raise ValueError(f"{path}: expected samples, found no user with a query")
    return Counts(len(owners), len(golds), test_users=left_out), golds


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


def _all_golds(task: Task, split: str, users: Path, golds: Mapping[str, str | None]) -> Mapping[str, str]:
    """The golds of all samples, or none if they are withheld; ``golds``: those in the queries."""
    label = _label_file(users)
    if split == "test" and label.exists():
        outputs = read_outputs(label)
        check_texts(outputs)
        check_same_ids(outputs.by_id, golds, (str(label), str(users)))
        own, golds = golds, {sample_id: outputs.by_id[sample_id] for sample_id in golds}
        differing = [i for i, gold in own.items() if gold is not None and gold.strip() != golds[i].strip()]
        if differing:
            found = f"found another for {counted(len(differing), 'samples')} (first: {short(differing[0])})"
            raise ValueError(f"{users}: expected the golds of {label}, {found}; which of them is right?")
    missing = [sample_id for sample_id, gold in golds.items() if gold is None]
    if len(missing) == len(golds) and split not in SPLITS_WITH_GOLDS:
        return {}
    if missing:
        found = f"found {len(missing)} without one (first: {short(missing[0])})"
        raise ValueError(f"{users}: expected a gold for all {counted(len(golds), 'samples')}, {found}")
    check_labels(Outputs(task.official_name, golds, str(users)), task)
    return golds


def export_users(path: Path, task: Task, users: Iterable[tuple[str, Sequence[Mapping[str, Any]]]]) -> Counts:
    """Write a file of users, and if it is one of test users whose golds are known, the file of their golds.

    ``users`` are pairs of a user and the user's rows; one user is in memory at a time. What is None in a row (a field
    that an item lacks, a gold that is withheld) is left out.
    """
    found, golds = Counts(), []
    with _create(path, task) as file, EntryWriter(file) as entries:
        for user, rows in users:
            profile, left_out = common_items([row["profile"] for row in rows])
            profile = [{key: value for key, value in item.items() if value is not None} for item in profile]
            queries = [{"id": row["id"], "input": row["input"]} for row in rows]
            for row, query in zip(rows, queries, strict=True):
                if row["output"] is not None:
                    query["gold"] = row["output"]
                    golds.append((row["id"], row["output"]))
            user_entry = {"user_id": user, "profile": profile, "query": queries}
            entries.add(Encoded(json.dumps(user_entry).encode()))
            found.users, found.samples = found.users + 1, found.samples + len(rows)
            found.trimmed, found.left_out = found.trimmed + (left_out > 0), found.left_out + left_out
    found.golds = len(golds)
    if golds and path.name in _HISTORIES:
        with _create(_label_file(path), task) as file:
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
    contents = [[tuple(v for key, v in item.items() if key != "id") for item in profile] for profile in profiles]
    shared = set.intersection(*map(set, contents))
    kept = [item for item, content in zip(profiles[0], contents[0], strict=True) if content in shared]
    return kept, len(set().union(*contents) - shared)


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
    root = Path(data_dir).expanduser()
    places = _folders(get_task(config), root)
    for folder in places:
        there = [name for name in reversed(_TEXTS) if (folder / name).exists()]
        if there:
            return {user: text for name in there for user, text in _read_texts(folder, name).items()}
    looked = ", ".join(str(folder / name) for folder in places for name in _TEXTS)
    raise FileNotFoundError(f"{root}: found no file of summaries; looked for {looked}")


def _read_texts(folder: Path, name: str) -> dict[str, str]:
    """User -> text."""
    path, entries = folder / name, read_json(folder / name)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f'{path}: expected a list [{{"id": "…", "output": "…"}}, …], found {short(entries)}')
    users = [entry.get("id") for entry in entries]
    if None in users:
        files = [folder / file for file in _TEXTS[name]]
        users = [user["user_id"] for file in files if file.exists() for _, user in _read_users(file)]
    if len(users) != len(entries):
        raise ValueError(f"{path}: expected a text for each of the {len(users)} users, found {len(entries)} texts")
    check_unique(map(str, users), str(path))
    found = {}
    for user, entry in zip(map(str, users), entries, strict=True):
        if not isinstance(entry.get("output"), str):
            raise ValueError(f"{path}: user {short(user)}: expected a string as 'output', found {short(entry)}")
        check_encodable(entry["output"], f"{path}: user {short(user)}", "output")
        found[user] = entry["output"]
    return found
