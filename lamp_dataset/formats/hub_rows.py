"""Files of a config as the Hub has them: rows with their golds, in Parquet, JSON or JSON lines, in one part or more.

They have no sample ids, so these are made here, from the config, the split and the position in the published order:
``LongLaMP_topic-train-17``. A stream, a slice and a local copy agree on them, and so do files that are split into other
parts, as long as the rows keep their order.
"""

import numbers
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from lamp_dataset.formats.json_file import BOM, DECODER, HEAD_BYTES, DuplicateKeyError
from lamp_dataset.formats.json_list import JsonList
from lamp_dataset.formats.texts import Number, short
from lamp_dataset.task import Task
from lamp_dataset.tasks import TASKS

#: Our split -> how the names of its files begin; the Hub's comes first.
STARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"train": ("train",), "validation": ("val", "validation"), "test": ("test",)}
)
#: The name of such a file: its split, the number of parts, and its format.
ROW_FILE = re.compile(r"([a-z]+)(?:-\d{5}-of-(\d{5}))?(\.parquet|\.jsonl?)")
_open = partial(open, mode="rb")
#: Rows of Parquet at a time: their profiles are long.
ROWS = 64


@dataclass(frozen=True)
class RowFiles:
    """The paths or URLs of a split, in the published order; ``read_questions`` and ``read_outputs`` take them, too."""

    task: Task
    split: str
    paths: tuple[str, ...]

    @property
    def questions(self) -> "RowFiles":
        """The files themselves."""
        return self

    outputs = questions

    def at(self, places: Mapping[str, str]) -> "RowFiles":
        """The same files, each at its path in ``places`` if it has one there."""
        return replace(self, paths=tuple(places.get(path, path) for path in self.paths))

    def __str__(self) -> str:
        """For messages."""
        return self.paths[0] if len(self.paths) == 1 else f"{self.paths[0]} … ({len(self.paths)} files)"

    def rows(
        self,
        profiles: bool = True,
        open_file: Callable[[str], AbstractContextManager[BinaryIO]] = _open,
        name_of: Callable[[str], str] = str,
    ) -> Iterator[tuple[dict[str, Any], str]]:
        """The rows as official questions have them, with their ``output``, and the name of the file of each.

        ``name_of`` says what to call a path in messages. ValueError as for :func:`official_row`.
        """
        number, columns = 0, None if profiles else [self.task.hub.user, "input", "output"]
        for path, name in ((path, name_of(path)) for path in self.paths):
            with open_file(path) as file:
                for row in _parquet(file, name, columns) if path.endswith(".parquet") else _json(file, name):
                    yield official_row(row, self.task, f"{self.task.name}-{self.split}-{number}", name), name
                    number += 1


def find_row_files(task: Task, root: Path, splits: Iterable[str]) -> dict[str, RowFiles]:
    """Split -> its files in ``root``, which has them in one of the :func:`places`.

    ValueError as for :func:`parts`, or if the folder is named after the other setting.
    """
    for folder in (root / place for place in places(task) if (root / place).is_dir()):
        names = [path.name for path in folder.iterdir()]
        found = {split: parts(names, split, str(folder)) for split in splits}
        if any(found.values()):
            for other in TASKS.values():  # the rows of both settings look the same
                if other.base == task.base and other.name != task.name and folder.name in places(other)[:2]:
                    raise ValueError(f"{folder}: expected files of {task.name}, found a folder of {other.name}")
            files = {split: tuple(str(folder / name) for name in some) for split, some in found.items()}
            return {split: RowFiles(task, split, paths) for split, paths in files.items() if paths}
    return {}


def places(task: Task) -> tuple[str, ...]:
    """The folders below a ``data_dir`` that may hold the Hub's files of a config."""
    return () if task.hub is None else (task.hub.folder, task.name, ".")


def parts(names: Iterable[str], split: str, where: str) -> list[str]:
    """The names that are those of a split's files, in order; ValueError if parts are missing or there are two sets."""
    found = sorted(match[0] for name in names if (match := ROW_FILE.fullmatch(name)) and match[1] in STARTS[split])
    sets = {ROW_FILE.fullmatch(name).groups() for name in found}
    if len(sets) > 1 or any(number is not None and len(found) != int(number) for _, number, _ in sets):
        raise ValueError(f"{where}: expected all parts of the split {split!r}, each once, found {', '.join(found)}")
    return found


def _parquet(file: BinaryIO, name: str, columns: list[str] | None) -> Iterator[dict]:
    import pyarrow as pa
    import pyarrow.parquet

    try:
        # Without these options, all columns of a row group are in memory at once.
        source = pyarrow.parquet.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False)
        for batch in source.iter_batches(ROWS, columns=columns):
            yield from batch.to_pylist()
    except (ValueError, OSError) as error:
        if type(error) not in (pa.ArrowInvalid, ValueError, OSError):  # of the network
            raise
        found = " ".join(str(error).split()).rstrip(".")
        raise ValueError(f"{name}: expected a Parquet file, but {found}. Was it cut off? Fetch it again.") from None


def _json(file: BinaryIO, name: str) -> Iterator[Any]:
    lines = file.read(HEAD_BYTES).removeprefix(BOM).lstrip().startswith(b"{")
    file.seek(0)
    if not lines:
        yield from JsonList(file, name, ("input", "output", "profile")).rows()
        return
    for number, line in enumerate(file, 1):
        try:
            if text := line.decode("utf-8-sig").strip():
                yield DECODER.decode(text)
        except (ValueError, RecursionError) as error:
            expected = "" if isinstance(error, DuplicateKeyError) else "expected JSON, but "
            raise ValueError(f"{name}: line {number}: {expected}{error}") from None


def official_row(row: Any, task: Task, sample_id: str, name: str) -> dict[str, Any]:
    """A row as an official questions file has it, numbers as strings, with ``output``; items get ids if they have none.

    ValueError if the user or the gold is missing; the rest is checked as for rows of an official file.
    """
    where, row = f"{name}: sample {short(sample_id)}", row if isinstance(row, dict) else {"a row": row}
    made = {"id": sample_id}
    for field, name in {"user_id": task.hub.user, "input": "input", "output": "output"}.items():
        made[field] = _text(row.get(name))
        if not isinstance(made[field], str):
            found = short(row[name]) if name in row else f"the keys {', '.join(map(short, row))}"
            raise ValueError(f"{where}: expected a string as {name!r}, found {found}")
    items = row.get("profile")
    if isinstance(items, list):
        names = {field: task.hub.date if field == "date" else field for field in task.item_fields}
        items = [_item(item, names, place) if isinstance(item, dict) else item for place, item in enumerate(items)]
    return {**made, "profile": items}


def _item(item: Mapping[str, Any], names: Mapping[str, str], place: int) -> dict[str, Any]:
    found = {field: _text(item[name]) for field, name in names.items() if name in item}
    return found if found.get("id") is not None else {**found, "id": str(place)}


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, (numbers.Number, Number)) else value
