"""Predictions as users pass them, lists, records, users and files: checked and joined. Errors name the sample.

evaluate's own messages name no sample, so the evaluate module has its samples checked here before evaluate sees them.
"""

import numbers
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.formats.outputs import Outputs, read_outputs, write_outputs
from lamp_dataset.formats.task_of_file import is_name_of, task_of
from lamp_dataset.formats.texts import (
    DuplicateIdError,
    IdMismatchError,
    check_same_ids,
    check_unique,
    duplicates,
    is_whole,
    short,
)
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task, official_hint


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


SIDES = ("predictions", "references")

#: The id of a sample that was passed as a bare string.
NO_ID = ""

#: The attributes of a kind of table, and how to get its rows as records. An Arrow array gives its values likewise.
_TABLES = (
    (("to_pylist",), lambda table: table.to_pylist()),  # Arrow
    (("to_dicts",), lambda table: table.to_dicts()),  # polars
    (("columns", "to_dict"), lambda table: table.to_dict(orient="records")),  # pandas
)


def where(ids: Sequence[str] | None, position: int) -> str:
    """What a message calls a sample: its id, or its position, counted from 0."""
    return f"sample {short(ids[position])}" if ids is not None else f"sample {position}"


def as_text(value: Any, task: Task | None, place: str) -> str:
    """``value`` as the text to score, without white space at both ends; ``place`` is its side and sample, for messages.

    Numbers pass if the task has labels (the official script scores ``str(x)`` there) or is None, not known yet.
    """
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # a scalar of numpy or torch
        value = value.item()
    if isinstance(value, str):
        return value.strip()
    numbers_pass = task is None or bool(task.labels)
    if numbers_pass and is_number(value):
        return str(value)
    wanted = "a string or a number" if numbers_pass else "a string"
    of_task = f" for {task.name}" if task is not None else ""
    hint = "; several answers are for lamp-metric compare" if isinstance(value, list) else ""
    raise ValueError(f"{place}: expected {wanted}{of_task}, found {_shown(value)}{hint}")


