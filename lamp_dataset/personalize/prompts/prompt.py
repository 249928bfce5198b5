"""What both rules of prompts share: the result, and how items and input become one text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lamp_dataset.task import JOINER, Wording, fields

#: What happened to a retrieved item: it is in the prompt whole, with a shortened text, or with none of its text left,
#: or it is not in the prompt.
WHOLE, CUT, EMPTY, LEFT_OUT = "whole", "cut", "empty", "left out"

#: The order of the official prompts.
BEST_FIRST = "best-first"

#: Name of an order -> sort keys of the retrieved items, given their positions in the profile, best first.
ORDERS: Mapping[str, Callable[[Sequence[int]], Sequence[int]]] = MappingProxyType(
    {
        BEST_FIRST: lambda positions: range(len(positions)),
        "best-last": lambda positions: range(len(positions), 0, -1),
        "stored": lambda positions: positions,
    }
)


@dataclass(frozen=True)
class Content:
    """What a prompt is made of.

    Attributes:
        text: the input.
        items: the fields of the retrieved items that the prompt needs, best first.
        keys: sort keys of the items, for their order in the prompt; None for the best first.
        front: what comes before, on lines of its own, or "".
        notes: how and why this differs from what was asked for.
    """

    text: str
    items: Sequence[Mapping[str, str]]
    keys: Sequence[int] | None = None
    front: str = ""
    notes: tuple[str, ...] = ()

    def alone(self, *notes: str) -> "Prompt":
        """The prompt without items."""
        return Prompt(self.front + self.text, (LEFT_OUT,) * len(self.items), notes)


@dataclass(frozen=True)
class Prompt:
    """A personalized prompt.

    Attributes:
        text: what the model reads.
        use: for each item, :data:`WHOLE`, :data:`CUT`, :data:`EMPTY` or :data:`LEFT_OUT`.
        notes: how and why the prompt differs from what was asked for; empty if it does not.
    """

    text: str
    use: tuple[str, ...]
    notes: tuple[str, ...] = ()


def clean_item(wording: Wording, item: Mapping[str, Any], where: str) -> tuple[dict[str, str], list[str]]:
    """The fields of an item that the prompt needs, as strings, and the names of those that are None: they count as "".

    ValueError if a field is missing.
    """
    names = fields(wording.item)
    missing = [name for name in names if name not in item]
    if missing:
        found = ", ".join(map(repr, item)) or "none"
        raise ValueError(f"{where}: expected the field {missing[0]!r}, found {found}; rows of another config?")
    values = {name: "" if item[name] is None else str(item[name]) for name in names}
    return values, [name for name in names if item[name] is None]


def no_place(wording: Wording) -> str:
    """The note on an input without ``insert_after``."""
    return f"no {wording.insert_after!r} in the input to insert the items after: the prompt is the input"


def assemble(wording: Wording, text: str, items: Sequence[Mapping[str, str]], place: int | None = None) -> str:
    """The whole prompt: ``items`` in their order, worded and joined, and the input ``text``.

    ``place`` is the position of ``insert_after``; by default its first occurrence, as in the official script.
    """
    joined = JOINER.join(wording.item.format_map(item) for item in items)
    if wording.insert_after is None:
        return wording.template.format(items=joined, input=text)
    place = text.index(wording.insert_after) if place is None else place
    rest = text[place + len(wording.insert_after) :]
    return text[:place] + wording.template.format(insert_after=wording.insert_after, items=joined) + rest
