"""A user's history as training data: each user once, whatever the rows' order, and without the tests in it."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from lamp_dataset import version
from lamp_dataset.atomic import PRIVATE, work_folder, write_whole
from lamp_dataset.formats.texts import counted, is_whole, short
from lamp_dataset.loading.datasets_internals import cache_path, fingerprint_of
from lamp_dataset.personalize.history.pair_profiles import VISIBLE, stored_before
from lamp_dataset.personalize.history.pair_texts import check_style, pair_texts
from lamp_dataset.personalize.history.rows_by_user import RowsByUser, pair_ids
from lamp_dataset.personalize.row_forms import TEXTS, on_disk, schema_of
from lamp_dataset.personalize.workers import ahead
from lamp_dataset.registry import other_setting
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

if TYPE_CHECKING:
    import datasets


#: About how many characters of inputs and visible items are in one table, which are of about equal length.
SIZE = 64_000_000
#: More items than anybody has.
ALL = 2**31


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
    1 user, 2 items, 2 pairs; left out: 0 as leaks, 0 as incomplete, 0 as duplicates
    """

    def __init__(
        self, task: str | Task, *, visible: str = "none", style: str = "task", limit: int | None = 16, seed: int = 0
    ) -> None:
        """See the class."""
        self.task = get_task(task)
        if visible not in tuple(VISIBLE):
            raise ValueError(f"expected {', '.join(VISIBLE)} as visible, found {short(visible)}")
        if visible == "earlier" and not (self.task.dated or self.task.stored_by_time):
            where = other_setting(self.task, ": they are in the time-based ")
            raise ValueError(f"{self.task.name} has no dates to tell what is earlier{where}")
        if limit is not None and (not is_whole(limit) or limit < 0):
            raise ValueError(f"expected a whole number as limit, found {short(limit)}")
        if not is_whole(seed):
            raise ValueError(f"expected a whole number as seed, found {short(seed)}")
        self.visible, self.style = visible, check_style(self.task, style)
        self.limit, self.seed = limit, seed
        self.counts = Counts()

    def __repr__(self) -> str:
        """The config and the options."""
        options = (f"{name}={getattr(self, name)!r}" for name in ("visible", "style", "limit", "seed"))
        return f"History({self.task.name!r}, {', '.join(options)})"

    def features(self) -> datasets.Features:
        """The ``datasets.Features`` of the pairs: those of the config, and ``user_id`` in any case."""
        import datasets  # imported late: it takes a second

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
        import datasets

        _check_list(exclude)
        features, fingerprint = self.features(), self._fingerprint(rows, exclude)
        path, schema = cache_path(rows, fingerprint), features.arrow_schema
        permissions = PRIVATE if self.task.gated else None
        with write_whole(path, "wb", permissions=permissions) as file, pa.ipc.new_stream(file, schema) as writer:
            for table in ahead(self.tables(rows, exclude)):
                writer.write_table(table.cast(schema))
        table = datasets.table.MemoryMappedTable.from_file(path)
        return datasets.Dataset(table, info=datasets.DatasetInfo(features=features), fingerprint=fingerprint)

    def tables(self, rows: Any, exclude: Sequence[Any] = ()) -> Iterator[pa.Table]:
        """The pairs as Arrow tables, see :meth:`pairs`; ``counts`` is complete after the last one."""
        _check_list(exclude)
        self.counts, counts = Counts(), Counter()
        with work_folder(Path(tempfile.gettempdir()), "lamp-history") as folder:
            whole, *others = (on_disk(self.task, rows, folder) for rows in (rows, *exclude))
            split = RowsByUser(self.task, whole, others)
            for users, items in split.pieces():
                yield from self._tables(users, self._usable(split, users, items, counts), counts)
        self.counts = Counts(**counts)

    def _usable(self, split: RowsByUser, users: list[str], items: pa.Table, counts: Counter) -> pa.Table:
        """The items that become pairs or are seen by them, with their pairs' ids."""
        whole, leaks = items["whole"].to_numpy(), split.leaks(users, items)
        number = pc.sum(items["times"], min_count=0).as_py()
        counts.update(users=len(users), items=number, duplicates=number - len(items))
        counts.update(incomplete=int((~whole).sum()), leaks=int((whole & leaks).sum()))
        return items.append_column("id", pair_ids(users, items)).filter(pa.array(whole & ~leaks)).combine_chunks()

    def _tables(self, users: list[str], items: pa.Table, counts: Counter) -> Iterator[pa.Table]:
        owners = pa.array(users, pa.string()).take(items["user"].combine_chunks())
        asks, answers = pair_texts(self.task, items["item"].combine_chunks(), owners, self.style, self.seed)
        by_place = self.visible == "earlier" and self.task.stored_by_time
        views = (stored_before if by_place else VISIBLE[self.visible])(
            items, ALL if self.limit is None else min(self.limit, ALL)
        )
        pairs = np.arange(len(items))
        if self.task.pair.lead is not None:  # else, different texts ask differently
            asked = pa.table([items["user"], asks, pairs], ["user", "asks", "pair"])
            pairs = np.sort(asked.group_by(["user", "asks"]).aggregate([("pair", "min")])["pair_min"])
        counts.update(pairs=len(pairs), duplicates=len(items) - len(pairs))
        table = pa.table([items["id"], owners, asks, answers], TEXTS).take(pa.array(pairs))
        sizes = pc.utf8_length(table["input"]).to_numpy() * (views.end - views.first + 1)[pairs]
        for part in np.split(np.arange(len(pairs)), np.flatnonzero(np.diff(sizes.cumsum() // SIZE)) + 1):
            profiles = _profiles(items["item"].combine_chunks(), *views.of(pairs[part]))
            yield table.take(pa.array(part)).append_column("profile", profiles)

    def _fingerprint(self, rows: Any, exclude: Sequence[Any]) -> str:
        """The same for the same rows and options, where the rows have fingerprints, so that caches are found again."""
        import datasets

        if not all(isinstance(split, datasets.Dataset) for split in (rows, *exclude)):
            return datasets.fingerprint.generate_random_fingerprint()
        state = [repr(self), repr(self.task), version.__version__, *map(fingerprint_of, (rows, *exclude))]
        return xxhash.xxh3_64_hexdigest("\0".join(state).encode())


def _check_list(exclude: Any) -> None:
    if not isinstance(exclude, (list, tuple)):
        raise ValueError(f"expected a list of splits as exclude, found {type(exclude).__name__}")


def _profiles(items: pa.StructArray, lengths: np.ndarray, seen: np.ndarray) -> pa.ListArray:
    """Most items are seen often: each text of a profile is there once, with references.

    A dictionary must not hold a text twice: pyarrow would write bytes of free memory into Parquet files, different ones
    in each run.
    """
    used = np.zeros(len(items), bool)
    used[seen] = True
    which = pa.array((used.cumsum() - 1)[seen], pa.int32())
    encoded = [values.dictionary_encode() for values in items.filter(pa.array(used)).flatten()]
    fields = [pa.DictionaryArray.from_arrays(one.indices.take(which), one.dictionary) for one in encoded]
    offsets = pa.array(np.concatenate([[0], lengths.cumsum()]), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(fields, items.type.names))
