"""Leaks: profile items that a sample asks about, or whose output is its gold."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lamp_dataset.task import Task


def questions(task: Task, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a row asks about and its gold, each after the name of the item's field that would be the same.

    A gold counts in the tasks that generate text: a label or a rating is the same for many samples and gives nothing
    away.
    """
    yield task.pair.text, task.subject_of(row["input"])
    if not task.labels and row["output"] is not None:
        yield task.pair.output, row["output"].strip()


def own_leaks(task: Task, rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """The items in each row's own profile that are what the row asks about or, in the tasks that generate text, its
    gold. Items that are so for another row of the user are what profiles are made of.

    Yields:
        The id of the sample, that of the item, and the item's field that gives the sample away.
    """
    for row in rows:
        for field, wanted in questions(task, row):
            for item in row["profile"]:
                if item[field] is not None and item[field].strip() == wanted:
                    yield row["id"], item["id"], field
