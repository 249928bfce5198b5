"""A prompt: what it is, how items and input become one text, and what fits, by the official rules or the fixed ones."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from lamp_dataset.personalize.prompts.tokens import Tokens
from lamp_dataset.task import JOINER, Cost, Wording, fields

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


#: Tokens can merge or split where two parts meet, so the sum of the parts is an estimate, corrected at most this often.
TRIES = 8

Items = Sequence[Mapping[str, str]]


def fixed_prompts(wording: Wording, contents: Sequence[Content], tokens: Tokens, max_length: int) -> list[Prompt]:
    """The prompts of samples: at most ``max_length`` tokens, and of the items, the last ones are left out first."""
    tokens.prepare((), (item[wording.truncated_field] for content in contents for item in content.items))
    tokens.prompt_lengths([content.front + content.text for content in contents if content.items])
    return [_prompt(wording, content, tokens, max_length) for content in contents]


def front_of(summary: str, text: str, tokens: Tokens, max_length: int) -> tuple[str, tuple[str, ...]]:
    """The summary on lines of its own, cut so that the input ``text`` fits after it; and a note if it is cut."""
    summary = summary.strip()
    if not summary:
        return "", ("the summary is empty",)
    room = max_length - tokens.prompt_length(text)
    while room > 0:
        short, used = tokens.shorten(summary, room)
        over = tokens.prompt_length(f"{short}\n{text}") - max_length
        if over <= 0:
            return f"{short}\n", () if short == summary else (f"the summary is cut to {used} {tokens.unit}",)
        room = used - over
    return "", ("no room for the summary",)


def _prompt(wording: Wording, content: Content, tokens: Tokens, max_length: int) -> Prompt:
    text, items, place = content.text, content.items, None
    if not items:
        return content.alone()
    if wording.insert_after is not None:  # as a word of its own, not as part of one ("entitled")
        place = re.search(rf"\b{re.escape(wording.insert_after)}\b", text)
        if place is None:
            return content.alone(no_place(wording))
    length = tokens.prompt_length(content.front + text)
    if length > max_length:
        return content.alone(f"the input alone has {length} {tokens.unit}, more than {max_length}: no profile")

    def build(some: Items) -> str:
        keys = range(len(items)) if content.keys is None else content.keys
        ordered = [some[position] for position in sorted(range(len(some)), key=keys.__getitem__)]
        return content.front + assemble(wording, text, ordered, place and place.start())

    for number in range(len(items), 0, -1):
        worded = _fit(wording, items[:number], tokens, max_length, build)
        if worded is not None:
            use = [WHOLE if item == short else CUT for item, short in zip(items, worded, strict=False)]
            left = len(items) - number
            notes = (f"no room for {left} of {len(items)} items",) if left else ()
            return Prompt(build(worded), (*use, *[LEFT_OUT] * left), notes)
    taken = "summary and input take" if content.front else "the input takes"
    return content.alone(f"{taken} {length} of {max_length} {tokens.unit}; no item fits")


def _fit(
    wording: Wording, items: Items, tokens: Tokens, max_length: int, build: Callable[[Items], str]
) -> list[dict[str, str]] | None:
    """The items with their texts shortened so that the prompt just fits; None if a text would lose every token."""
    least = len(items)
    empty = [{**item, wording.truncated_field: ""} for item in items]
    room = max(max_length - tokens.prompt_length(build(empty)), least)
    best = None
    for _ in range(TRIES):
        worded, used = _share(wording, items, tokens, room)
        over = tokens.prompt_length(build(worded)) - max_length
        if over > 0 and best is not None:
            break
        if over <= 0:
            best = worded
        if over == 0 or (over < 0 and used < room) or used - over < least:
            break
        room = used - over
    return best


def _share(wording: Wording, items: Items, tokens: Tokens, room: int) -> tuple[list[dict], int]:
    """The items, each with an equal share and what the ones before it left; and how much they use together."""
    worded, rest = [], room
    for left, item in zip(range(len(items), 0, -1), items, strict=True):
        short, used = tokens.shorten(item[wording.truncated_field], rest // left)
        rest -= used
        worded.append({**item, wording.truncated_field: short})
    return worded, room - rest


#: Shares of the budget that the input may reserve, in the order of trial: 0.6, 0.5, … 0, in the script's arithmetic.
SHARES = tuple(accumulate([-0.1] * 6, initial=0.6))
#: What transformers takes for a tokenizer without a limit.
NO_LIMIT = int(1e20)


#: The truncated field of an item: its remaining ids, what happened to it, and a note or "".
Truncated = tuple[list, str, str]


class NoRoom(Exception):  # noqa: N818 - the script's way to go on, not an error of the caller's
    """The tokenizer refuses the limit of an item; the message is its own if it should have taken that limit, or ""."""


def official_prompts(wording: Wording, contents: Sequence[Content], tokens: Tokens, max_length: int) -> list[Prompt]:
    """The prompts of samples for ``max_length`` tokens, with the best item first.

    An input without items or a place for them is returned unchanged, and so is one for which no share works.
    """
    tokens.prepare(text for content in contents if content.items for text in _measured(wording, content))
    found = [_truncate(wording, content, tokens, max_length) for content in contents]
    texts = iter(tokens.decode([ids for fields in found if not isinstance(fields, Prompt) for ids, _, _ in fields]))
    prompts = [
        fields if isinstance(fields, Prompt) else _assemble(wording, content, fields, [next(texts) for _ in fields])
        for content, fields in zip(contents, found, strict=True)
    ]
    lengths = tokens.prompt_lengths([prompt.text for prompt in prompts])
    lost = f"{tokens.unit}: the end of the input, beyond {max_length}, will be lost"
    return [
        prompt  # one that is the input alone says why already
        if prompt is fields or length <= max_length
        else replace(prompt, notes=(*prompt.notes, f"the prompt has {length} {lost}"))
        for prompt, fields, length in zip(prompts, found, lengths, strict=True)
    ]


def _measured(wording: Wording, content: Content) -> Iterator[str]:
    """The texts that are encoded for a sample's prompt."""
    yield content.text
    for item in content.items:
        yield _first_words(wording, item)
        if wording.item_cost[1] is not None:
            yield wording.item_cost[1].format_map(item)


