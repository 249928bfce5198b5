"""Users' histories as training pairs, without the items that give test samples away."""

import itertools
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import ArrayLike

from lamp_dataset import version
from lamp_dataset.atomic import PRIVATE, work_folder, write_whole
from lamp_dataset.formats.texts import counted, is_whole, short
from lamp_dataset.loading.datasets_internals import cache_path, fingerprint_of
from lamp_dataset.personalize.dates import day_of, last_of
from lamp_dataset.personalize.row_forms import TEXTS, on_disk, schema_of, tables
from lamp_dataset.personalize.same_text import questions
from lamp_dataset.personalize.users.inference import UserFinder, rows_by_name
from lamp_dataset.personalize.workers import ahead
from lamp_dataset.registry import other_setting
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

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


#: About how many bytes of rows are looked at together.
PIECE = 4_000_000


def items_by_user(task: Task, rows: datasets.Dataset, exclude: Sequence[datasets.Dataset]) -> Iterator[pa.RecordBatch]:
    """The distinct items of some users at a time, in the order of the users' names and of their rows' ids.

    Args:
        task: whose rows they are.
        rows: as :func:`~lamp_dataset.personalize.row_forms.on_disk` gives them.
        exclude: further splits of that form, whose questions and golds count as leaks, too.

    Yields:
        As :func:`distinct`, with ``leak``: whether a sample of the user asks about the item or, where that counts, has
        it as its gold.

    Raises:
        ValueError: the users of the rows cannot be found, or only some rows name theirs.
    """
    users, owners = _owners(rows, exclude)
    asking = (table for split in (rows, *exclude) for table in tables(split.select_columns(["input", "output"])))
    asked: dict[Hashable, set[tuple[str, str]]] = defaultdict(set)  # of whatever identifies a user
    for owner, row in zip(owners, (row for table in asking for row in table.to_pylist()), strict=True):
        asked[owner].update(questions(task, row))
    rows_of, profiles = rows_by_name(users, rows["id"][:]), rows.select_columns(["profile"]).with_format("arrow")
    names, most = list(rows_of), max(1, PIECE * len(rows.data) // max(1, rows.data.nbytes))
    for part in cut([len(rows_of[name]) for name in names], most):
        some = [names[n] for n in part]
        numbers = np.repeat(np.arange(len(some)), [len(rows_of[name]) for name in some])
        found = profiles[[row for name in some for row in rows_of[name]]]["profile"].combine_chunks()
        items = distinct(task, pa.DictionaryArray.from_arrays(numbers, pa.array(some, pa.string())), found)
        wanted = [(n, *given) for n, name in enumerate(some) for given in asked[owners[rows_of[name][0]]]]
        yield items.append_column("leak", _leaks(task, items, wanted))


def cut(sizes: ArrayLike, most: int) -> list[np.ndarray]:
    """The numbers of things of these sizes, in parts that together have about the size ``most`` or are one thing."""
    ends = np.cumsum(sizes, dtype=np.int64) // most
    parts = np.split(np.arange(len(ends)), np.flatnonzero(np.diff(ends)) + 1)
    return [part for part in parts if len(part)]


def _owners(rows: datasets.Dataset, exclude: Sequence[datasets.Dataset]) -> tuple[list[str], Sequence[Hashable]]:
    """The users of the rows, and what identifies the user of each row and then of each row to exclude."""
    own = UserFinder()
    for table in tables(rows):
        own.add(table)
    others = UserFinder(bool(own.named))
    for table in itertools.chain.from_iterable(map(tables, exclude)):
        others.add(table)
    users = own.users()
    return users, [*users, *others.users()] if own.named else own.groups(others)


def distinct(task: Task, users: pa.DictionaryArray, profiles: pa.ListArray) -> pa.RecordBatch:
    """The distinct items of some users, of which most are copies: no text becomes a Python string.

    Items with the same text are one, the first. Those that lack text or output are one only if both are the same, so
    that they never take the place of a whole one. Copies in the user's other profiles do not count as further times:
    profiles are made of them.

    Args:
        task: whose rows they are.
        users, profiles: of each row; the rows of a user follow each other.

    Returns:
        ``id``, see :func:`pair_ids`; ``user``; ``item``, its fields as stored; ``whole``, whether it has a text and an
        output; ``times``, how often one profile has it at most.
    """
    row = np.repeat(np.arange(len(profiles)), pc.fill_null(pc.list_value_length(profiles), 0).to_numpy())
    items = profiles.flatten()
    text, output = (_trimmed(items, field) for field in (task.pair.text, task.pair.output))
    whole = pc.and_(pc.not_equal(text, ""), pc.not_equal(output, ""))
    same = [values.dictionary_encode().indices for values in (text, pc.if_else(whole, None, output))]
    user = users.indices.take(row)
    found = pa.table([user, *same, row, np.arange(len(row))], ["user", "text", "rest", "row", "place"])
    found = found.group_by(["user", "text", "rest", "row"]).aggregate([("place", "min"), ("place", "count")])
    found = found.group_by(["user", "text", "rest"]).aggregate([("place_min", "min"), ("place_count", "max")])
    found = found.sort_by("place_min_min")
    user, first, times = (found[name].combine_chunks() for name in ("user", "place_min_min", "place_count_max"))
    user, items = pa.DictionaryArray.from_arrays(user, users.dictionary), items.take(first)
    columns = {"id": pair_ids(user, pc.struct_field(items, "id")), "user": user, "item": items}
    return pa.record_batch({**columns, "whole": whole.take(first), "times": times})


def _trimmed(items: pa.StructArray, field: str) -> pa.StringArray:
    return pc.utf8_trim_whitespace(pc.fill_null(pc.struct_field(items, field), ""))


def _leaks(task: Task, items: pa.RecordBatch, asked: list[tuple[int, str, str]]) -> pa.Array:
    """Whether each whole item holds what is asked: the number of a user, a field and its text."""
    numbers, found = items["user"].indices.cast(pa.string()), pa.scalar(False)
    for field in {task.pair.text, task.pair.output}:
        wanted = pa.array([f"{user} {text}" for user, name, text in asked if name == field], pa.string())
        texts = pc.binary_join_element_wise(numbers, _trimmed(items["item"], field), " ")
        found = pc.or_(found, pc.is_in(texts, wanted))
    return pc.and_(items["whole"], found)


def pair_ids(users: pa.DictionaryArray, items: pa.StringArray) -> pa.Array:
    """``user/item``, percent-encoded, so that no two are alike; ``user/item/2`` for a second item of the same id.

    The ids do not depend on what is left out of the pairs.
    """
    owners = _quoted(users.dictionary).take(users.indices)
    names = pc.binary_join_element_wise(owners, _quoted(pc.fill_null(items, "")), "/")
    which = names.dictionary_encode().indices.to_numpy()
    order = np.argsort(which, kind="stable")
    times = np.empty(len(names), np.int64)
    times[order] = 1 + np.arange(len(names)) - np.searchsorted(which[order], which[order])
    numbered = pc.binary_join_element_wise(names, pa.array(times).cast(pa.string()), "/")
    return pc.if_else(pa.array(times == 1), names, numbered)


def _quoted(names: pa.StringArray) -> pa.StringArray:
    odd = pc.match_substring_regex(names, r"[^\w.~-]")
    encoded = [quote(name, safe="") for name in names.filter(odd).to_pylist()]
    return pc.replace_with_mask(names, odd, pa.array(encoded, pa.string()))


#: About how many bytes of items, a pair's own and those that it sees, are in one table.
SIZE = 128_000_000


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
            f"left out: {counted(self.leaks, 'leaks')}, {self.incomplete:,} incomplete, "
            f"{counted(self.duplicates, 'duplicates')}"
        )


