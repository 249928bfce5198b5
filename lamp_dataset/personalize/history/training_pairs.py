"""A user's history as training data: each user once, whatever the rows' order, and without the tests in it."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from lamp_dataset import version
from lamp_dataset.atomic import PRIVATE, work_folder, write_whole
from lamp_dataset.formats.texts import counted, is_whole, short
from lamp_dataset.loading.datasets_internals import cache_path, fingerprint_of
from lamp_dataset.personalize.history.pairs import STYLES, VISIBLE, pair_texts, profiles
from lamp_dataset.personalize.history.user_items import cut, items_by_user
from lamp_dataset.personalize.row_forms import TEXTS, on_disk, schema_of
from lamp_dataset.personalize.workers import ahead
from lamp_dataset.registry import other_setting
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

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