def is_number(value: Any) -> bool:
    """Whether ``value`` is a number; Booleans are not."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def is_finite(value: Any) -> bool:
    """Whether ``value`` is a number that a float can hold: neither NaN nor infinite, nor a whole number beyond them."""
    return is_number(value) and abs(value) <= sys.float_info.max


def _shown(value: Any) -> str:
    if value is None:
        return "None (null in JSON)"
    return f"{type(value).__name__} {short(value)}"


def as_texts(values: Iterable[Any], task: Task | None, side: str, ids: Sequence[str] | None = None) -> list[str]:
    """All ``values`` as texts, see :func:`as_text`; ``side`` is ``"prediction"`` or ``"reference"``."""
    return [
        value.strip() if type(value) is str else as_text(value, task, f"{side} of {where(ids, position)}")
        for position, value in enumerate(values)
    ]


def as_list(values: Any, side: str) -> list:
    """``values``, which may be a list, tuple, array, dataset column, series or generator, as a list.

    A table of pandas, polars or Arrow becomes a list of records, one per row.
    """
    if isinstance(values, Mapping) and isinstance(values.get("golds"), list):
        raise ValueError(f'{side}: expected a list, found the content of an outputs file; pass its "golds"')
    if isinstance(values, (set, frozenset)):
        raise ValueError(f"{side}: expected a list, found a {type(values).__name__}, which has no order")
    for attributes, rows in _TABLES:
        if all(hasattr(values, attribute) for attribute in attributes):
            again = duplicates(getattr(values, "column_names", getattr(values, "columns", ())))
            if again:  # a record has room for one of them
                raise ValueError(f"{side}: expected one column {short(again[0])}, found several of that name")
            return rows(values)
    iterable = hasattr(values, "__iter__") and getattr(values, "ndim", 1) > 0
    if isinstance(values, (str, bytes, Mapping)) or not iterable:
        raise ValueError(
            f"{side}: expected a list of strings or of records with 'id' and 'output', found {_shown(values)}"
        )
    return list(values)


def check_ids(ids: Sequence[Any]) -> None:
    """Reject ids that are not strings."""
    for position, sample_id in enumerate(ids):
        if not isinstance(sample_id, str):
            raise ValueError(f"ids: expected strings, found {short(sample_id)} at position {position}")


def user_names(users: Iterable[Any], n: int | None = None, ids: Sequence[str] | None = None) -> list[str]:
    """``users``, strings or whole numbers, as names; if ``n`` is known, one for each of ``n`` samples.

    Messages give the samples' ids.
    """
    values = as_list(users, "users")
    ids = ids if ids is not None and len(ids) == len(values) else None
    for position, value in enumerate(values):
        if not is_whole(value) and (not isinstance(value, str) or value == ""):
            raise ValueError(
                f"user of {where(ids, position)}: expected a non-empty string or a whole number, found {short(value)}"
            )
    names = [str(value) for value in values]
    if n is not None and len(names) != n:
        raise ValueError(f"users: expected one for each of the {n} samples, found {len(names)}")
    if n and len(set(names)) == 1:
        raise ValueError(
            f"users: expected at least two users, found one, {short(names[0])}, for all {n} samples: one user says "
            "nothing about other users"
        )
    return names


def record_of(value: Any, position: int, side: str) -> tuple[str, Any]:
    """The id and output of a record ``{"id": …, "output": …}``; other keys, as in rows of the dataset, are ignored."""
    place = f"{side} {position}"
    if not isinstance(value, Mapping):
        raise ValueError(f"{place}: expected a record with 'id' and 'output' like the others, found {_shown(value)}")
    missing = [key for key in ("id", "output") if key not in value]
    if missing:
        keys = ", ".join(map(short, list(value)[:8])) or "none"
        raise ValueError(f"{place}: expected a record with 'id' and 'output', found no {missing[0]!r}; keys: {keys}")
    if not isinstance(value["id"], str):
        raise ValueError(f"{place}: expected a string as 'id', found {_shown(value['id'])}")
    if value["id"] == NO_ID:
        raise ValueError(f"{place}: the 'id' is an empty string")
    return value["id"], value["output"]


@dataclass(frozen=True)
class CheckedBatch:
    """Checked samples, all as records, so that evaluate stores one form; without ``records`` their ids are NO_ID.

    ``number``: which sample holds a number although the task is not known yet.
    """

    predictions: list
    references: list
    records: bool
    number: str | None


def check_batch(
    predictions: Any, references: Any, task: Task | None, records: bool | None, offset: int = 0
) -> CheckedBatch:
    """Check a batch of strings (or numbers if the task has labels), or of records with ``id`` and ``output``.

    ``task``: None if it is not known yet; ``records``: whether earlier batches held records, None for the first batch;
    ``offset``: number of samples before these.
    """
    sides = {side: as_list(values, side) for side, values in zip(SIDES, (predictions, references), strict=True)}
    _check_lengths(*sides.values())
    found: list[str] = []
    for side, values in sides.items():
        if records is None and values:
            records = isinstance(values[0], Mapping)
        sides[side] = [
            _sample(value, side.removesuffix("s"), offset + position, task, bool(records), found)
            for position, value in enumerate(values)
        ]
    return CheckedBatch(*sides.values(), bool(records), found[0] if found else None)


def _check_lengths(predictions: list, references: list) -> None:
    """Reject lists of different length; if they hold records, the message names the first id that differs."""
    if len(predictions) == len(references):
        return
    message = f"expected as many predictions as references, found {len(predictions)} and {len(references)}"
    if all(isinstance(value, Mapping) and isinstance(value.get("id"), str) for value in predictions + references):
        try:
            join_by_id(*([(value["id"], value) for value in side] for side in (predictions, references)), SIDES)
        except (DuplicateIdError, IdMismatchError) as error:
            message = f"{message}: {error}"
    raise ValueError(message)


def _sample(value: Any, side: str, position: int, task: Task | None, records: bool, numbers: list[str]) -> dict:
    if not records and isinstance(value, Mapping):
        raise ValueError(f"{side} {position}: expected a string like the others, found a record")
    sample_id, output = record_of(value, position, side) if records else (NO_ID, value)
    place = f"{side} of sample {short(sample_id) if records else position}"
    text = as_text(output, task, place)
    if task is None and not isinstance(output, str):
        numbers.append(f"{place}: expected a string, found {short(output)}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = f"U+{ord(text[error.start]):04X}"
        raise ValueError(f"{place}: {half} at character {error.start} is half of a surrogate pair, not text") from None
    return {"id": sample_id, "output": text}


def join_records(predictions: Sequence[dict], references: Sequence[dict]) -> tuple[list[str] | None, list, list]:
    """Ids (None if strings were passed), predictions and references in one order, of all batches and processes."""
    bare = sum(row["id"] == NO_ID for row in references)
    if bare == len(references):
        return None, [row["output"] for row in predictions], [row["output"] for row in references]
    if bare:
        raise ValueError(f"expected strings or records in all processes, found {bare} strings among records")
    return join_by_id(*([(row["id"], row["output"]) for row in side] for side in (predictions, references)), SIDES)


def write_predictions(
    path: str | os.PathLike[str],
    task_name: str,
    ids: Iterable[str],
    outputs: Iterable[Any],
    *,
    private: bool = False,
) -> None:
    """Write predictions in the official file format, whole or not at all.

    Args:
        path: of the file to write.
        task_name: config name, such as ``"LaMP_4"``.
        ids: sample ids, strings.
        outputs: one per id: strings, or also numbers if the task has labels. Or lists of them, several answers to each
            sample, which ``lamp-metric compare`` reads.
        private: whether only the user may read the file, as always for a gated config.

    Raises:
        ValueError: the task is unknown, the lists differ in length, an id is duplicate or not a string, or an output
            cannot be scored; the message names the sample.
        OSError: the file cannot be written.
    """
    task = get_task(task_name)
    ids, outputs = as_list(ids, "ids"), as_list(outputs, "outputs")
    if len(ids) != len(outputs):
        raise ValueError(f"expected as many outputs as ids, found {len(outputs)} and {len(ids)}")
    check_ids(ids)
    check_unique(ids, "ids")
    permissions = PRIVATE if private or task.gated else None
    with (
        write_whole(os.path.expanduser(path), "wb", permissions) as file,
        write_outputs(file, task.official_name, compact=True) as entries,
    ):
        for position, output in enumerate(outputs):
            place = f"output of {where(ids, position)}"
            several = isinstance(output, list) and output
            text = [as_text(one, task, place) for one in output] if several else as_text(output, task, place)
            entries.add({"id": ids[position], "output": text})


def read_predictions(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The predictions in a file in the official format, for :func:`lamp_metric.compare` with ``ids``.

    Returns:
        Sample id -> answer, or a list of the several answers that the file has, in the file's order.

    Raises:
        OSError: the file cannot be read.
        ValueError: it has another format, or an id twice.
    """
    return dict(read_outputs(path).by_id)
