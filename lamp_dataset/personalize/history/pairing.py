"""From the histories of some users to their training pairs, as Arrow tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.hashes import joined, text_hashes
from lamp_dataset.personalize.history.leaks import is_test
from lamp_dataset.personalize.history.pair_texts import pair_texts
from lamp_dataset.personalize.history.survey import read_items
from lamp_dataset.personalize.history.united import Histories
from lamp_dataset.personalize.history.visible import Window, days, seen, windows
from lamp_dataset.task import Task

#: About how many bytes of visible items are in one table.
TABLE_BYTES = 16_000_000


@dataclass(frozen=True)
class Counts:
    """What became of the items of a history; ``items`` is the sum of ``pairs`` and of all that is left out.

    Attributes:
        users: number of users.
        items: number of items, each once for a user, and as often as one profile has it.
        pairs: number of pairs.
        leaks: items left out because they are what a sample of this user asks about, or its gold.
        incomplete: items left out because they have no text or no output.
        duplicates: items left out because the user has another with the same input.
    """

    users: int = 0
    items: int = 0
    pairs: int = 0
    leaks: int = 0
    incomplete: int = 0
    duplicates: int = 0

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.users} users, {self.items} items, {self.pairs} pairs; left out: {self.leaks} as leaks, "
            f"{self.incomplete} as incomplete, {self.duplicates} as duplicates"
        )


@dataclass
class Pairing:
    """Makes pairs and counts them.

    Attributes:
        task: the config.
        visible, style, limit, seed: see :class:`~lamp_dataset.personalize.history.history.History`.
        tests: marks of what the users' samples ask, see :func:`~lamp_dataset.personalize.history.leaks.marks_of`.
        counts: of all histories so far.
    """

    task: Task
    visible: str
    style: str
    limit: int | None
    seed: int
    tests: np.ndarray
    counts: Counts = Counts()

    def tables(self, given: Histories) -> Iterator[pa.Table]:
        """The pairs of some users, a table of moderate size at a time."""
        texts, outputs, lacking = read_items(self.task, given.items)
        leaking = is_test(text_hashes(texts), text_hashes(outputs), given.owners, self.tests) & ~lacking
        good = np.flatnonzero(~(lacking | leaking))
        users, ids = given.users, pair_ids(given)
        items = _Items([users[n] for n in good], [ids[n] for n in good], given.items.take(pa.array(good)))
        inputs, outputs = pair_texts(self.task, items.items, items.users, self.style, self.seed)
        chosen = items.first_of_each(inputs)
        self._count(
            users=len(set(users)),
            items=len(users) + given.copies,
            pairs=len(chosen),
            leaks=int(leaking.sum()),
            incomplete=int(lacking.sum()),
            duplicates=given.copies + len(good) - len(chosen),
        )
        window = windows(self.visible, self._days(items), items.starts, self.limit)
        for some in _cut(chosen, window, items):
            yield items.table(some, inputs, outputs, window)

    def _count(self, **new: int) -> None:
        self.counts = Counts(*(a + b for a, b in zip(astuple(self.counts), astuple(Counts(**new)), strict=True)))

    def _days(self, items: _Items) -> np.ndarray:
        if self.visible != "earlier":
            return np.zeros((len(items.users), 2), np.int64)
        dates = pc.struct_field(items.items, "date").to_pylist()
        return days(dates, lambda position: f"pair {short(items.ids[position])}")


@dataclass
class _Items:
    """Items that may become pairs and may be seen, one user after the other."""

    users: list[str]
    ids: list[str]
    items: pa.StructArray

    def __post_init__(self) -> None:
        changes = [n for n in range(1, len(self.users)) if self.users[n] != self.users[n - 1]]
        self.starts = np.array([0, *changes, len(self.users)] if self.users else [0])

    def first_of_each(self, inputs: pa.Array) -> np.ndarray:
        """The positions of the first item of each input and user."""
        user = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        return np.sort(np.unique(joined(user, text_hashes(inputs)), return_index=True)[1])

    def table(self, some: np.ndarray, inputs: pa.Array, outputs: pa.Array, window: Window) -> pa.Table:
        """The pairs of the items at some positions."""
        sizes, which = seen(window, some)
        offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32))
        columns = {
            "id": pa.array([self.ids[n] for n in some], pa.string()),
            "user_id": pa.array([self.users[n] for n in some], pa.string()),
            "input": inputs.take(pa.array(some)),
            "output": outputs.take(pa.array(some)),
            "profile": pa.ListArray.from_arrays(offsets, self.items.take(pa.array(which))),
        }
        return pa.table(columns)


def _cut(chosen: np.ndarray, window: Window, items: _Items) -> Iterator[np.ndarray]:
    """The chosen positions in parts of about :data:`TABLE_BYTES`."""
    item_bytes = items.items.nbytes / max(1, len(items.users))
    ends = np.cumsum((window.high - window.low)[chosen] + 1) * item_bytes
    part = (ends // TABLE_BYTES).astype(np.int64)
    yield from (some for some in np.split(chosen, np.flatnonzero(np.diff(part)) + 1) if len(some))


def pair_ids(given: Histories) -> list[str]:
    """``user/item``, percent-encoded, so that no two are alike; ``user/item/2`` for a second item of the same id.

    The ids do not depend on what is left out of the pairs.
    """
    times: Counter[str] = Counter()
    found = []
    for user, item in zip(given.users, pc.struct_field(given.items, "id").to_pylist(), strict=True):
        name = f"{quote(user, safe='')}/{quote(item or '', safe='')}"
        times[name] += 1
        found.append(name if times[name] == 1 else f"{name}/{times[name]}")
    return found
