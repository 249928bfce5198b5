"""Each user's history once, as other users may see it: without what any sample asks about or has as its gold."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

import datasets

from lamp_dataset.personalize.same_text import normal, questions
from lamp_dataset.personalize.users.inference import by_name, users_of
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

#: Whether a text occurs in an input is first asked of so many of its words.
_FIRST = (3, 6)


class Item(NamedTuple):
    """An item: its fields, with ``USER/ITEM`` as its id; the text that retrieval searches; and that text's words."""

    fields: dict[str, Any]
    text: str
    words: str


class Histories:
    """The histories of the users of ``rows``, each user's once, as in :class:`~lamp_dataset.History`.

    Left out is an item whose text a sample, of whichever user, in ``rows`` or ``exclude``, asks about or, in tasks that
    generate text, has as its gold; texts are compared as :func:`normal` says. Without a task, an item is left out if
    any of its texts occurs in an input or a gold. Those of one or two words beside a longer one may be labels: they
    count if they are the gold of a single sample, and no numbers.

    Attributes:
        users: the user of each row.
        rows_of: user -> numbers of the user's rows; users and rows in the order of their names.
        of: user -> the user's items in the stored order.
        counts: user -> how many items there are and how many of them are left out, once they have been read.

    Raises:
        ValueError: these are no data sets with all their rows at hand, or the rows do not fit the task.
    """

    def __init__(self, rows: Any, task: str | Task | None, exclude: Sequence[Any] = (), guard: bool = True) -> None:
        """Read all but the profiles."""
        splits = [rows, *(exclude if isinstance(exclude, (list, tuple)) else [[exclude]])]
        for some in splits:
            if not isinstance(some, datasets.Dataset):
                found = f"found {type(some).__name__}; Dataset.from_list makes one"
                raise ValueError(f"expected a datasets.Dataset, and a list of them as exclude, {found}")
            if missing := {"id", "input", "profile"}.difference(some.column_names):
                raise ValueError(f"expected rows with {min(missing)!r}, found {', '.join(some.column_names)}")
        known, rows, *others = None if task is None else get_task(task), *(some.with_format(None) for some in splits)
        self.users, ids, self.rows_of = users_of(rows), list(map(str, rows["id"][:])), defaultdict(list)
        for row in sorted(range(len(ids)), key=lambda row: (by_name(self.users[row]), by_name(ids[row]))):
            self.rows_of[self.users[row]].append(row)
        self._profiles, self._searched = rows.select_columns(["profile"]), _searched(rows, known)
        self._key = (known.pair.text,) if known else self._searched
        self._is_leak = _guard(known, self._searched, (rows, *others)) if guard else lambda item: False
        self.of, self.counts = lru_cache(maxsize=256)(self._read), {}

    def _read(self, user: str) -> list[Item]:
        found: dict[str, Item] = {}
        times: Counter[str] = Counter()
        for item in (item for row in self.rows_of[user] for item in self._profiles[row]["profile"] or ()):
            text = _joined(item, self._searched)
            if (key := _joined(item, self._key).strip() or text) not in found:
                name = f"{quote(user, safe='')}/{quote(str(item.get('id') or ''), safe='')}"
                times[name] += 1
                name = name if times[name] == 1 else f"{name}/{times[name]}"
                found[key] = Item({**item, "id": name}, text, normal(text))
        kept = [item for item in found.values() if not self._is_leak(item.fields)]
        self.counts[user] = len(found), len(found) - len(kept)
        return kept


def _joined(item: Mapping[str, Any], names: Sequence[str]) -> str:
    return " ".join("" if item[name] is None else str(item[name]) for name in names)


def _searched(rows: datasets.Dataset, task: Task | None) -> Sequence[str]:
    """The fields of items that are searched: without a task, all."""
    kind = rows.features.arrow_schema.field("profile").type
    names = [field.name for field in kind.value_type] if hasattr(kind, "value_type") else []
    wanted = [name for name in names if name not in ("id", "date")] if task is None else task.profile_fields
    if not wanted or not {"id", *wanted} <= set(names):
        expected = f"id, {', '.join(task.profile_fields)}" if task else "id and texts"
        found = f"found {', '.join(names) or kind}; rows of another config?"
        raise ValueError(f"expected a list of dicts with {expected} as profile, {found}")
    return wanted if task is None else task.document_fields


def _guard(task: Task | None, fields: Sequence[str], splits: Sequence[datasets.Dataset]) -> Callable[[Mapping], bool]:
    """What gives whether an item is a leak."""
    rows = {
        (row["input"] or "", str(row.get("output") or "")) for some in splits for row in some.remove_columns("profile")
    }
    if task is None:
        golds = Counter(normal(gold) for _, gold in rows)
        found = _found_in({normal(text) for text, _ in rows}.union(golds) - {""}, golds)
    else:
        of_rows = (questions(task, {"input": text, "output": gold}) for text, gold in rows)
        found = ({normal(text) for some in of_rows for _, text in some} - {""}).intersection
        fields = [task.pair.text, *([] if task.labels else [task.pair.output])]
    return lambda item: bool(found([normal(_joined(item, [name])) for name in fields]))


def _found_in(asked: set[str], golds: Mapping[str, int]) -> Callable[[list[str]], bool]:
    """Whether the words of one of some texts follow each other in what is asked; see :class:`Histories`."""
    everything = "\n".join(f" {text} " for text in asked)
    words = [text.split() for text in asked]
    first = {hash(tuple(some[at : at + n])) for n in _FIRST for some in words for at in range(len(some) - n + 1)}

    def occurs(text: str) -> bool:
        some = text.split()
        n = max((n for n in _FIRST if n <= len(some)), default=0)  # to search everything takes long
        return (not n or hash(tuple(some[:n])) in first) and f" {text} " in everything

    def found(texts: list[str]) -> bool:
        longest = max(texts, key=len)
        texts = filter(None, texts)
        return any(occurs(t) if t == longest or t.count(" ") > 1 else golds[t] == 1 and not t.isdigit() for t in texts)

    return found
