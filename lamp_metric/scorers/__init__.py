"""How each kind of task is scored: one module and one object per kind, see :class:`~lamp_metric.scorers.scorer.Scorer`.

Another package adds a kind by :func:`register`, or by an entry point of the group ``lamp_metric.scorers``
that names a scorer, or a function that returns one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from lamp_dataset.registry import load_entry_points
from lamp_dataset.task import Task
from lamp_metric.scorers.classification import Classification
from lamp_metric.scorers.ordinal import Ordinal
from lamp_metric.scorers.scorer import Scorer, Statistics
from lamp_metric.scorers.text import LongText, Text

__all__ = ["SCORERS", "Scorer", "Statistics", "register", "scorer_of"]

GROUP = "lamp_metric.scorers"

_scorers: dict[str, Scorer] = {}
#: Kind of task -> scorer.
SCORERS: Mapping[str, Scorer] = MappingProxyType(_scorers)


def register(scorer: Scorer) -> None:
    """Add a kind of score.

    Args:
        scorer: its ``kind`` is what the column ``kind`` of tasks says.

    Raises:
        ValueError: the kind has a scorer already, the data has no such kind, or the scorer contradicts itself.
    """
    if not isinstance(scorer, Scorer):
        raise ValueError(f"register: expected an instance of Scorer, found {scorer!r}")
    scorer.check()
    if scorer.kind in _scorers:
        raise ValueError(f"scorer {scorer.kind!r}: this kind has a scorer already, {_scorers[scorer.kind]!r}")
    _scorers[scorer.kind] = scorer


def scorer_of(task: Task) -> Scorer:
    """The scorer of the task's kind; ValueError, with what to do, if nobody registered one."""
    if task.kind not in _scorers:
        _load_others()
    if task.kind not in _scorers:
        known = ", ".join(_scorers)
        raise ValueError(
            f"{task.name}: no scorer for the kind {task.kind!r}; known are {known}. Add it by lamp_metric.register, or "
            "install the package that brings it"
        )
    return _scorers[task.kind]


@cache
def _load_others() -> None:
    """Ask other packages for their scorers, once."""
    load_entry_points(GROUP, lambda found: register(found if isinstance(found, Scorer) else found()))


for _scorer in (Classification(), Ordinal(), Text(), LongText()):
    register(_scorer)
