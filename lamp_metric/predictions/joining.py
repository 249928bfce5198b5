"""Golds and predictions of one task, joined by id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lamp_dataset.formats.ids import check_same_ids, check_unique
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.formats.task_of_file import is_name_of, task_of
from lamp_dataset.formats.texts import short
from lamp_dataset.task import Task
from lamp_dataset.tasks import official_hint


@dataclass(frozen=True)
class JoinedOutputs:
    """The golds and predictions of one task, all in the order of the golds.

    ``names``: what messages call a prediction and a reference: file and side. ``users``: the user of each sample, if
    they are known. ``answers``: how many answers to each sample the file has, of which these are one.
    """

    task: Task
    ids: list[str]
    predictions: list
    references: list
    names: tuple[str, str]
    users: list[str] | None = None
    answers: int = 1


def join_by_id(
    predictions: Sequence[tuple[str, Any]], references: Sequence[tuple[str, Any]], names: tuple[str, str]
) -> tuple[list[str], list, list]:
    """Ids, predictions and references, in the references' order, from pairs of id and output of the sides ``names``."""
    for pairs, name in zip((predictions, references), names, strict=True):
        check_unique((sample_id for sample_id, _ in pairs), name)
    predicted, golds = dict(predictions), dict(references)
    check_same_ids(predicted, golds, names)
    return list(golds), [predicted[sample_id] for sample_id in golds], list(golds.values())


def join(
    golds: Outputs, predictions: Outputs, task_name: str | None = None, users: Mapping[str, str] | None = None
) -> JoinedOutputs:
    """Join predictions to golds of the same task, see :func:`~lamp_dataset.formats.task_of_file.task_of`.

    ``users``: sample id -> user.
    """
    task = task_of(golds, task_name)
    if predictions.task != golds.task and not is_name_of(task, predictions.task):
        raise ValueError(
            f"{predictions.name}: expected predictions for task {short(golds.task)}, as in {golds.name}, "
            f"found {short(predictions.task)}{official_hint(predictions.task)}"
        )
    if not golds.by_id:
        raise ValueError(f"{golds.name}: nothing to score, 'golds' is an empty list")
    pairs = list(predictions.by_id.items()), list(golds.by_id.items())
    ids, predicted, references = join_by_id(*pairs, (predictions.name, golds.name))
    names = f"{predictions.name}: prediction", f"{golds.name}: reference"
    whose = None if users is None else [users[sample_id] for sample_id in ids]
    return JoinedOutputs(task, ids, predicted, references, names, whose)
