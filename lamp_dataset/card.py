"""The data set card, the README.md of an export or a repository on the Hub. Standard library only so far."""

from __future__ import annotations

from collections.abc import Iterable

from lamp_dataset.tasks import SPLITS, Task

_COLUMNS = ("config", "task", "kind", "scores", f"samples ({' / '.join(SPLITS)})", "licence")


def task_table(tasks: Iterable[Task]) -> str:
    """A Markdown table of ``tasks``: one line a task, its user-based and time-based configs together.

    Samples are the published counts; ``?`` stands where nobody published one.

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
        "<br>".join(" / ".join(_count(task.num_samples[split]) for split in SPLITS) for task in tasks),
        first.license,
    ]
    return [cell.replace("|", "\\|") for cell in cells]


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"
