"""A user's history as training data: each user once, whatever the rows' order, and without the tests in it."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import xxhash

from lamp_dataset import version
from lamp_dataset.atomic import PRIVATE, work_folder, write_whole
from lamp_dataset.formats.texts import counted, short
from lamp_dataset.loading.datasets_internals import cache_path, fingerprint_of
from lamp_dataset.personalize.history.items import Item, pair_ids, united
from lamp_dataset.personalize.history.pair_texts import check_style, pair_texts
from lamp_dataset.personalize.history.visible import VISIBLE
from lamp_dataset.personalize.history.whole_split import Split
from lamp_dataset.personalize.stored import TEXTS, stored, table_of
from lamp_dataset.personalize.workers import ahead
from lamp_dataset.registry import other_setting
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

if TYPE_CHECKING:
    import datasets


#: About how many characters of inputs and visible items are in one table, which are of about equal length.
SIZE = 16_000_000


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
        if visible == "earlier" and not self.task.time_based:
            where = other_setting(self.task, ": they are in the time-based ")
            raise ValueError(f"{self.task.name} has no dates to tell what is earlier{where}")
        for name, value, none in (("limit", limit, True), ("seed", seed, False)):
            whole_number = isinstance(value, int) and not isinstance(value, bool)
            if not (whole_number and (name == "seed" or value >= 0)) and not (none and value is None):
                raise ValueError(f"expected a whole number as {name}, found {short(value)}")
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

        text = datasets.Value("string")
        return datasets.Features(
            {**dict.fromkeys(TEXTS, text), "profile": [dict.fromkeys(self.task.item_fields, text)]}
        )

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
        self.counts, counts, pairs, size = Counts(), Counter(), [], 0
        with work_folder(Path(tempfile.gettempdir()), "lamp-history") as folder:
            for pair in self._pairs([stored(self.task, split, folder) for split in (rows, *exclude)], counts):
                pairs.append(pair)
                size += len(pair["input"]) * (len(pair["profile"]) + 1)
                if size > SIZE:
                    yield table_of(self.task, pairs)
                    pairs, size = [], 0
        if pairs:
            yield table_of(self.task, pairs)
        self.counts = Counts(**counts)

    def _pairs(self, splits: Sequence[datasets.Dataset], counts: Counter) -> Iterator[dict[str, Any]]:
        split = Split(self.task, splits[0], splits[1:])
        for user in split.users():
            items, copies = united(self.task, split.profiles_of(user))
            counts.update(users=1, items=len(items) + copies, duplicates=copies)
            usable = []
            for name, item in zip(pair_ids(user, items), items, strict=True):
                if not (item.text and item.output):
                    counts["incomplete"] += 1
                elif split.is_leak(user, item):
                    counts["leaks"] += 1
                else:
                    usable.append((name, item))
            yield from self._pairs_of(user, usable, counts)

    def _pairs_of(self, user: str, usable: list[tuple[str, Item]], counts: Counter) -> Iterator[dict[str, Any]]:
        views = VISIBLE[self.visible]([item for _, item in usable], self.limit)
        inputs = set()
        for (name, item), seen in zip(usable, views, strict=True):
            asks, answers = pair_texts(self.task, item.fields, user, self.style, self.seed)
            counts["duplicates" if asks in inputs else "pairs"] += 1
            if asks not in inputs:
                inputs.add(asks)
                yield {"id": name, "user_id": user, "input": asks, "output": answers, "profile": seen}

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
