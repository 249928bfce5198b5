"""Each user's history once, as other users may see it: without what any sample asks about or has as its gold."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.atomic import work_folder
from lamp_dataset.personalize.history.rows_by_user import RowsByUser, pair_ids
from lamp_dataset.personalize.retrieval.queries import Query
from lamp_dataset.personalize.retrieval.samples import Sample
from lamp_dataset.personalize.row_forms import on_disk
from lamp_dataset.task import ItemPair, Task
from lamp_dataset.tasks import get_task

_WORD = re.compile(r"[^\W_]+")
#: Characters without width, which no reader sees.
_UNSEEN = dict.fromkeys([0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF])
#: Whether a text occurs in an input is first asked of so many of its words.
_FIRST = 4


def normal(text: str | None) -> str:
    """The words of a text, by which texts are compared: Unicode forms, case, punctuation and white space do not count.

    >>> normal("Rain, again …") == normal("\\u2003rain\\xa0AGAIN"), normal("🙂 ")
    (True, '🙂')
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text or "").casefold()).translate(_UNSEEN)
    return " ".join(_WORD.findall(folded)) or folded.strip()


class Histories(NamedTuple):
    """The histories of users; see :func:`histories`.

    Attributes:
        task: whose rows they are, or what is known of it.
        users: the user of each row.
        of_user: user -> table of the user's items in the stored order: ``item``, and ``id``, ``USER/ITEM``. The users
            are in the order of their names.
        number: how many items all users have.
        leaks: how many of them are left out.
    """

    task: Any
    users: list[str]
    of_user: dict[str, pa.Table]
    number: int
    leaks: int

    def texts(self, user: str) -> list[str]:
        """The texts of the user's items that retrieval searches."""
        return Sample(self.task, user, "", Query(""), self.of_user[user]["item"].combine_chunks()).documents


@contextmanager
def histories(
    rows: Any, task: str | Task | None, exclude: Sequence[Any] = (), guard: bool = True
) -> Iterator[Histories]:
    """The histories of the users of ``rows``, each user's once, as in :class:`~lamp_dataset.History`; on disk.

    Left out is an item whose text a sample, of whichever user, in ``rows`` or ``exclude``, asks about or, in tasks that
    generate text, has as its gold; texts are compared as :func:`normal` says. Without a task, an item is left out if
    any of its texts is a gold or occurs in an input; numbers, and fields of few different texts, do not count.

    Raises:
        ValueError: these are no data sets with all their rows at hand, or the rows do not fit the task.
    """
    for some in (rows, *exclude):
        if not isinstance(some, datasets.Dataset):
            raise ValueError(f"expected a datasets.Dataset, found {type(some).__name__}; Dataset.from_list makes one")
    known: Any = _untold(rows) if task is None else get_task(task)
    with work_folder(Path(tempfile.gettempdir()), "lamp-histories") as folder:
        own, *others = (on_disk(known, some, folder) for some in (rows, *exclude))
        split, sizes, tables, is_leak = RowsByUser(known, own, others), [], [], None
        for number, (users, items) in enumerate(split.pieces()):
            items = items.append_column("id", pair_ids(users, items)).select(["user", "item", "id"])
            is_leak = is_leak or (_guard(known, split, items) if guard else lambda items: np.zeros(len(items), bool))
            kept = items.filter(pa.array(~is_leak(items)))
            with pa.OSFile(str(folder / f"items{number}"), "wb") as file, pa.ipc.new_file(file, kept.schema) as writer:
                writer.write_table(kept)
            mapped = pa.ipc.open_file(pa.memory_map(str(folder / f"items{number}"))).read_all()
            begin = np.searchsorted(kept["user"].to_numpy(), np.arange(len(users) + 1)).tolist()
            tables += [
                (user, mapped.slice(at, end - at)) for user, at, end in zip(users, begin, begin[1:], strict=False)
            ]
            sizes.append((len(items), len(items) - len(kept)))
        count, leaks = np.sum(sizes, axis=0).tolist() if sizes else (0, 0)
        yield Histories(known, split.users, dict(tables), count, leaks)


def _untold(rows: datasets.Dataset) -> SimpleNamespace:
    """What is known of rows if their task is not."""
    kind = rows.features.arrow_schema.field("profile").type
    names = [field.name for field in kind.value_type] if pa.types.is_list(kind) else []
    fields = [name for name in names if name not in ("id", "date")]
    if not fields:
        raise ValueError(f"expected a list of dicts with texts as profile, found {kind}")
    some = [item for profile in rows[:100]["profile"] for item in profile or ()]
    longest = max(fields, key=lambda name: sum(len(str(item[name])) for item in some))  # items are one if it is equal
    told = {"name": "these rows", "item_fields": names, "document_fields": fields, "labels": (), "subject_of": str}
    return SimpleNamespace(**told, pair=ItemPair(text=longest, output=longest))


def _guard(task: Any, split: RowsByUser, items: pa.Table) -> Callable[[pa.Table], np.ndarray]:
    """What gives whether each item is a leak; ``items``: some, from which labels are told if the task is not."""
    asked = {normal(text) for _, text in split.asked} - {""}
    fields, is_leak = [task.pair.text, *([] if task.labels else [task.pair.output])], asked.__contains__
    if not isinstance(task, Task):
        counts = {name: len(set(_column(items, name))) for name in task.document_fields}
        fields, is_leak = [name for name, count in counts.items() if 4 * count >= len(items)], _occurs_in(asked)
    return lambda some: np.array(
        [any(map(is_leak, map(normal, texts))) for texts in zip(*(_column(some, name) for name in fields), strict=True)]
        or [False] * len(some),
        bool,
    )


def _column(items: pa.Table, field: str) -> list[str | None]:
    return pc.struct_field(items["item"].combine_chunks(), field).to_pylist()


def _occurs_in(inputs: set[str]) -> Callable[[str], bool]:
    """Whether the words of a text follow each other in one of the inputs."""
    words, everything = [text.split() for text in inputs], "\n".join(f" {text} " for text in inputs)
    starts = {" ".join(some[at : at + n]) for some in words for at in range(len(some)) for n in range(1, _FIRST + 1)}

    @lru_cache(maxsize=100_000)
    def occurs(text: str) -> bool:
        first = " ".join(text.split()[:_FIRST])
        number = text.replace(" ", "").isdigit()
        return not number and first in starts and (first == text or f" {text} " in everything)

    return occurs
