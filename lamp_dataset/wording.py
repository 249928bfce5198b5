"""The wording of a task's personalized prompt, and the length that the official script assumes for its parts.

Standard library only: the task table holds one :class:`Wording` per task.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass

#: Separates two profile items in a prompt.
JOINER = ", and "

#: What the official script reserves for a part of the prompt: a number of tokens, plus the length of a text, if any.
Cost = tuple[int, str | None]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The strings of a personalized prompt.

    Source: the LaMP paper, Table 1 and Appendix (arXiv 2304.11406), and the behaviour of its retrieval-augmentation
    script, whose strings and costs differ from each other for some tasks. The published figures were made with both.

    Attributes:
        item: template of one profile item; ``{field}`` is replaced by that field of the item.
        truncated_field: the field of ``item`` that is truncated to fit the budget; the others are never truncated.
        template: template of the prompt, with ``{items}`` (joined by :data:`JOINER`) and ``{input}``. Where
            ``insert_after`` is set, it has ``{insert_after}`` and ``{items}`` and replaces those words in the input.
        insert_after: words of the input; the items are inserted after their first occurrence.
        item_cost: what the official script reserves for an item, besides its truncated field.
        template_cost: what the official script reserves for the rest of the prompt, besides the input.
    """

    item: str
    truncated_field: str
    template: str = "{items}. {input}"
    insert_after: str | None = None
    item_cost: Cost
    template_cost: Cost = (1, None)

    def problems(self) -> Iterator[tuple[bool, str]]:
        """Pairs of (whether the problem exists, its description), for the check of the table at import."""
        parts = ("insert_after", "items") if self.insert_after else ("items", "input")
        yield set(fields(self.template)) != set(parts), f"the prompt template needs {', '.join(parts)}"
        yield (
            self.truncated_field not in fields(self.item),
            f"the item template lacks {self.truncated_field!r}",
        )
        measured = fields(self.item_cost[1] or "")
        yield not set(measured) <= set(fields(self.item)), "item_cost measures a field that the item template lacks"
        yield self.truncated_field in measured, "item_cost measures the truncated field, which is measured separately"


def fields(template: str) -> tuple[str, ...]:
    """Names of the ``{field}`` placeholders of a template, in order.

    >>> fields('{score} is the score for "{text}" ')
    ('score', 'text')
    """
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)
