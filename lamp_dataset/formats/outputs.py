"""The official outputs file: ``{"task": "LaMP_2", "golds": [{"id": "110", "output": "comedy"}, ...]}``.

Golds and predictions have the same format. Standard library only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lamp_dataset.formats.json_file import load_json, read_json
from lamp_dataset.task import Task


@dataclass(frozen=True)
class Outputs:
    """The content of an outputs file.

    Attributes:
        task: the official task name that the file gives, such as ``"LaMP_2"``.
        by_id: sample id -> output, in the file's order. Outputs are as JSON gave them: strings in golds,
            possibly numbers or None in predictions.
        name: the file's name, for messages.
    """

    task: str
    by_id: Mapping[str, Any]
    name: str


def read_outputs(path: str | os.PathLike, task: Task | None = None) -> Outputs:
    """Read an outputs file from disk; see :func:`parse_outputs`."""
    return check_outputs(read_json(path), str(Path(path)), task)


def parse_outputs(data: bytes, name: str, task: Task | None = None) -> Outputs:
    """The outputs in ``data``, the bytes of an outputs file.

    Args:
        data: the whole file.
        name: the file's name, for messages.
        task: where given, the file must be of this task.

    Raises:
        ValueError: no JSON, another shape, another task, an id that is no string or stands twice, an entry without
            ``id`` or ``output``.
    """
    return check_outputs(load_json(data, name), name, task)


def check_outputs(document: Any, name: str, task: Task | None = None) -> Outputs:
    """The outputs in ``document``, a parsed outputs file; arguments and errors as in :func:`parse_outputs`."""
    golds, official_name = golds_of(document, name)
    if task is not None and official_name != task.official_name:
        raise ValueError(f"{name}: expected the outputs of task {task.official_name!r}, found {official_name!r}")
    by_id: dict[str, Any] = {}
    for position, entry in enumerate(golds):
        sample_id = _id_of(entry, position, name)
        if sample_id in by_id:
            raise ValueError(
                f"{name}: id {sample_id!r} stands twice, the second time as entry {position}; ids are unique"
            )
        by_id[sample_id] = entry["output"]
    return Outputs(official_name, MappingProxyType(by_id), name)


def dump_outputs(official_name: str, outputs: Iterable[tuple[str, str]]) -> str:
    """The text of an outputs file, laid out as the official ones, in ASCII.

    Args:
        official_name: what ``"task"`` says.
        outputs: pairs of sample id and output, in the order to write.

    >>> dump_outputs("LaMP_2", [("110", "comedy")])
    '{"task":"LaMP_2","golds":[{"id": "110", "output": "comedy"}]}'
    """
    golds = [{"id": sample_id, "output": output} for sample_id, output in outputs]
    return f'{{"task":{json.dumps(official_name)},"golds":{json.dumps(golds)}}}'


_SHAPE = '{"task": "LaMP_…", "golds": [{"id": "…", "output": "…"}, …]}'


def golds_of(document: Any, name: str) -> tuple[list, str]:
    """The entries and the task name of ``document``, a parsed outputs file; the entries are not looked at yet.

    Raises:
        ValueError: another shape.
    """
    if isinstance(document, list):
        kind = "questions" if document and isinstance(document[0], dict) and "input" in document[0] else "a bare list"
        raise ValueError(f"{name}: expected an outputs file {_SHAPE}, found {kind}")
    if not isinstance(document, dict):
        raise ValueError(f"{name}: expected an outputs file {_SHAPE}, found {type(document).__name__}")
    missing = [key for key in ("task", "golds") if key not in document]
    if missing:
        keys = ", ".join(map(repr, list(document)[:5])) or "none"
        raise ValueError(f"{name}: expected an outputs file {_SHAPE}, found no {missing[0]!r}; keys: {keys}")
    if not isinstance(document["golds"], list) or not isinstance(document["task"], str):
        raise ValueError(f"{name}: expected an outputs file {_SHAPE}, found 'golds' or 'task' of another type")
    return document["golds"], document["task"]


def _id_of(entry: Any, position: int, name: str) -> str:
    if not isinstance(entry, dict):
        raise ValueError(f"{name}: entry {position} of 'golds': expected an object, found {type(entry).__name__}")
    if not isinstance(entry.get("id"), str):
        found = repr(entry["id"]) if "id" in entry else "none"
        raise ValueError(f"{name}: entry {position} of 'golds': expected a string as 'id', found {found}")
    if "output" not in entry:
        raise ValueError(f"{name}: entry {position} of 'golds' (id {entry['id']!r}) has no 'output'")
    return entry["id"]
