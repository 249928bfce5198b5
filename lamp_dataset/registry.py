"""The table of tasks: the benchmark's own rows, and those of other packages.

Standard library only. Tables in this package call :func:`register`. A package of somebody else's does the same, or
names a function that returns tasks as an entry point of the group ``lamp_dataset.tasks``.
"""

import difflib
import warnings
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any, TypeVar

from lamp_dataset.task import Kind, Task, register_kind

Row = TypeVar("Row")


class Table(Mapping[str, Row]):
    """A read-only mapping that asks other packages for their rows once, when it is iterated or a name is not its own.

    ``use`` gets what each entry point of ``group`` names, and adds to ``rows``; one that fails is a warning, and all
    else works. ``unknown`` is what the KeyError says.
    """

    def __init__(self, group: str, use: Callable[[Any], object], unknown: Callable[[object], str] = repr) -> None:
        self.rows: dict[str, Row] = {}
        self._use, self._unknown, self.unasked = use, unknown, [group]

    def _all(self) -> dict[str, Row]:
        while self.unasked:
            group = self.unasked.pop()  # at once: a package may use the table while it makes its rows
            for entry in entry_points(group=group):
                try:
                    self._use(entry.load())
                except Exception as error:  # whatever another package's code raises
                    reason = " ".join(str(error).split()) or type(error).__name__
                    message = f"entry point {entry.name!r} of {group} ({entry.value}) is left out: {reason}"
                    warnings.warn(message, stacklevel=2)
        return self.rows

    def __getitem__(self, name: str) -> Row:
        if isinstance(name, str) and name in (self.rows if name in self.rows else self._all()):
            return self.rows[name]
        raise KeyError(self._unknown(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


#: Config name -> task: the benchmark's own in its order, each user-based config before its time-based one, then others.
TASKS: Table[Task] = Table("lamp_dataset.tasks", lambda make: register(*make()), lambda name: _unknown(name))


def register(*rows: Kind | Task) -> None:
    """Add tasks to the table; all that works on the benchmark's tasks works on them, too.

    Args:
        rows: a task for each config. A kind of score that is not the benchmark's comes before its tasks, see
            :class:`~lamp_dataset.task.Kind`; its scorer is registered by :func:`lamp_metric.register`.

    Raises:
        ValueError: another config or kind has that name, or a row is of another type; nothing is added then. A row that
            contradicts itself fails when it is made.
    """
    for row in rows:
        if not isinstance(row, Kind | Task):
            raise ValueError(f"register: expected a Task, or a Kind, found {row!r}")
    tasks: dict[str, Task] = {}
    for task in (row for row in rows if isinstance(row, Task)):
        if (TASKS.rows | tasks).get(task.name, task) != task:
            raise ValueError(f"task table: a config named {task.name!r} exists already; choose another name")
        tasks[task.name] = task
    for kind in rows:
        if isinstance(kind, Kind):
            register_kind(kind)
    TASKS.rows |= tasks


def get_task(name: str | Task) -> Task:
    """The task of a config name.

    Args:
        name: a key of :data:`TASKS`, such as ``"LaMP_2"``. A task is returned as it is.

    Raises:
        ValueError: no such config. The message translates the names used in papers and suggests similar names.

    >>> from lamp_dataset.tasks import get_task
    >>> get_task("LaMP_3_time").labels
    ('1', '2', '3', '4', '5')
    >>> get_task("LaMP-2N")
    Traceback (most recent call last):
    ...
    ValueError: no config named 'LaMP-2N': that task is 'LaMP_2_news' here. `lamp-dataset list` shows all configs
    """
    if isinstance(name, Task):
        return name
    if isinstance(name, str) and name in TASKS:
        return TASKS[name]
    raise ValueError(_unknown(name))


def other_setting(task: Task, before: str) -> str:
    """``before`` and the config of the same task in the other setting, for messages; empty if there is none.

    >>> from lamp_dataset.tasks import TASKS
    >>> other_setting(TASKS["LaMP_3"], "; time-based: ")
    '; time-based: LaMP_3_time'
    """
    others = (row.name for row in TASKS.values() if row.base == task.base and row.setting != task.setting)
    return next((f"{before}{name}" for name in others), "")


def _unknown(name: object) -> str:
    shown = repr(name)
    if len(shown) > 82:
        shown = f"{shown[:80]}…{shown[0] if isinstance(name, str) else ''}"
    key, known, hint = _fold(str(name)[:80]), _known_as(), "."
    near = dict.fromkeys(known[match] for match in difflib.get_close_matches(key, known, n=2, cutoff=0.75))
    if key in known:
        hint = f": that task is {known[key]!r} here."
    elif near:
        hint = f"; did you mean {' or '.join(map(repr, near))}?"
    return f"no config named {shown}{hint} `lamp-dataset list` shows all configs"


def task_known_as(name: str) -> Task | None:
    """The task that papers or leaderboards call ``name``; None if nothing is known by that name.

    >>> from lamp_dataset.tasks import task_known_as
    >>> task_known_as("LaMP-2M").name
    'LaMP_2'
    """
    return TASKS.get(_known_as().get(_fold(name), ""))


def official_hint(name: str) -> str:
    """A hint for messages: what files say instead of ``name``, a name from papers; empty if it is anything else.

    >>> from lamp_dataset.tasks import official_hint
    >>> official_hint("LaMP_2M"), official_hint("LaMP_3"), official_hint("SQuAD")
    ("; files of LaMP_2 say 'LaMP_2'", '', '')
    """
    task = task_known_as(name)
    return "" if task is None or task.official_name == name else f"; files of {task.name} say {task.official_name!r}"


def _fold(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def _known_as() -> dict[str, str]:
    """Other spellings -> config name. U and T are the leaderboard's marks for the two settings."""
    found: dict[str, str] = {}
    for task in TASKS.values():
        for alias in (task.base, *task.aliases):
            endings = ("t", "_t", "_time", "_temporal") if task.time_based else ("", "u", "_u", "_user")
            found |= {_fold(alias) + ending: task.name for ending in endings}
    return found
