"""Prompts by the official script's calculation, token for token: what the published figures were made with.

The script reserves a share of the budget for the input, divides the rest among the items, and takes a smaller share if
the tokenizer refuses an item's limit. Some of its costs are off (see the task table), so a prompt can be longer than
the budget; the end of the input is then lost when the model's tokenizer truncates it. Here the row says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lamp_dataset.personalize.prompts.parts import CUT, EMPTY, WHOLE, Prompt, assemble, input_only, no_place
from lamp_dataset.personalize.prompts.tokens import Tokens
from lamp_dataset.wording import Cost, Wording


def shares() -> list[float]:
    """The shares of the budget that the input may reserve, in the order of trial, in the script's floating point."""
    found, share = [], 0.6
    while share >= 0:
        found.append(share)
        share -= 0.1
    return found


SHARES = tuple(shares())


def official_prompt(
    wording: Wording, text: str, items: Sequence[Mapping[str, str]], tokens: Tokens, max_length: int
) -> Prompt:
    """The prompt of the input ``text`` and ``items`` (at least one), best first, for ``max_length`` tokens.

    An input without a place for the items is returned unchanged, and so is one for which no share works.
    """
    if wording.insert_after is not None and wording.insert_after not in text:
        return input_only(text, items, no_place(wording))
    length, budget, trouble = tokens.length(text), max_length - tokens.overhead, ""
    for share in SHARES:
        reserved = min(length, int(share * budget))
        try:
            shortened = _shorten_all(wording, items, tokens, budget - reserved)
        except (OverflowError, ValueError) as error:
            trouble = str(error)
            continue
        return _finish(wording, text, items, shortened, tokens, max_length)
    found = f"no room for {len(items)} items in {max_length} {tokens.unit} beside an input of {length}"
    return input_only(text, items, f"{found}{trouble and f' ({trouble})'}: the prompt is the input")


def _shorten_all(
    wording: Wording, items: Sequence[Mapping[str, str]], tokens: Tokens, room: int
) -> list[tuple[str, str, str]]:
    """For each item its shortened text, what happened to it, and a note or ""."""
    each = (room - _cost(wording.template_cost, {}, tokens) - 2 * (len(items) - 1)) // len(items)
    saved, found = 0, []
    for item in items:
        needed = _cost(wording.item_cost, item, tokens)
        limit = each + saved - needed
        ids = _limited(item[wording.truncated_field], limit, tokens)
        saved += each - len(ids) - needed
        found.append((tokens.text(ids), *_use(item[wording.truncated_field], ids, limit, tokens)))
    return found


def _limited(text: str, limit: int, tokens: Tokens) -> list:
    """The ids of ``text``; a tokenizer that refuses a limit below 0 only means that there is no room."""
    try:
        return tokens.ids(text, limit)
    except (OverflowError, ValueError) as error:
        raise ValueError("" if limit < 0 else str(error) or type(error).__name__) from error


def _cost(cost: Cost, item: Mapping[str, str], tokens: Tokens) -> int:
    number, template = cost
    if template is None:
        return number
    text = template.format_map(item)
    return number + (tokens.cached_length(text) if text == template else tokens.length(text))


def _use(text: str, ids: list, limit: int, tokens: Tokens) -> tuple[str, str]:
    """Whether the text went in whole. Fewer ids than the limit mean that it did; otherwise only counting can tell."""
    if len(ids) < limit or len(ids) == tokens.length(text):
        over = len(ids) > limit
        return WHOLE, f"the tokenizer does not shorten to {limit} {tokens.unit}" if over else ""
    return CUT, ""


def _finish(
    wording: Wording,
    text: str,
    items: Sequence[Mapping[str, str]],
    shortened: Sequence[tuple[str, str, str]],
    tokens: Tokens,
    max_length: int,
) -> Prompt:
    worded = [{**item, wording.truncated_field: short} for item, (short, _, _) in zip(items, shortened, strict=True)]
    prompt = assemble(wording, text, worded)
    use = [
        EMPTY if item[wording.truncated_field].strip() and not short.strip() else kind
        for item, (short, kind, _) in zip(items, shortened, strict=True)
    ]
    notes = list(dict.fromkeys(note for _, _, note in shortened if note))
    if EMPTY in use:
        notes.append(f"nothing is left of the texts of {use.count(EMPTY)} of {len(items)} items")
    length = tokens.prompt_length(prompt)
    if length > max_length:
        notes.append(f"the prompt has {length} {tokens.unit}: beyond {max_length} the end of the input will be lost")
    return Prompt(prompt, tuple(use), tuple(notes))