def _truncate(wording: Wording, content: Content, tokens: Tokens, max_length: int) -> list[Truncated] | Prompt:
    """The items' truncated fields with the largest share that works; the final prompt if the items cannot go in."""
    if not content.items:
        return content.alone()
    if wording.insert_after is not None and wording.insert_after not in content.text:
        return content.alone(no_place(wording))
    if not wording.shared:
        return [_uncounted(item, wording, tokens) for item in content.items]
    length, budget, trouble = tokens.length(content.text), max_length - tokens.overhead, ""
    for share in SHARES:
        try:
            return _truncate_items(wording, content.items, tokens, budget - min(length, int(share * budget)))
        except NoRoom as refusal:
            trouble = str(refusal)
    left = "1 item does" if len(content.items) == 1 else f"{len(content.items)} items do"
    found = f"the input takes {length} of {max_length} {tokens.unit}; {left} not fit"
    return content.alone(f"{found}{trouble and f' ({trouble})'}: the prompt is the input")


def _first_words(wording: Wording, item: Mapping[str, str]) -> str:
    text = item[wording.truncated_field]
    return text if wording.max_words is None else " ".join(text.split()[: wording.max_words])


def _uncounted(item: Mapping[str, str], wording: Wording, tokens: Tokens) -> Truncated:
    """The text as the tokenizer cuts it by itself, which only one with a limit of its own does."""
    text, limit = _first_words(wording, item), getattr(tokens.tokenizer, "model_max_length", NO_LIMIT)
    ids = [text] if tokens.tokenizer is None else tokens.ids(text, limit if limit < NO_LIMIT else None)
    whole = tokens.tokenizer is None or len(ids) == tokens.length(text)
    whole = whole and len(text.split()) == len(item[wording.truncated_field].split())
    return ids, WHOLE if whole else CUT, ""


def _truncate_items(wording: Wording, items: Sequence[Mapping[str, str]], tokens: Tokens, room: int) -> list[Truncated]:
    each = (room - _cost(wording.template_cost, {}, tokens) - 2 * (len(items) - 1)) // len(items)
    saved, found = 0, []
    for item in items:
        text, needed = item[wording.truncated_field], _cost(wording.item_cost, item, tokens)
        limit = each + saved - needed
        try:
            ids = tokens.ids(text, limit)
        except (OverflowError, ValueError) as error:  # to be expected below 0
            raise NoRoom("" if limit < 0 else str(error) or type(error).__name__) from error
        saved += each - len(ids) - needed
        whole = len(ids) < limit or len(ids) == tokens.length(text)  # fewer than the limit are all of them
        note = f"the tokenizer cannot truncate to {limit} {tokens.unit}" if whole and len(ids) > limit else ""
        found.append((ids, WHOLE if whole else CUT, note))
    return found


def _cost(cost: Cost, item: Mapping[str, str], tokens: Tokens) -> int:
    number, template = cost
    return number if template is None else number + tokens.length(template.format_map(item))


def _assemble(wording: Wording, content: Content, fields: Sequence[Truncated], texts: Sequence[str]) -> Prompt:
    """The prompt with the decoded ``texts`` as the items' truncated fields."""
    name, items = wording.truncated_field, content.items
    use = [
        EMPTY if item[name].strip() and not short.strip() else kept
        for item, (_, kept, _), short in zip(items, fields, texts, strict=True)
    ]
    notes = list(dict.fromkeys(note for _, _, note in fields if note))
    if EMPTY in use:
        notes.append(f"nothing is left of the texts of {use.count(EMPTY)} of {len(items)} items")
    worded = [{**item, name: short} for item, short in zip(items, texts, strict=True)]
    return Prompt(assemble(wording, content.text, worded), tuple(use), tuple(notes))
