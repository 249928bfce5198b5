"""What a pair made of a profile item asks and answers, and which of its user's other items it sees."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from lamp_dataset.personalize.dates import day_of, last_of
from lamp_dataset.task import Task

#: ``task``: the benchmark's own instruction, as in the test inputs. ``official``: what the benchmark's code for
#: parameter-efficient fine-tuning asks; the two differ where a profile item cannot answer the task.
STYLES = ("task", "official")
#: Numbers of items, and for each item the places in them where what it sees begins and ends.
View = tuple[np.ndarray, np.ndarray, np.ndarray]
#: Greater than any number made from a date.
_ABOVE = 10**9


def pair_texts(
    task: Task, items: pa.StructArray, users: pa.Array, style: str = "task", seed: int = 0
) -> tuple[pa.Array, pa.Array]:
    """Inputs and outputs of items, each of a user.

    A text to be completed is cut after a share of its words that depends on seed, user and text alone: the same in
    every process and for every order. Words are joined by single blanks, as in the benchmark's code.
    """
    texts, outputs = (pc.struct_field(items, field) for field in (task.pair.text, task.pair.output))
    if task.pair.lead is not None:
        found = zip(texts.to_pylist(), users.to_pylist(), strict=True)
        halves = [_cut(text, f"{seed}\0{user}\0{text}", *task.pair.lead) for text, user in found]
        texts, outputs = (pa.array([half[n] for half in halves], pa.string()) for n in (0, 1))
    if task.pair.asks is not None:
        parts = enumerate(re.split(r"{(\w+)}", task.pair.asks))  # every second one names a field
        asks = [pc.fill_null(pc.struct_field(items, part), "") if n % 2 else part for n, part in parts]
        return pc.binary_join_element_wise(*asks, ""), outputs
    instruction = task.instruction if style == "task" or task.pair.instruction is None else task.pair.instruction
    return pc.binary_join_element_wise(instruction, texts, " "), outputs


def _cut(text: str, key: str, low: float, high: float) -> tuple[str, str]:
    words = text.split()
    first = int(len(words) * (low + (high - low) * xxhash.xxh3_64_intdigest(key.encode()) / 2**64))
    return " ".join(words[:first]), " ".join(words[first:])


def profiles(items: pa.Array, numbers: np.ndarray, order: np.ndarray, first: np.ndarray, end: np.ndarray) -> pa.Array:
    """The profiles of some items: what is in ``order`` from ``first`` to before ``end``, but never an item itself.

    Args:
        items: whatever stands for all items.
        numbers: of the items that have the profiles.
        order: numbers of all items that can be seen.
        first, end: of each profile, as places in ``order``.
    """
    count = end - first
    place = np.repeat(np.arange(len(numbers)), count)
    seen = order[np.arange(len(place)) + (first - count.cumsum() + count)[place]]
    others = seen != numbers[place]
    ends = np.bincount(place[others], minlength=len(numbers)).cumsum()
    return pa.ListArray.from_arrays(np.append(0, ends).astype(np.int32), items.take(seen[others]))


def earlier(task: Task, items: pa.RecordBatch, limit: int) -> View:
    """The last items that are certainly of an earlier date, oldest first; those of one date as stored.

    A date without a day or month is all of its days. An item without a date sees nothing and is seen by none. In tasks
    whose profiles are stored by time, earlier items are those stored before.
    """
    days, lasts = [np.arange(1, len(items) + 1)] * 2 if task.stored_by_time else _days(items)
    user = items["user"].indices.to_numpy() * _ABOVE
    dated = np.flatnonzero(days)
    order = dated[np.argsort((user + lasts)[dated], kind="stable")]
    begin, end = (np.searchsorted((user + lasts)[order], wanted) for wanted in (user, user + days))
    return order, np.maximum(begin, end - limit), end


def _days(items: pa.RecordBatch) -> tuple[np.ndarray, np.ndarray]:
    """The date of each item and the last day that it may mean, as numbers; 0 for none."""
    dates = pc.struct_field(items["item"], "date").dictionary_encode("encode")
    which = dates.indices.to_numpy()
    ids = items["id"].take(np.unique(which, return_index=True)[1]).to_pylist()
    found = zip(dates.dictionary.to_pylist(), ids, strict=True)
    days = [day_of(date, f"item {name!r}") or (0, 0, 0) for date, name in found]
    first, last = np.array([days, list(map(last_of, days))]).reshape(2, -1, 3) @ (10_000, 100, 1)
    return first[which], last[which]


def others(task: Task, items: pa.RecordBatch, limit: int) -> View:
    """The other items that are stored nearest, in the stored order; of two equally near, the one before."""
    own, user = np.arange(len(items)), items["user"].indices.to_numpy()
    begin, end = (np.searchsorted(user, user, side) for side in ("left", "right"))
    count = np.minimum(limit, end - begin - 1)
    first = np.clip(own - (count + 1) // 2, begin, end - 1 - count)
    return own, first, first + count + 1


#: Name -> what each item of some users sees, at most ``limit`` items; with ``"none"``, the limit is 0.
VISIBLE: Mapping[str, Callable[[Task, pa.RecordBatch, int], View]] = MappingProxyType(
    {"none": others, "earlier": earlier, "others": others}
)
