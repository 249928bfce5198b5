"""What users hand to the evaluate module: two lists of strings, or of records with ids.

It is checked before evaluate sees it, whose own messages name no sample. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lamp_dataset.task import Task
from lamp_metric.predictions.values import as_list, as_text, by_id, check_same_ids, record_of

SIDES = ("predictions", "references")

#: The id of a sample that was given as a bare string.
NO_ID = ""


@dataclass(frozen=True)
class Batch:
    """Checked samples, all as records: evaluate then stores one form, also where a process has no sample to add.

    Attributes:
        predictions: records of two strings; the id is :data:`NO_ID` where strings were given.
        references: likewise.
        records: whether records were given.
        number: which sample holds a number although the task is not known yet; None where none does.
    """

    predictions: list
    references: list
    records: bool
    number: str | None


def checked(predictions: Any, references: Any, task: Task | None, records: bool | None, offset: int = 0) -> Batch:
    """Check a batch.

    Args:
        predictions: strings (numbers too where the task has labels), or records with ``id`` and ``output``.
        references: likewise.
        task: None where it is not known yet.
        records: whether the batches before held records; None for the first.
        offset: number of samples before these.

    Raises:
        ValueError: the message names the first wrong sample and what is wrong with it.
    """
    sides = {side: as_list(values, side) for side, values in zip(SIDES, (predictions, references), strict=True)}
    if len(sides["predictions"]) != len(sides["references"]):
        raise ValueError(_other_length(**sides))
    found: list[str] = []
    for side, values in sides.items():
        if records is None and values:
            records = isinstance(values[0], Mapping)
        sides[side] = [
            _sample(value, side.removesuffix("s"), offset + position, task, bool(records), found)
            for position, value in enumerate(values)
        ]
    return Batch(sides["predictions"], sides["references"], bool(records), found[0] if found else None)


def _other_length(predictions: list, references: list) -> str:
    """The message for lists of different length; of records, it names the first id that one side lacks."""
    message = f"expected as many predictions as references, found {len(predictions)} and {len(references)}"
    if not all(isinstance(value, Mapping) and isinstance(value.get("id"), str) for value in predictions + references):
        return message
    try:
        left, right = (
            by_id([(value["id"], value) for value in values], side)
            for side, values in zip(SIDES, (predictions, references), strict=True)
        )
        check_same_ids(left, right, SIDES)
    except ValueError as error:
        return f"{message}: {error}"
    return message


def _sample(value: Any, side: str, position: int, task: Task | None, records: bool, numbers: list[str]) -> dict:
    if not records:
        if isinstance(value, Mapping):
            raise ValueError(f"{side} {position}: expected a string as in the others, found a record")
        return {"id": NO_ID, "output": _text(value, task, f"{side} of sample {position}", numbers)}
    sample_id, output = record_of(value, position, side)
    if sample_id == NO_ID:
        raise ValueError(f"{side} {position}: the 'id' is an empty string")
    return {"id": sample_id, "output": _text(output, task, f"{side} of sample {sample_id!r}", numbers)}


def _text(value: Any, task: Task | None, place: str, numbers: list[str]) -> str:
    text = as_text(value, task, place)
    if task is None and not isinstance(value, str):
        numbers.append(f"{place}: expected a string, found {value!r}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = f"U+{ord(text[error.start]):04X}"
        raise ValueError(f"{place}: {half} at character {error.start} is half a surrogate pair, no text") from None
    return text


def joined(predictions: Sequence[dict], references: Sequence[dict]) -> tuple[list, list, list[str] | None]:
    """Predictions and references in one order, and their ids.

    Args:
        predictions: records of all batches and processes, see :class:`Batch`.
        references: likewise; row by row what was added together.

    Raises:
        ValueError: doubled ids, other ids on the two sides, or records in one process and strings in another.
    """
    bare = sum(row["id"] == NO_ID for row in references)
    if bare == len(references):
        return [row["output"] for row in predictions], [row["output"] for row in references], None
    if bare:
        raise ValueError(f"expected strings or records in all processes, found {bare} strings among records")
    left, right = (
        by_id([(row["id"], row["output"]) for row in rows], side)
        for side, rows in zip(SIDES, (predictions, references), strict=True)
    )
    check_same_ids(left, right, SIDES)
    return [left[key] for key in right], list(right.values()), list(right)
