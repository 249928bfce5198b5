"""The data set card, the README.md of an export or a repository on the Hub. Standard library only so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from lamp_dataset.tasks import SPLITS, Task

_COLUMNS = (
    "config",
    "task",
    "kind",
    "scores",
    f"samples ({' / '.join(SPLITS)})",
    "questions files, MB",
    "texts from",
    "licence",
)


def task_table(tasks: Iterable[Task]) -> str:
    """A Markdown table of ``tasks``: one line a task, its user-based and time-based configs together.

    Samples are the published counts, sizes those that somebody measured; ``?`` stands where there is none.

    Args:
        tasks: rows of :data:`lamp_dataset.tasks.TASKS`, in the order in which the lines shall stand.

    Returns:
        The lines of the table, without a newline at the end.
    """
    together: dict[str, list[Task]] = {}
    for task in tasks:
        together.setdefault(task.base, []).append(task)
    lines = [_COLUMNS, ["---"] * len(_COLUMNS), *map(_cells, together.values())]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cells(tasks: list[Task]) -> list[str]:
    first = tasks[0]
    cells = [
        "<br>".join(f"`{task.name}`" for task in tasks),
        first.title,
        first.kind,
        ", ".join(first.scores),
        _of_splits(tasks, lambda task: task.num_samples),
        _of_splits(tasks, lambda task: task.questions_mb),
        first.source,
        first.license,
    ]
    return [cell.replace("|", "\\|") for cell in cells]


def _of_splits(tasks: list[Task], column: Callable[[Task], Mapping[str, float | None]]) -> str:
    """A number for each split, the tasks one below the other."""
    return "<br>".join(" / ".join(_count(column(task).get(split)) for split in SPLITS) for task in tasks)


def _count(number: float | None) -> str:
    return "?" if number is None else f"{number:,}"
