"""Which task a file belongs to, judging by its official name, its labels and how its inputs begin.

Standard library only. Two tasks share the official name ``"LaMP_2"``, so ``"task"`` alone is not always enough.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.formats.texts import short
from lamp_dataset.task import Task
from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS, get_task, official_hint, task_known_as


def tasks_named(official_name: str, file_name: str, setting: str = "user") -> list[Task]:
    """The tasks with an official name, in the benchmark's order: two for ``"LaMP_2"``, one for every other name.

    ValueError if no task has the name, which the file ``file_name`` gives.
    """
    found = [task for task in TASKS.values() if task.official_name == official_name and task.setting == setting]
    if not found:
        name = f"{short(official_name)}{official_hint(official_name)}"
        raise ValueError(f"{file_name}: no task is named {name}; tasks: {', '.join(OFFICIAL_NAMES)}")
    return found


def task_of(golds: Outputs, name: str | None = None) -> Task:
    """The task of an outputs file; ValueError if it is not that of config ``name``, where one is given.

    Where two tasks share the official name, the one whose labels fit the golds best is taken, unless ``name`` names the
    second. If it is given, see :func:`check_name` for what else the file may call the task.
    """
    if name is None:
        return best_fit(golds.task, list(golds.by_id.values()), golds.name)
    named = get_task(name)
    if named.official_name != golds.task:
        check_name(golds, named)
    elif named.base == named.official_name:
        return best_fit(golds.task, list(golds.by_id.values()), golds.name, named.setting)
    return named


def check_name(golds: Outputs, task: Task) -> None:
    """ValueError if an outputs file cannot be of the task, by what it says as ``"task"`` and by its golds.

    Labels say more than a name: there are files of ratings that say ``"LaMP_2"``. So where the golds are labels of the
    task, the file may say anything. For a task without labels it may say what no other task is called, as files in
    OPPU's layout do.
    """
    other = not is_name_of(task, golds.task) and task_known_as(golds.task) is not None and not task.labels
    no_labels = golds.task in OFFICIAL_NAMES and 2 * len(_no_labels(golds, task)) > len(golds.by_id)
    if golds.task != task.official_name and (no_labels or other):
        found = f"{short(golds.task)}{official_hint(golds.task)}"
        raise ValueError(f"{golds.name}: expected the golds of task {task.official_name!r}, found {found}")
    check_labels(golds, task)


def is_name_of(task: Task, name: str) -> bool:
    """Whether ``name`` is the official name of a task, or what papers or OPPU's files call it.

    >>> is_name_of(TASKS["LaMP_2_time"], "LaMP_2M"), is_name_of(TASKS["LaMP_2_time"], "LaMP_2N")
    (True, False)
    """
    known = task_known_as(name)
    return name == task.official_name or (known is not None and known.base == task.base)


def best_fit(official_name: str, outputs: Sequence[Any], file_name: str, setting: str = "user") -> Task:
    """The task of an official name whose labels occur most often among ``outputs``; the first one on a tie.

    ValueError if no task has the name.
    """
    tasks = tasks_named(official_name, file_name, setting)
    return tasks[0] if len(tasks) == 1 else max(tasks, key=lambda task: count_labels(outputs, task))


def count_labels(outputs: Iterable[Any], task: Task) -> int:
    """How many of ``outputs`` are labels of the task, white space at both ends aside; ``5.0`` is as good as ``5``."""
    return sum(str(output).strip().removesuffix(".0") in task.labels for output in outputs)


def other_task(outputs: Sequence[Any], task: Task, total: int | None = None) -> Task | None:
    """The other task whose labels more than half of ``outputs`` are, or of ``total`` outputs; None if there is none."""
    others = [other for other in TASKS.values() if other.labels and other.base != task.base and not other.time_based]
    likely = max(others, key=lambda other: count_labels(outputs, other))
    return likely if 2 * count_labels(outputs, likely) > (len(outputs) if total is None else total) else None


def check_labels(golds: Outputs, task: Task) -> None:
    """ValueError if more than half of the golds are not labels of the task; it says which task the first belongs to."""
    unknown = _no_labels(golds, task)
    if len(unknown) * 2 > len(golds.by_id):
        raise ValueError(
            f"{golds.name}: expected labels of {task.name} as golds, found {len(unknown)} golds that are not, "
            f"first {short(unknown[0])}{tasks_with_label(unknown[0])}"
        )


def _no_labels(golds: Outputs, task: Task) -> list[Any]:
    return [gold for gold in golds.by_id.values() if task.labels and gold not in task.labels]


def tasks_with_label(label: str) -> str:
    """A hint for messages: which tasks have this label; empty if none has.

    >>> tasks_with_label("religion")
    " ('religion' is a label of LaMP_2_news)"
    """
    names = [task.name for task in TASKS.values() if label in task.labels and not task.time_based]
    return f" ({short(label)} is a label of {' and '.join(names)})" if names else ""


def looks_like(text: str | None, task: Task) -> str:
    """A hint for messages: which other task's inputs begin like this one; empty if none does.

    >>> looks_like("Generate a headline for the following article: x", TASKS["LaMP_5"])
    ' (the input begins like those of LaMP_4)'
    """
    others = [other for other in TASKS.values() if other.setting == task.setting and other.name != task.name]
    names = [other.name for other in others if text is not None and text.startswith(other.opening)]
    return f" (the input begins like those of {names[0]})" if names else ""
