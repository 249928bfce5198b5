"""The first look at the rows: whose they are, hashes of the items, and what the samples ask. No text is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from lamp_dataset.personalize.hashes import joined, text_hashes
from lamp_dataset.personalize.history.declared import whole
from lamp_dataset.personalize.history.leaks import marks_of, questions
from lamp_dataset.personalize.users import InferredUsers, NamedUsers
from lamp_dataset.task import Task


@dataclass(frozen=True)
class Survey:
    """What is known of the rows.

    Attributes:
        users: the user of each row.
        ids: the id of each row.
        owners: a number for the user of each row, the same in the rows to exclude.
        keys: for each row the keys of its items, see :func:`item_keys`.
        tests: marks of all that the samples ask, see :func:`~lamp_dataset.personalize.history.leaks.marks_of`.
    """

    users: list[str]
    ids: list[str]
    owners: np.ndarray
    keys: list[np.ndarray]
    tests: np.ndarray

    def by_user(self) -> dict[str, list[int]]:
        """User -> their rows; users and rows in the order of their ids, whatever the order of the rows."""
        contents = [xxhash.xxh3_64_intdigest(keys.tobytes()) for keys in self.keys]  # for rows that share an id
        found: dict[str, list[int]] = {}
        for row in sorted(range(len(self.ids)), key=lambda row: (len(self.ids[row]), self.ids[row], contents[row])):
            found.setdefault(self.users[row], []).append(row)
        return {user: found[user] for user in sorted(found, key=lambda user: (len(user), user))}


def survey(task: Task, rows: Iterable[pa.Table], exclude: Iterable[Iterable[pa.Table]] = ()) -> Survey:
    """Read all rows once.

    Args:
        task: whose rows they are.
        rows: in the declared shape.
        exclude: further rows of the same kind, whose questions and golds count as tests.

    Raises:
        ValueError: the rows do not tell their users, or only some do.
    """
    own = _Samples(task)
    for table in rows:
        own.add(table)
    others = _Samples(task, own.named)
    for tables in exclude:
        for table in tables:
            others.add(table)
    users = own.users()
    owners = own.owners(users, others)
    tests = marks_of(owners, np.concatenate([_NONE, *own.asked, *others.asked]))
    return Survey(users, own.ids, owners[: len(users)], own.keys, tests)


_NONE = np.empty((0, 2), np.uint64)


class _Samples:
    """Ids, users, questions and items of rows, collected from table to table."""

    def __init__(self, task: Task, named: bool | None = None) -> None:
        self.ids: list[str] = []
        self.asked: list[np.ndarray] = []
        self.keys: list[np.ndarray] = []
        self.named = named
        self._task = task
        self._users: NamedUsers | InferredUsers = NamedUsers() if named else InferredUsers()

    def add(self, table: pa.Table) -> None:
        if self.named is None:
            self.named = "user_id" in table.column_names and table["user_id"].null_count < len(table)
            self._users = NamedUsers() if self.named else InferredUsers()
        items = whole(table["profile"]).flatten()
        keys, known = item_keys(self._task, items)
        if isinstance(self._users, InferredUsers):
            self._users.add(table, known)
        else:
            self._users.add(table)
        self.ids += table["id"].to_pylist()
        self.asked.append(questions(self._task, table))
        ends = np.cumsum(pc.list_value_length(whole(table["profile"])).to_numpy(zero_copy_only=False))
        self.keys += np.split(keys, ends[:-1])

    def users(self) -> list[str]:
        return self._users.users()

    def owners(self, users: list[str], others: _Samples) -> np.ndarray:
        """A number for the user of each row here, and then there; the same user has the same number."""
        if self.named or not others.ids:
            return np.fromiter(map(_number, [*users, *others.users()]), np.uint64)
        return np.array(self._users.groups(others._users), np.uint64)


def item_keys(task: Task, items: pa.StructArray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A key of each item: items of one user with the same key count as one.

    That is the hash of what the item asks about, stripped; of an item that lacks its text or its output, the hash of
    both, so that it never takes the place of a whole one.

    Returns:
        The keys; and field -> hashes of its texts, as far as they are known by the way.
    """
    texts, outputs, lacking = read_items(task, items)
    hashes = text_hashes(texts)
    known = {task.pair.text: hashes} if texts.equals(pc.struct_field(items, task.pair.text)) else {}
    if not lacking.any():
        return hashes, known
    keys = hashes.copy()
    keys[lacking] = joined(hashes[lacking], text_hashes(outputs.filter(pa.array(lacking))))
    return keys, known


def read_items(task: Task, items: pa.StructArray) -> tuple[pa.Array, pa.Array, np.ndarray]:
    """What each item asks about and what it answers, both stripped, and whether one of them is lacking."""
    texts, outputs = (
        pc.fill_null(pc.utf8_trim_whitespace(pc.struct_field(items, name)), "")
        for name in (task.pair.text, task.pair.output)
    )
    lacking = pc.or_(pc.equal(texts, ""), pc.equal(outputs, ""))
    return texts, outputs, lacking.to_numpy(zero_copy_only=False)


def _number(user: str) -> int:
    return xxhash.xxh3_64_intdigest(user.encode("utf-8", "surrogatepass"))
