"""Measures beside the benchmark's own scores: an object each, see :class:`~lamp_metric.measures.measure.Measure`.

Another package adds one by :func:`register_measure`, or by an entry point of the group ``lamp_metric.measures`` that
names a measure, or a function that returns one. The libraries of those here come with the extra ``measures`` and are
imported when a measure is asked for.
"""

from collections.abc import Iterable
from importlib import import_module

from lamp_dataset.formats.texts import short
from lamp_dataset.registry import Table
from lamp_dataset.task import Task
from lamp_metric.measures.library_measures import MEASURES_HERE
from lamp_metric.measures.measure import FunctionMeasure, Measure, Together
from lamp_metric.scorers import scorer_of
from lamp_metric.scorers.labels import Ordinal

__all__ = ["MEASURES", "Measure", "register_measure", "together"]

#: Name -> measure.
MEASURES: Table[Measure] = Table(
    "lamp_metric.measures", lambda found: register_measure(found if isinstance(found, Measure) else found())
)


def register_measure(measure: Measure) -> None:
    """Add a measure, for ``also=`` and ``--also``.

    Raises:
        ValueError: it is not an instance of :class:`Measure`, or another one has its name.
    """
    if not isinstance(measure, Measure):
        raise ValueError(f"register_measure: expected an instance of Measure, found {short(measure)}")
    if measure.name in MEASURES.rows:
        raise ValueError(f"register_measure: there is a measure named {measure.name!r} already; choose another name")
    MEASURES.rows[measure.name] = measure


def chosen(also: Iterable[str], without: Iterable[str]) -> list[str]:
    """Measures to add and scores to leave out as one list, the latter after a minus sign."""
    also, without = ([names] if isinstance(names, str) else list(names) for names in (also, without))
    return [*also, *(f"-{name}" for name in without)]


def together(task: Task, also: Iterable[str]) -> Together:
    """The task's scores, without those after a minus sign, and the measures in ``also``."""
    names = [also] if isinstance(also, str) else list(also)
    if len(set(names)) < len(names):
        raise ValueError(f"also: expected each measure once, found {', '.join(names)}")
    scorer, left_out = scorer_of(task), [name[1:] for name in names if name[:1] == "-"]
    for key in left_out:
        if key not in scorer.less:
            known = " or ".join(scorer_of(task).less)
            expected = f"expected {known} for {task.name}" if known else f"no score of {task.name} can be left out"
            raise ValueError(f"without: {expected}, found {key!r}")
        scorer = scorer.less[key]
    measures = [_measure(task, name) for name in names if name[:1] != "-"]
    return Together(scorer, measures, ",".join(left_out))


def _measure(task: Task, name: str) -> Measure:
    found = MEASURES.get(name)
    if found is None and ":" in name:
        module, _, attribute = name.partition(":")
        try:
            return FunctionMeasure(name, getattr(import_module(module), attribute))
        except (ImportError, AttributeError, ValueError) as error:
            raise ImportError(f"cannot load the measure {short(name)}: {error}") from error
    # Another package's kind counts as the benchmark's kind with the same answers: texts, or numbers on a scale.
    alike = {task.kind, "" if task.labels else "generation", "ordinal" if isinstance(scorer_of(task), Ordinal) else ""}
    fitting = [key for key, one in MEASURES.items() if not one.kinds or alike.intersection(one.kinds)]
    if found is None or (name in MEASURES and name not in fitting):
        known = f"{', '.join(fitting)}, or a function by module:name"
        raise ValueError(f"also: expected a measure for {task.name}: {known}, found {name!r}")
    return found


for _one in MEASURES_HERE:
    register_measure(_one)
