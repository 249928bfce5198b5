"""Outputs files: ``{"task": "LaMP_2", "golds": [{"id": "110", "output": "comedy"}, ...]}``.

Golds and predictions share this format. Standard library only.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lamp_dataset.formats.files import RowFiles
from lamp_dataset.formats.json_files import EntryWriter, load_json
from lamp_dataset.formats.texts import check_encodable, check_unique, short
from lamp_dataset.task import Task
from lamp_dataset.tasks import official_hint

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


@dataclass(frozen=True)
class Outputs:
    """The content of an outputs file: what its ``"task"`` says, and sample id -> output, in the file's order.

    Outputs are as JSON gave them: strings in golds, possibly numbers or None in predictions. ``name`` is the file's.
    """

    task: str
    by_id: Mapping[str, Any]
    name: str


def read_outputs(path: str | os.PathLike | RowFiles, task: Task | None = None) -> Outputs:
    """Read an outputs file from disk, see :func:`parse_outputs`; or the golds of files as the Hub has them."""
    if isinstance(path, RowFiles):
        golds = {row["id"]: row["output"] for row, _ in path.rows(profiles=False)}
        return Outputs(path.task.official_name, MappingProxyType(golds), str(path))
    return parse_outputs(Path(path).read_bytes(), str(Path(path)), task)


def parse_outputs(data: bytes, name: str, task: Task | None = None) -> Outputs:
    """The outputs in ``data``, the bytes of an outputs file, which must be of ``task`` if that is given.

    DuplicateIdError if an id occurs more than once; ValueError if the file is not JSON, or has another shape or task.
    """
    golds, official_name = golds_of(load_json(data, name), name)
    if task is not None and official_name != task.official_name:
        found = f"{short(official_name)}{official_hint(official_name)}"
        raise ValueError(f"{name}: expected the outputs of task {task.official_name!r}, found {found}")
    ids = [_id_of(entry, position, name) for position, entry in enumerate(golds)]
    check_unique(ids, name)
    by_id = dict(zip(ids, (entry["output"] for entry in golds), strict=True))
    return Outputs(official_name, MappingProxyType(by_id), name)


def check_texts(golds: Outputs) -> None:
    """ValueError for a gold that is not a string or holds a lone surrogate; the message names the sample."""
    for sample_id, gold in golds.by_id.items():
        where = f"{golds.name}: sample {short(sample_id)}"
        if not isinstance(gold, str):
            raise ValueError(f"{where}: expected a string as 'output', found {short(gold)}")
        check_encodable(gold, where, "output")


def write_outputs(file: SupportsWrite[bytes], official_name: str, compact: bool = False) -> EntryWriter:
    """A writer of outputs, to be used in a ``with`` block: ``add`` each entry; the block's end closes the file.

    With ``compact``, the outer object has no white space, as in the site's files; the script that expands the files of
    the gated task writes it with white space.
    """
    between, after = (b",", b":") if compact else (b", ", b": ")
    start = b'{"task"' + after + json.dumps(official_name).encode() + between + b'"golds"' + after + b"["
    return EntryWriter(file, start, b"]}")


def dump_outputs(official_name: str, outputs: Iterable[tuple[str, str]]) -> str:
    """The text of an outputs file, laid out as the site's files are, in ASCII; ``outputs`` are pairs of id and output.

    >>> dump_outputs("LaMP_2", [("110", "comedy")])
    '{"task":"LaMP_2","golds":[{"id": "110", "output": "comedy"}]}'
    """
    file = io.BytesIO()
    with write_outputs(file, official_name, compact=True) as entries:
        for sample_id, output in outputs:
            entries.add({"id": sample_id, "output": output})
    return file.getvalue().decode("ascii")


_SHAPE = '{"task": "LaMP_…", "golds": [{"id": "…", "output": "…"}, …]}'


def golds_of(document: Any, name: str) -> tuple[list, str]:
    """The entries, not checked yet, and the task of a parsed outputs file; ValueError if it has another shape."""
    if not isinstance(document, dict):
        is_list = isinstance(document, list)
        questions = is_list and document and isinstance(document[0], dict) and "input" in document[0]
        found = "questions" if questions else "a bare list" if is_list else type(document).__name__
        raise ValueError(f"{name}: expected an outputs file {_SHAPE}, found {found}")
    for key, kind in (("task", str), ("golds", list)):
        if not isinstance(document.get(key), kind):
            keys = ", ".join(map(short, list(document)[:5])) or "none"
            found = f"{short(document[key])} as {key!r}" if key in document else f"the keys {keys}, without {key!r}"
            raise ValueError(f"{name}: expected an outputs file {_SHAPE}, found {found}")
    return document["golds"], document["task"]


def _id_of(entry: Any, position: int, name: str) -> str:
    where = f"{name}: entry {position} of 'golds'"
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: expected an object, found {type(entry).__name__}")
    if not isinstance(entry.get("id"), str):
        found = short(entry["id"]) if "id" in entry else "none"
        raise ValueError(f"{where}: expected a string as 'id', found {found}")
    if "output" not in entry:
        raise ValueError(f"{where} (id {short(entry['id'])}) has no 'output'")
    return entry["id"]
