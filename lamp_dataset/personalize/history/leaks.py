"""Leaks: profile items that a sample asks about, or whose output is its gold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.personalize.hashes import joined, text_hashes
from lamp_dataset.personalize.history.declared import whole
from lamp_dataset.task import Task

#: Marks that keep the hash of an input's text apart from that of a gold.
_ASKED, _GOLD = 1, 2


def subject(task: Task, text: str) -> str:
    """What an input asks about: the text that would be a profile item's, such as the review or the paper's title.

    An input without the task's words is its own subject.

    >>> from lamp_dataset.tasks import TASKS
    >>> subject(TASKS["LaMP_7"], "Paraphrase the following tweet: so tired ")
    'so tired'
    >>> subject(TASKS["LaMP_1"], '… the paper with the title "Rain", which reference is related? …')
    'Rain'
    """
    before, after = task.subject_frame or (task.query_marker, None)
    _, found, rest = text.partition(before)
    inner = rest.partition(after)[0] if after else rest
    return (inner if found else text).strip()


def questions(task: Task, rows: pa.Table) -> np.ndarray:
    """For each row the hashes of what it asks about and of its gold, 0 where none counts.

    Args:
        task: whose rows they are. A gold counts in the tasks that generate text: a label or a rating is the same for
            many samples and gives nothing away.
        rows: in the declared shape.
    """
    asked = pa.array([subject(task, text) for text in rows["input"].to_pylist()], pa.string())
    golds = pc.utf8_trim_whitespace(rows["output"]) if task.kind == "generation" else pa.nulls(len(rows), pa.string())
    return np.stack([text_hashes(asked), text_hashes(golds)], axis=1)


def marks_of(owners: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Marks of tests, sorted: hashes that tell both the user and the text.

    Args:
        owners: a number for the user of each row.
        asked: see :func:`questions`.
    """
    golds = asked[:, 1] != 0
    return np.unique(
        np.concatenate([joined(owners, asked[:, 0], _ASKED), joined(owners[golds], asked[golds, 1], _GOLD)])
    )


def is_test(texts: np.ndarray, outputs: np.ndarray, owners: np.ndarray, tests: np.ndarray) -> np.ndarray:
    """Which items are tests in disguise.

    Args:
        texts: hashes of what the items ask about, stripped.
        outputs: hashes of what they answer, stripped.
        owners: a number for the user of each item.
        tests: marks of all tests, from :func:`marks_of`.
    """
    return _among(joined(owners, texts, _ASKED), tests) | _among(joined(owners, outputs, _GOLD), tests)


def _among(marks: np.ndarray, tests: np.ndarray) -> np.ndarray:
    """``np.isin`` for tests that are sorted."""
    if not len(tests):
        return np.zeros(len(marks), bool)
    return tests[np.minimum(np.searchsorted(tests, marks), len(tests) - 1)] == marks


class Leak(NamedTuple):
    """A profile item that gives away its own sample.

    Attributes:
        sample: id of the sample.
        item: id of the item.
        field: the item's field that is what the sample asks about, or its gold.
    """

    sample: str
    item: str
    field: str


def own_leaks(task: Task, rows: pa.Table) -> Iterator[Leak]:
    """The items in each row's own profile that are what the row asks about or, in the tasks that generate text, its
    gold. Items that are so for another row of the user are what profiles are made of.

    Args:
        task: whose rows they are.
        rows: in the declared shape.
    """
    profiles = whole(rows["profile"])
    items, sizes = profiles.flatten(), pc.list_value_length(profiles).to_numpy(zero_copy_only=False)
    row_of = np.repeat(np.arange(len(rows)), sizes)
    ids, names = rows["id"].to_pylist(), pc.struct_field(items, "id")
    for field, wanted in zip((task.pair.text, task.pair.output), questions(task, rows).T, strict=True):
        texts = text_hashes(pc.utf8_trim_whitespace(pc.struct_field(items, field)))
        for position in np.flatnonzero((texts == wanted[row_of]) & (texts != 0)).tolist():
            yield Leak(ids[row_of[position]], names[position].as_py(), field)
