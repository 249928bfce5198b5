"""Prompts with the official strings and a budget that is kept: the input whole, the items in what it leaves.

Differences from the official calculation: the input is never cut; the real prompt is measured, so it exceeds the budget
only if the input alone does; texts are cut, not decoded from ids; an item without room is left out, the last one first;
and the row says what happened.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from lamp_dataset.personalize.prompts.prompt import CUT, LEFT_OUT, WHOLE, Prompt, assemble, input_only, no_place
from lamp_dataset.personalize.prompts.tokens import Tokens
from lamp_dataset.task import Wording

#: Tokens can merge or split where two parts meet, so the sum of the parts is an estimate, corrected at most this often.
TRIES = 8

Items = Sequence[Mapping[str, str]]


def fixed_prompts(
    wording: Wording,
    samples: Sequence[tuple[str, Items]],
    tokens: Tokens,
    max_length: int,
    keys: Sequence[Sequence[int]] | None = None,
    fronts: Sequence[str] | None = None,
) -> list[Prompt]:
    """The prompts of samples, each an input and its items, best first: at most ``max_length`` tokens.

    ``keys`` are sort keys of each sample's items, for their order in the prompt; which are left out or cut does not
    depend on it. ``fronts`` come before the prompts, see :func:`front_of`.
    """
    tokens.prepare((), (item[wording.truncated_field] for _, items in samples for item in items))
    keys = [range(len(items)) for _, items in samples] if keys is None else keys
    fronts = [""] * len(samples) if fronts is None else fronts
    tokens.prompt_lengths([front + text for (text, items), front in zip(samples, fronts, strict=True) if items])
    return [
        _prompt(wording, text, items, tokens, max_length, order, front)
        for (text, items), order, front in zip(samples, keys, fronts, strict=True)
    ]


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


def _prompt(
    wording: Wording, text: str, items: Items, tokens: Tokens, max_length: int, keys: Sequence[int], front: str
) -> Prompt:
    place, whole = _place(wording, text), front + text
    if not items:
        return input_only(whole, items)
    if place is None:
        return input_only(whole, items, no_place(wording))
    length = tokens.prompt_length(whole)
    if length > max_length:
        return input_only(
            whole, items, f"the input alone has {length} {tokens.unit}, more than {max_length}: no profile"
        )

    def build(some: Items) -> str:
        order = sorted(range(len(some)), key=keys.__getitem__)
        return front + assemble(wording, text, [some[position] for position in order], place)

    for number in range(len(items), 0, -1):
        worded = _fit(wording, items[:number], tokens, max_length, build)
        if worded is not None:
            return _report(wording, items, worded, build(worded))
    taken = "summary and input take" if front else "the input takes"
    return input_only(whole, items, f"{taken} {length} of {max_length} {tokens.unit}; no item fits")


def _place(wording: Wording, text: str) -> int | None:
    """Where the items go: after the first ``insert_after`` that is a word of its own, not part of one ("entitled")."""
    if wording.insert_after is None:
        return 0
    found = re.search(rf"\b{re.escape(wording.insert_after)}\b", text)
    return None if found is None else found.start()


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


def _report(wording: Wording, items: Items, worded: Items, text: str) -> Prompt:
    pairs = zip(items, worded, strict=False)
    use = [WHOLE if item[wording.truncated_field] == short[wording.truncated_field] else CUT for item, short in pairs]
    left = len(items) - len(worded)
    notes = (f"no room for {left} of {len(items)} items",) if left else ()
    return Prompt(text, (*use, *[LEFT_OUT] * left), notes)