class History:
    """Makes training pairs from the items in users' profiles, each user once.

    Args:
        task: config name, such as ``"LaMP_4_time"``.
        visible: which of its user's other items form a pair's profile: ``"none"``; ``"earlier"``, the items of an
            earlier date (time-based configs); or ``"others"``, all but itself.
        style: ``"task"``, the benchmark's own instruction with the item's text, so that pairs look like the test
            inputs; or ``"official"``, what the benchmark's code for parameter-efficient fine-tuning asks, which also
            has pairs for the configs whose items cannot answer the task.
        limit: the most items in a pair's profile; None for all. Those nearest in time are taken, or with ``"others"``
            those stored nearest. With all items, the pairs grow with the square of the history.
        seed: decides, with user and text alone, where a text to be completed is cut.

    Attributes:
        counts: what became of the items in the last call, see :class:`Counts`.

    Raises:
        ValueError: an unknown name, or a config that has no such pairs or no dates.

    >>> rows = [{"id": "8", "input": "Paraphrase the following tweet: rain", "profile": [
    ...     {"id": "80", "text": "tired of all this rain again, so very tired"}, {"id": "81", "text": "tea"}]}]
    >>> history = History("LaMP_7", style="official")
    >>> pair = history.pairs(rows)[0]
    >>> pair["input"], pair["output"]
    ('Complete the following tweet: tired', 'of all this rain again, so very tired')
    >>> print(history.counts)
    1 user, 2 items, 2 pairs; left out: 0 leaks, 0 incomplete, 0 duplicates
    """

    def __init__(
        self, task: str | Task, *, visible: str = "none", style: str = "task", limit: int | None = 16, seed: int = 0
    ) -> None:
        """See the class."""
        self.task = task = get_task(task)
        if visible not in tuple(VISIBLE):
            raise ValueError(f"expected {', '.join(VISIBLE)} as visible, found {short(visible)}")
        if visible == "earlier" and not (task.dated or task.stored_by_time):
            where = other_setting(task, ": they are in the time-based ")
            raise ValueError(f"{task.name} has no dates to say what is earlier{where}")
        if style not in STYLES:
            raise ValueError(f"expected {' or '.join(STYLES)} as style, found {short(style)}")
        if style == "task" and task.pair.instruction is not None:
            raise ValueError(
                f"{task.name} has no pairs in the style 'task': a profile item holds {', '.join(task.profile_fields)}, "
                f"which does not answer the task ({task.title}). Use the style 'official': {task.pair.instruction!r}"
            )
        for name, value in (("seed", seed), ("limit", 0 if limit is None else limit)):
            if not is_whole(value) or (name == "limit" and value < 0):
                raise ValueError(f"expected a whole number as {name}, found {short(value)}")
        self.visible, self.style, self.limit, self.seed = visible, style, limit, seed
        self.counts = Counts()

    def features(self) -> datasets.Features:
        """The ``datasets.Features`` of the pairs: those of the config, and ``user_id`` in any case."""
        return datasets.Features.from_arrow_schema(schema_of(self.task))

    def pairs(self, rows: Any, exclude: Sequence[Any] = ()) -> datasets.Dataset:
        """The pairs of all users, in the order of the users' ids and of their items as stored.

        Args:
            rows: rows of one split: a ``datasets.Dataset`` or ``IterableDataset``, an Arrow table, or an iterable of
                dicts. Their order does not matter.
            exclude: further splits in the same forms. Items that a sample of the same user, in ``rows`` or here, asks
                about, or whose output is its gold, are left out.

        Returns:
            A dataset with the columns ``id``, ``user_id``, ``input``, ``output`` and ``profile``, on disk.

        Raises:
            ValueError: rows of another shape or config, or an invalid date.
        """
        _check_list(exclude)
        options = repr((self.task, self.visible, self.style, self.limit, self.seed))
        state = [options, version.__version__, *map(fingerprint_of, (rows, *exclude))]
        fingerprint = xxhash.xxh3_64_hexdigest("\0".join(state).encode())
        path, features = cache_path(rows, fingerprint), self.features()
        schema, permissions = features.arrow_schema, PRIVATE if self.task.gated else None
        with write_whole(path, "wb", permissions=permissions) as file, pa.ipc.new_stream(file, schema) as writer:
            for table in ahead(self.tables(rows, exclude)):
                writer.write_table(table.cast(schema))
        table = datasets.table.MemoryMappedTable.from_file(path)
        return datasets.Dataset(table, info=datasets.DatasetInfo(features=features), fingerprint=fingerprint)

    def tables(self, rows: Any, exclude: Sequence[Any] = ()) -> Iterator[pa.Table]:
        """The pairs as Arrow tables, see :meth:`pairs`; ``counts`` is complete after the last one."""
        _check_list(exclude)
        self.counts = Counts()
        counts: Counter[str] = Counter()
        with work_folder(Path(tempfile.gettempdir()), "lamp-history") as folder:
            split, *excluded = (on_disk(self.task, some, folder) for some in (rows, *exclude))
            for items in items_by_user(self.task, split, excluded):
                counts.update(users=len(items["user"].dictionary), items=pc.sum(items["times"], min_count=0).as_py())
                counts.update(incomplete=items["whole"].false_count, leaks=items["leak"].true_count)
                for table in self._pairs(items.filter(pc.and_not(items["whole"], items["leak"]))):
                    counts["pairs"] += len(table)
                    yield table
        duplicates = counts["items"] - counts["pairs"] - counts["leaks"] - counts["incomplete"]
        self.counts = Counts(**counts, duplicates=duplicates)

    def _pairs(self, items: pa.RecordBatch) -> Iterator[pa.Table]:
        """The pairs of some users. Most items are seen often: a table has each text of a profile once."""
        limit = 0 if self.visible == "none" else len(items) if self.limit is None else min(self.limit, len(items))
        order, first, end = VISIBLE[self.visible](self.task, items, limit)
        users = items["user"].cast(pa.string())
        texts = pair_texts(self.task, items["item"], users, self.style, self.seed)
        pairs = pa.table([items["id"], users, *texts, np.arange(len(items))], [*TEXTS, "number"])
        if self.task.pair.lead is not None:  # else, different texts ask differently
            numbers = pairs.group_by(["user_id", "input"]).aggregate([("number", "min")])["number_min"]
            pairs = pairs.take(numbers.sort())
        seen = (items["item"] if limit else items["item"][:0]).flatten()
        # If a dictionary held a text twice, pyarrow would write bytes of free memory into Parquet files.
        seen = pa.StructArray.from_arrays([texts.dictionary_encode() for texts in seen], self.task.item_fields)
        numbers = pairs["number"].to_numpy()
        sizes = (end - first + 1)[numbers] * (1 + items["item"].nbytes // max(1, len(items)))
        for part in cut(sizes, SIZE):
            these = numbers[part]
            yield pairs.take(part).set_column(4, "profile", profiles(seen, these, order, first[these], end[these]))


def _check_list(exclude: Any) -> None:
    if not isinstance(exclude, (list, tuple)):
        raise ValueError(f"expected a list of splits as exclude, found {type(exclude).__name__}")
