"""What only the whole split shows: whose its rows are, which items each user has, and what the users' samples ask."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.personalize.row_forms import tables
from lamp_dataset.personalize.same_text import questions
from lamp_dataset.personalize.users.inference import UserFinder, by_name
from lamp_dataset.task import Task

if TYPE_CHECKING:
    import datasets

#: About how many bytes of rows are looked at together.
PIECE = 4_000_000


class RowsByUser:
    """The rows of a split by user, and what they ask; profiles stay on disk.

    Args:
        task: whose rows they are.
        rows: as :func:`~lamp_dataset.personalize.row_forms.on_disk` gives them.
        exclude: further splits of that form, whose questions and golds count as leaks, too.

    Raises:
        ValueError: the users of the rows cannot be found, or only some rows name theirs.
    """

    def __init__(self, task: Task, rows: datasets.Dataset, exclude: Sequence[datasets.Dataset]) -> None:
        """Read all rows once."""
        self._task, self._ids = task, rows["id"][:]
        self._profiles = rows.select_columns(["profile"]).with_format("arrow")
        self._rows = max(1, PIECE * len(rows.data) // max(1, rows.data.nbytes))
        self._users, owners = _owners(rows, exclude)
        self._owners = dict(zip(self._users, owners, strict=False))
        self._asked: dict[Hashable, set[tuple[str, str]]] = defaultdict(set)
        asking = (split.select_columns(["input", "output"]) for split in (rows, *exclude))
        asking = itertools.chain.from_iterable(table.to_pylist() for split in asking for table in tables(split))
        for owner, row in zip(owners, asking, strict=True):
            self._asked[owner].update(questions(task, row))

    def pieces(self) -> Iterator[tuple[list[str], pa.Table]]:
        """Users in the order of their ids with their items, as :func:`distinct` gives them of rows in that order.

        Some users at a time: together they have about :data:`PIECE` of rows.
        """
        order = sorted(range(len(self._ids)), key=lambda row: (by_name(self._users[row]), by_name(self._ids[row])))
        piece: list[int] = []
        for _, rows in itertools.groupby(order, self._users.__getitem__):
            piece += rows
            if len(piece) >= self._rows:
                yield self._piece(piece)
                piece = []
        if piece:
            yield self._piece(piece)

    def _piece(self, rows: list[int]) -> tuple[list[str], pa.Table]:
        times = Counter(map(self._users.__getitem__, rows))
        owners = np.repeat(np.arange(len(times)), list(times.values()))
        return list(times), distinct(self._task, owners, self._profiles[rows]["profile"].combine_chunks())

    def leaks(self, users: Sequence[str], items: pa.Table) -> np.ndarray:
        """Whether each item is what a sample of its user asks about or, where that counts, its gold."""
        asked = [(str(n), *found) for n, user in enumerate(users) for found in self._asked[self._owners[user]]]
        numbers, found = items["user"].cast(pa.string()), np.zeros(len(items), bool)
        for field, texts in ((self._task.pair.text, items["text"]), (self._task.pair.output, items["output"])):
            wanted = pa.array([f"{n} {text}" for n, name, text in asked if name == field], pa.string())
            found |= pc.is_in(pc.binary_join_element_wise(numbers, texts, " "), wanted).to_numpy()
        return found


def _owners(rows: datasets.Dataset, exclude: Sequence[datasets.Dataset]) -> tuple[list[str], list[Hashable]]:
    """The users of the rows, and what identifies the user of each row and then of each row to exclude."""
    own = UserFinder()
    for table in tables(rows):
        own.add(table)
    others = UserFinder(bool(own.named))
    for table in itertools.chain.from_iterable(map(tables, exclude)):
        others.add(table)
    users = own.users()
    return users, [*users, *others.users()] if own.named else own.groups(others)


def distinct(task: Task, users: np.ndarray, profiles: pa.ListArray) -> pa.Table:
    """The distinct items of some users, in which no text becomes a Python string: most items are copies.

    Items with the same text are one, the first. Those that lack text or output are one only if both are the same, so
    that they never take the place of a whole one. Copies in the user's other profiles do not count as further times:
    profiles are made of them.

    Args:
        task: whose rows they are.
        users, profiles: the number of each row's user, in ascending order, and its profile.

    Returns:
        ``user``; ``text`` and ``output``, what it asks and answers, without white space around them, ``""`` for None;
        ``whole``, whether it has both; ``item``, its fields as stored; ``times``, how often one profile has it at most.
    """
    row = np.repeat(np.arange(len(profiles)), pc.fill_null(pc.list_value_length(profiles), 0).to_numpy())
    items, user = profiles.flatten(), users[row]
    text, output = (
        pc.utf8_trim_whitespace(pc.fill_null(pc.struct_field(items, field), ""))
        for field in (task.pair.text, task.pair.output)
    )
    whole = pc.and_(pc.not_equal(text, ""), pc.not_equal(output, ""))
    key = user
    for values in (text, pc.if_else(whole, None, output)):
        key = key * (len(items) + 1) + pc.dictionary_encode(values, null_encoding="encode").indices.to_numpy()
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    of_rows, number = np.unique(which * len(profiles) + row, return_counts=True)
    times, order = np.zeros(len(first), np.int64), np.argsort(first)
    np.maximum.at(times, of_rows // max(1, len(profiles)), number)
    found = pa.table({"user": user, "text": text, "output": output, "whole": whole, "item": items})
    return found.take(first[order]).append_column("times", pa.array(times[order]))


def pair_ids(users: Sequence[str], items: pa.Table) -> pa.Array:
    """``user/item``, percent-encoded, so that no two are alike; ``user/item/2`` for a second item of the same id.

    The ids do not depend on what is left out of the pairs.
    """
    owners, ids, times = list(map(quoted, users)), pc.struct_field(items["item"].combine_chunks(), "id"), Counter()
    found = []
    for user, name in zip(items["user"].to_pylist(), ids.to_pylist(), strict=True):
        name = f"{owners[user]}/{quoted(name or '')}"
        times[name] += 1
        found.append(name if times[name] == 1 else f"{name}/{times[name]}")
    return pa.array(found, pa.string())


def quoted(name: str) -> str:
    """The name, percent-encoded."""
    return name if name.isascii() and name.isalnum() else quote(name, safe="")
