"""From the histories of some users to their training pairs, as Arrow tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.formats.texts import counted, short
from lamp_dataset.personalize.hashes import joined, text_hashes
from lamp_dataset.personalize.history.leaks import is_test
from lamp_dataset.personalize.history.pair_texts import pair_texts
from lamp_dataset.personalize.history.united import Histories, picked, stripped
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
            f"{counted(self.users, 'users')}, {counted(self.items, 'items')}, {counted(self.pairs, 'pairs')}; "
            f"left out: {self.leaks:,} as leaks, {self.incomplete:,} as incomplete, {self.duplicates:,} as duplicates"
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
        """The pairs of some users, a table of moderate size at a time; profiles are dictionary-encoded."""
        outputs = text_hashes(stripped(pc.struct_field(given.items, self.task.pair.output)))
        leaking = is_test(given.keys, outputs, given.owners, self.tests) & ~given.lacking
        good = np.flatnonzero(~(given.lacking | leaking))
        user_of, users = given.user_of[good], pa.array(given.users, pa.string()).take(pa.array(given.user_of[good]))
        items, ids = (picked(array, good) for array in (given.items, pair_ids(given)))
        inputs, outputs = pair_texts(self.task, items, users, self.style, self.seed)
        # inputs of whole texts differ, since items of one text are united
        chosen = np.arange(len(good)) if self.task.pair.lead is None else _first_of_each(user_of, inputs)
        self._count(
            users=len(given.users),
            items=len(given.items) + given.copies,
            pairs=len(chosen),
            leaks=int(leaking.sum()),
            incomplete=int(given.lacking.sum()),
            duplicates=given.copies + len(good) - len(chosen),
        )
        starts = np.flatnonzero(np.diff(user_of, prepend=-1, append=-1)) if len(good) else np.array([0])
        window = windows(self.visible, self._days(items, ids), starts, self.limit)
        pairs = pa.table({"id": ids, "user_id": users, "input": inputs, "output": outputs})
        for some in _cut(chosen, window, items.nbytes):
            yield picked(pairs, some).append_column("profile", _profiles(items, window, some))

    def _count(self, **new: int) -> None:
        self.counts = Counts(*(a + b for a, b in zip(astuple(self.counts), astuple(Counts(**new)), strict=True)))

    def _days(self, items: pa.StructArray, ids: pa.Array) -> np.ndarray:
        if self.visible != "earlier":
            return np.zeros((len(items), 2), np.int64)
        return days(pc.struct_field(items, "date"), lambda position: f"pair {short(ids[position].as_py())}")


def _first_of_each(user_of: np.ndarray, inputs: pa.Array) -> np.ndarray:
    """The positions of the first item of each user and input."""
    return np.sort(np.unique(joined(user_of, text_hashes(inputs)), return_index=True)[1])


def _cut(chosen: np.ndarray, window: Window, num_bytes: int) -> Iterator[np.ndarray]:
    """The chosen positions in parts of about :data:`TABLE_BYTES`, if all items together have so many bytes."""
    sizes = (window.high - window.low)[chosen] + 1
    part = (np.cumsum(sizes) * (num_bytes / max(1, len(window.order))) // TABLE_BYTES).astype(np.int64)
    yield from (some for some in np.split(chosen, np.flatnonzero(np.diff(part)) + 1) if len(some))


def _profiles(items: pa.StructArray, window: Window, some: np.ndarray) -> pa.ListArray:
    """What the items at some positions see. Most items are seen often, so each text is there once, with references."""
    sizes, which = seen(window, some)
    first, last = (int(which.min()), int(which.max())) if len(which) else (0, -1)
    part, places = items.slice(first, last - first + 1), pa.array((which - first).astype(np.int32))
    fields = [_referred(values, places) for values in part.flatten()]
    names = [field.name for field in items.type]
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(fields, names))


def _referred(values: pa.Array, places: pa.Array) -> pa.DictionaryArray:
    """Each text once: of a dictionary with doubles, pyarrow's Parquet has bytes of free memory, others in each run."""
    encoded = values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices.take(places), encoded.dictionary)


def pair_ids(given: Histories) -> pa.Array:
    """``user/item``, percent-encoded, so that no two are alike; ``user/item/2`` for a second item of the same id.

    The ids do not depend on what is left out of the pairs.
    """
    users = _encoded(pa.array(given.users, pa.string())).take(pa.array(given.user_of))
    items = _encoded(pc.fill_null(pc.struct_field(given.items, "id"), ""))
    ids = pc.binary_join_element_wise(users, items, "/")
    return ids if pc.count_distinct(ids).as_py() == len(ids) else pa.array(_numbered(ids.to_pylist()), pa.string())


def _encoded(names: pa.Array) -> pa.Array:
    if pc.all(pc.match_substring_regex(names, "^[0-9A-Za-z]*$")).as_py():
        return names
    return pa.array([quote(name, safe="") for name in names.to_pylist()], pa.string())


def _numbered(names: list[str]) -> Iterator[str]:
    times: Counter[str] = Counter()
    for name in names:
        times[name] += 1
        yield name if times[name] == 1 else f"{name}/{times[name]}"
