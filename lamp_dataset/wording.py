"""How a task's personalised prompt is worded, and how long the official script takes its parts to be.

Standard library only: the task table holds one :class:`Wording` a task.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass

#: Stands between two profile items of a prompt.
JOINER = ", and "

#: What a part of the prompt costs by the official script's reckoning: so many tokens, plus those of a text, if any.
Cost = tuple[int, str | None]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The strings of a personalised prompt.

    Source: the LaMP paper, Table 1 and Appendix (arXiv 2304.11406), and the behaviour of its retrieval-augmentation
    script, whose strings and costs differ from each other for some tasks. The published figures were made with both.

    Attributes:
        item: one profile item; ``{field}`` stands for a field of it.
        cut: the field of ``item`` that is shortened to fit the budget; the others go in whole.
        final: the prompt, of ``{items}`` (joined by :data:`JOINER`) and ``{input}``; with an ``anchor``, what replaces
            it, of ``{anchor}`` and ``{items}``.
        anchor: where given, the items go into the input right behind the first occurrence of this.
        item_cost: what an item costs besides its shortened field, by the official reckoning.
        final_cost: what the rest of the prompt costs besides the input, by the official reckoning.
    """

    item: str
    cut: str
    final: str = "{items}. {input}"
    anchor: str | None = None
    item_cost: Cost
    final_cost: Cost = (1, None)

    def problems(self) -> Iterator[tuple[bool, str]]:
        """Pairs of (whether it is so, what is wrong) for the table's check at import."""
        parts = ("anchor", "items") if self.anchor else ("items", "input")
        yield set(fields(self.final)) != set(parts), f"the final template needs {', '.join(parts)}"
        yield self.cut not in fields(self.item), f"the item template lacks its field {self.cut!r}"
        measured = fields(self.item_cost[1] or "")
        yield not set(measured) <= set(fields(self.item)), "the measured item has a field that the item lacks"
        yield self.cut in measured, "the measured item holds the field that is measured apart"


def fields(template: str) -> tuple[str, ...]:
    """Names of the ``{field}`` places of a template, in order.

    >>> fields('{score} is the score for "{text}" ')
    ('score', 'text')
    """
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)
