"""What only the whole split shows: whose its rows are, and what the users' samples ask."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.personalize.history.leaks import questions
from lamp_dataset.personalize.history.user_items import distinct, items_of
from lamp_dataset.personalize.row_forms import tables
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
        rows: as :func:`~lamp_dataset.personalize.rows_on_disk.on_disk` gives them.
        exclude: further splits of that form, whose questions and golds count as leaks, too.

    Attributes:
        users: the user of each row.

    Raises:
        ValueError: the users of the rows cannot be found, or only some rows name theirs.
    """

    def __init__(self, task: Task, rows: datasets.Dataset, exclude: Sequence[datasets.Dataset]) -> None:
        """Read all rows once."""
        self._task, self._ids = task, rows["id"][:]
        self._profiles = rows.select_columns(["profile"]).with_format("arrow")
        self._rows = max(1, PIECE * len(rows.data) // max(1, rows.data.nbytes))
        users, owners = _owners(rows, exclude)
        self.users = users
        self._numbers: dict[str, list[int]] = defaultdict(list)
        for number, user in enumerate(users):
            self._numbers[user].append(number)
        self._owners = dict(zip(users, owners, strict=False))
        self._asked: dict[Hashable, set[tuple[str, str]]] = defaultdict(set)
        asking = (split.select_columns(["input", "output"]) for split in (rows, *exclude))
        asking = itertools.chain.from_iterable(table.to_pylist() for split in asking for table in tables(split))
        for owner, row in zip(owners, asking, strict=True):
            self._asked[owner].update(questions(task, row))

    @property
    def asked(self) -> set[tuple[str, str]]:
        """What any sample asks about, and its gold, as :func:`questions` gives them."""
        return set().union(*self._asked.values())

    def pieces(self) -> Iterator[list[str]]:
        """The users in the order of their ids, some at a time: together they have about :data:`PIECE` of rows."""
        users = sorted(self._numbers, key=by_name)
        ends = itertools.accumulate(len(self._numbers[user]) for user in users)
        for _, piece in itertools.groupby(zip(users, ends, strict=True), lambda one: one[1] // self._rows):
            yield [user for user, _ in piece]

    def items(self, users: Sequence[str]) -> pa.Table:
        """The distinct items of these users, see :mod:`~lamp_dataset.personalize.history.user_items`."""
        rows = [(number, row) for number, user in enumerate(users) for row in self._ordered(user)]
        found = []
        for start in range(0, len(rows), self._rows):
            owners, numbers = np.array(rows[start : start + self._rows]).T
            profiles = self._profiles[numbers.tolist()]["profile"]
            samples = pa.array([self._ids[number] for number in numbers], pa.string())
            found = [distinct(pa.concat_tables([*found, items_of(self._task, owners, numbers, samples, profiles)]))]
        return found[0].combine_chunks()

    def _ordered(self, user: str) -> list[int]:
        """The numbers of a user's rows in the order of their ids; equal ids in the order of the items."""
        times = Counter(self._ids[number] for number in self._numbers[user])

        def key(number: int) -> tuple:
            name = self._ids[number]
            return by_name(name), repr(self._profiles[number]["profile"].to_pylist()) if times[name] > 1 else ""

        return sorted(self._numbers[user], key=key)

    def leaks(self, users: Sequence[str], items: pa.Table) -> np.ndarray:
        """Whether each item is what a sample of its user asks about or, where that counts, its gold."""
        asked = [self._asked[self._owners[user]] for user in users]
        found = np.zeros(len(items), bool)
        for name, texts in ((self._task.pair.text, items["text"]), (self._task.pair.output, items["output"])):
            wanted = pa.array({text for some in asked for field, text in some if field == name}, pa.string())
            for n in np.flatnonzero(pc.is_in(texts, wanted)).tolist():
                found[n] |= (name, texts[n].as_py()) in asked[items["user"][n].as_py()]
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
