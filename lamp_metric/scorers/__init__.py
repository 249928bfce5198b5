"""How each kind of task is scored: one module and one object per kind, see :class:`~lamp_metric.scorers.scorer.Scorer`.

Another package adds a kind by :func:`register`, or by an entry point of the group ``lamp_metric.scorers`` that names a
scorer, or a function that returns one.
"""

from lamp_dataset.registry import Table
from lamp_dataset.task import Task
from lamp_metric.scorers.labels import Classification, Ordinal
from lamp_metric.scorers.scorer import Scorer, Statistics
from lamp_metric.scorers.text import LongText, Text

__all__ = ["SCORERS", "Scorer", "Statistics", "register", "scorer_of"]

#: Kind of task -> scorer.
SCORERS: Table[Scorer] = Table(
    "lamp_metric.scorers", lambda found: register(found if isinstance(found, Scorer) else found())
)


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
    if scorer.kind in SCORERS.rows:
        raise ValueError(f"scorer {scorer.kind!r}: this kind has a scorer already, {SCORERS[scorer.kind]!r}")
    SCORERS.rows[scorer.kind] = scorer


def scorer_of(task: Task) -> Scorer:
    """The scorer of the task's kind; ValueError if none was registered."""
    if task.kind not in SCORERS:
        raise ValueError(
            f"{task.name}: no scorer for the kind {task.kind!r}; known are {', '.join(SCORERS)}. Add it by "
            "lamp_metric.register, or install the package that brings it"
        )
    return SCORERS[task.kind]


for _scorer in (Classification(), Ordinal(), Text(), LongText()):
    register(_scorer)
