"""Each user's history once, as other users may see it: without what any sample asks about or has as its gold."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import datasets
import pyarrow as pa

from lamp_dataset.personalize.same_text import normal, questions
from lamp_dataset.personalize.users.inference import rows_by_name, users_of
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task


class Histories:
    """The histories of the users of ``rows``, each user's once, as in :class:`~lamp_dataset.History`.

    An item is left out if a sample of any user, in ``rows`` or ``exclude``, asks about its text or, in tasks that
    generate text, has its output as the gold; :func:`normal` says which texts are the same. Without a task, an item is
    left out if one of its texts occurs in an input or a gold. Its texts of one or two words are then ignored if it
    also has a longer one, since they may be labels.

    Attributes:
        users: the user of each row.
        rows_of: user -> numbers of the user's rows; users and rows in the order of their names.
        of: user -> the user's items in the stored order, with ``USER/ITEM`` as their ids, each with the text that
            retrieval searches.
        counts: user -> how many items there are and how many of them are left out, once they have been read.

    Raises:
        ValueError: these are not data sets with all their rows at hand, or the rows do not fit the task.
    """

    def __init__(self, rows: Any, task: str | Task | None, exclude: Sequence[Any] = (), guard: bool = True) -> None:
        """Read all but the profiles."""
        for some in (rows, *exclude):
            if not isinstance(some, datasets.Dataset):
                found = f"found {type(some).__name__}; Dataset.from_list makes one"
                raise ValueError(f"expected rows, and each split to exclude, as a datasets.Dataset, {found}")
        known, rows = None if task is None else get_task(task), rows.with_format(None)
        items = rows.features.arrow_schema.field("profile").type.value_type
        items = items if pa.types.is_struct(items) else ()  # no profile has any
        texts = [
            field.name for field in items if str(field.type).endswith("string") and field.name not in ("id", "date")
        ]
        if known and items and not set(known.profile_fields) <= set(texts):
            expected = f"expected items of {known.name} with {', '.join(known.profile_fields)}"
            raise ValueError(f"{expected}, found {', '.join(texts)}; rows of another config?")
        self._searched, self._key = (known.document_fields, known.pair.text) if known else (texts, None)
        self.users = users_of(rows)
        self.rows_of = rows_by_name(self.users, rows["id"][:])
        self._profiles = rows.select_columns("profile")
        asking = (row for some in (rows, *exclude) for row in some.with_format(None).remove_columns("profile"))
        self._is_leak = _guard(known, texts, asking) if guard else lambda item: False
        self.of, self.counts = lru_cache(maxsize=256)(self._read), {}

    def _read(self, user: str) -> list[tuple[dict[str, Any], str]]:
        found, times = {}, Counter()
        for item in (item for row in self.rows_of[user] for item in self._profiles[row]["profile"] or ()):
            text = " ".join(item[name] or "" for name in self._searched)
            if (key := ((item[self._key] or "") if self._key else text).strip() or text) not in found:
                name = f"{quote(user, safe='')}/{quote(str(item.get('id') or ''), safe='')}"
                times[name] += 1
                found[key] = {**item, "id": name if times[name] == 1 else f"{name}/{times[name]}"}, text
        kept = [one for one in found.values() if not self._is_leak(one[0])]
        self.counts[user] = len(found), len(found) - len(kept)
        return kept


def _guard(task: Task | None, texts: Sequence[str], rows: Iterable[dict[str, Any]]) -> Callable[[dict[str, Any]], bool]:
    """What says whether an item is a leak, see :class:`Histories`, given the names of its texts and all that ask."""
    if task:
        asked = {normal(text) for row in rows for _, text in questions(task, {"output": None, **row})} - {""}
        fields = {task.pair.text, task.pair.text if task.labels else task.pair.output}
        return lambda item: any(normal(item[name]) in asked for name in fields)
    holding = defaultdict(list)  # word -> the texts that hold it
    for asked in {normal(row.get(name)) for row in rows for name in ("input", "output")}:
        for word in set(asked.split()):
            holding[word].append(f" {asked} ")

    def occurs(text: str) -> bool:
        fewest = min((holding.get(word, []) for word in text.split()), key=len, default=[])
        return any(f" {text} " in asked for asked in fewest)

    def is_leak(item: dict[str, Any]) -> bool:
        longest, *others = sorted((normal(item[name]) for name in texts), key=len, reverse=True)
        return any(map(occurs, [longest, *(text for text in others if text.count(" ") > 1)]))

    return is_leak
