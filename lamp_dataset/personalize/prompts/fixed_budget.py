"""Prompts with the official strings and a budget that is kept: the input whole, the items in what it leaves.

Differences from the official calculation: the input is never cut; the real prompt is measured, so it exceeds the budget
only if the input alone does; texts are cut, not decoded from ids; an item without room is left out, the last one first;
and the row says what happened.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from lamp_dataset.personalize.prompts.prompt import CUT, LEFT_OUT, WHOLE, Content, Prompt, assemble, no_place
from lamp_dataset.personalize.prompts.tokens import Tokens
from lamp_dataset.task import Wording

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
