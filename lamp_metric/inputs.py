"""What users hand to the evaluate module: two lists of strings, or of records with ids.

It is checked before evaluate sees it, whose own messages name no sample. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lamp_dataset.tasks import Task
from lamp_metric.values import as_list, as_text, by_id, check_same_ids, record_of

SIDES = ("predictions", "references")


@dataclass(frozen=True)
class Batch:
    """Checked samples.

    Attributes:
        predictions: strings, or records of two strings.
        references: likewise.
        records: whether they are records.
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
        raise ValueError(
            f"expected as many predictions as references, found {len(sides['predictions'])} and "
            f"{len(sides['references'])}"
        )
    found: list[str] = []
    for side, values in sides.items():
        if records is None and values:
            records = isinstance(values[0], Mapping)
        sides[side] = [
            _sample(value, side.removesuffix("s"), offset + position, task, bool(records), found)
            for position, value in enumerate(values)
        ]
    return Batch(sides["predictions"], sides["references"], bool(records), found[0] if found else None)


def _sample(value: Any, side: str, position: int, task: Task | None, records: bool, numbers: list[str]) -> Any:
    if not records:
        if isinstance(value, Mapping):
            raise ValueError(f"{side} {position}: expected a string as in the others, found a record")
        return _text(value, task, f"{side} of sample {position}", numbers)
    sample_id, output = record_of(value, position, side)
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


def joined(predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list, list, list[str] | None]:
    """Predictions and references in one order, and their ids; records are joined by id, strings stay as they stand.

    Raises:
        ValueError: doubled ids, or other ids on the two sides.
    """
    if not references or isinstance(references[0], str):
        return list(predictions), list(references), None
    left, right = (
        by_id([(row["id"], row["output"]) for row in rows], side)
        for side, rows in zip(SIDES, (predictions, references), strict=True)
    )
    check_same_ids(left, right, SIDES)
    return [left[key] for key in right], list(right.values()), list(right)
