"""The history of one user: the distinct items in the profiles of all their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.task import Task


class Item(NamedTuple):
    """A profile item: its fields, its text and its output without white space around them, and where it is."""

    fields: Mapping[str, str | None]
    text: str
    output: str
    place: str


def united(task: Task, profiles: Iterable[tuple[str, pa.StructArray]]) -> tuple[list[Item], int]:
    """The distinct items of a user, and how many more are copies within one profile.

    Items with the same text are one, the first. Those that lack text or output are one only if both are the same, so
    that they never take the place of a whole one. Copies in the user's other profiles do not count: profiles are made
    of them. Most items are such copies, and become no dicts.

    Args:
        task: whose items they are.
        profiles: the id and the items of each row of the user.
    """
    items: dict[Hashable, Item] = {}
    most: Counter[Hashable] = Counter()
    for sample, profile in profiles:
        texts, outputs = (
            [text.strip() if text else "" for text in pc.struct_field(profile, field).to_pylist()]
            for field in (task.pair.text, task.pair.output)
        )
        keys = [text if text and output else (text, output) for text, output in zip(texts, outputs, strict=True)]
        if len({*keys}) < len(keys):
            most |= Counter(keys)
        new = [position for position, key in enumerate(keys) if key not in items]
        for n, fields in zip(new, profile.take(pa.array(new, pa.int32())).to_pylist(), strict=True):
            items.setdefault(keys[n], Item(fields, texts[n], outputs[n], f"sample {sample!r}, item {n}"))
    return list(items.values()), most.total() - len(most)


def pair_ids(user: str, items: Iterable[Item]) -> Iterator[str]:
    """``user/item``, percent-encoded, so that no two are alike; ``user/item/2`` for a second item of the same id.

    The ids do not depend on what is left out of the pairs.
    """
    times: Counter[str] = Counter()
    for item in items:
        name = f"{_quoted(user)}/{_quoted(item.fields['id'] or '')}"
        times[name] += 1
        yield name if times[name] == 1 else f"{name}/{times[name]}"


def _quoted(name: str) -> str:
    return name if name.isascii() and name.isalnum() else quote(name, safe="")
