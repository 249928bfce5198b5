"""Prompts by the official script's calculation, token for token: what the published figures were made with.

The script reserves a share of the budget for the input, divides the rest among the items, and takes a smaller share if
the tokenizer refuses an item's limit. Some of its costs are off (see the task table), so a prompt can be longer than
the budget; the end of the input is then lost when the model's tokenizer truncates it. Here the row says so.

Where the wording does not share a budget, each item's text passes through the tokenizer, and nothing else is measured.

The script encodes one text at a time, and items twice. Here the texts of all samples are encoded once, together, and
limits cut the ids.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from lamp_dataset.personalize.prompts.prompt import CUT, EMPTY, WHOLE, Content, Prompt, assemble, no_place
from lamp_dataset.personalize.prompts.tokens import Tokens
from lamp_dataset.task import Cost, Wording

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
