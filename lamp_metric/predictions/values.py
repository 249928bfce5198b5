"""From what users pass to plain texts: kinds of values, records joined by id, and errors that name the sample.

Standard library only.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from typing import Any

from lamp_dataset.task import Task


def where(ids: Sequence[str] | None, position: int) -> str:
    """How a message names a sample: by its id, else by its place, counted from 0."""
    return f"sample {ids[position]!r}" if ids is not None else f"sample {position}"


def as_text(value: Any, task: Task | None, place: str) -> str:
    """``value`` as the text that gets scored, white space at both ends stripped.

    Args:
        value: a string; a number only where the task has labels (the official script scores ``str(x)`` there).
        task: None where it is not known yet: numbers pass.
        place: side and sample, for the message.

    Raises:
        ValueError: anything else, such as None, a list or a Boolean.
    """
    if isinstance(value, str):
        return value.strip()
    value = value.item() if _is_scalar_array(value) else value
    numbers_pass = task is None or bool(task.labels)
    if numbers_pass and is_number(value):
        return str(value)
    if isinstance(value, str):
        return value.strip()
    wanted = "a string or a number" if numbers_pass else "a string"
    of_task = f" for {task.name}" if task is not None else ""
    raise ValueError(f"{place}: expected {wanted}{of_task}, found {_shown(value)}")


def is_number(value: Any) -> bool:
    """Whether ``value`` is a number; Booleans are none."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _is_scalar_array(value: Any) -> bool:
    """Whether ``value`` is a scalar of numpy or torch, which know their Python value."""
    return hasattr(value, "item") and getattr(value, "ndim", None) == 0


def _shown(value: Any) -> str:
    if value is None:
        return "None (null in JSON)"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 80 else text[:77] + '…'}"


def as_texts(values: Sequence[Any], task: Task | None, side: str, ids: Sequence[str] | None = None) -> list[str]:
    """All of ``values`` as texts, see :func:`as_text`; ``side`` is ``"prediction"`` or ``"reference"``."""
    return [
        value.strip() if type(value) is str else as_text(value, task, f"{side} of {where(ids, position)}")
        for position, value in enumerate(values)
    ]


def as_list(values: Any, side: str) -> list:
    """``values`` as a list; lists, tuples, arrays, columns of a data set and series will do.

    Raises:
        ValueError: None, a single string, a mapping, or nothing one can walk through.
    """
    if isinstance(values, Mapping) and isinstance(values.get("golds"), list):
        raise ValueError(f'{side}: expected a list, found an outputs file\'s content; pass its "golds"')
    if values is None or isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__iter__"):
        raise ValueError(
            f"{side}: expected a list of strings or of records with 'id' and 'output', found {_shown(values)}"
        )
    return list(values)


def record_of(value: Any, position: int, side: str) -> tuple[str, Any]:
    """Id and output of a record ``{"id": …, "output": …}``; other keys, as rows of the data set have them, are ignored.

    Raises:
        ValueError: no such record; the message names the side and the position.
    """
    place = f"{side} {position}"
    if not isinstance(value, Mapping):
        raise ValueError(f"{place}: expected a record with 'id' and 'output' as in the others, found {_shown(value)}")
    missing = [key for key in ("id", "output") if key not in value]
    if missing:
        keys = ", ".join(map(repr, value)) or "none"
        raise ValueError(f"{place}: expected a record with 'id' and 'output', found no {missing[0]!r}; keys: {keys}")
    if not isinstance(value["id"], str):
        raise ValueError(f"{place}: expected a string as 'id', found {_shown(value['id'])}")
    return value["id"], value["output"]


def by_id(pairs: Sequence[tuple[str, Any]], side: str) -> dict[str, Any]:
    """Id -> output.

    Raises:
        ValueError: an id stands twice.
    """
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    seen: set[str] = set()
    double = next(key for key, _ in pairs if key in seen or seen.add(key))
    raise ValueError(f"{side}: id {double!r} stands twice; ids are unique")


def check_same_ids(predictions: Mapping[str, Any], references: Mapping[str, Any], names: tuple[str, str]) -> None:
    """Refuse predictions and references of different samples.

    Args:
        predictions: by id.
        references: by id.
        names: what to call the two in the message, such as their files.

    Raises:
        ValueError: the sets of ids differ; the message says by how many and which come first.
    """
    missing = [key for key in references if key not in predictions]
    extra = [key for key in predictions if key not in references]
    if not missing and not extra:
        return
    parts = []
    if missing:
        parts.append(
            f"{names[0]} lacks {len(missing)} of the {len(references)} ids in {names[1]} (first: {missing[0]!r})"
        )
    if extra:
        parts.append(f"{names[0]} holds {len(extra)} ids that are not in {names[1]} (first: {extra[0]!r})")
    raise ValueError("; ".join(parts))
