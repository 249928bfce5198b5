"""Where the files of a config are: on the official site, on a mirror, in a folder, or as rows on the Hub.

Standard library only.
"""

import numbers
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple

from lamp_dataset.atomic import real_path
from lamp_dataset.formats.json_files import BOM, DECODER, HEAD_BYTES, DuplicateKeyError, JsonList
from lamp_dataset.formats.texts import Number, short
from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import BASE_URL, TASKS

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
    """Split -> its files in ``root``, which has them in one of the :func:`row_places`.

    ValueError as for :func:`parts`, or if the folder is named after the other setting.
    """
    for folder in (root / place for place in row_places(task) if (root / place).is_dir()):
        names = [path.name for path in folder.iterdir()]
        found = {split: parts(names, split, str(folder)) for split in splits}
        if any(found.values()):
            for other in TASKS.values():  # the rows of both settings look the same
                if other.base == task.base and other.name != task.name and folder.name in row_places(other)[:2]:
                    raise ValueError(f"{folder}: expected files of {task.name}, found a folder of {other.name}")
            files = {split: tuple(str(folder / name) for name in some) for split, some in found.items()}
            return {split: RowFiles(task, split, paths) for split, paths in files.items() if paths}
    return {}


def row_places(task: Task) -> tuple[str, ...]:
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


#: Folder of a tiny made-up sample of all configs in the benchmark's own layout, for ``data_dir=lamp_dataset.SAMPLE``.
SAMPLE = str(Path(__file__).resolve().parents[1] / "sample")


def is_url(path: object) -> bool:
    """Whether it is a URL rather than a path."""
    return str(path).startswith(("http://", "https://", "hf://"))


class Files(NamedTuple):
    """The files of one split, each a path or URL; ``outputs`` is None if there are no golds."""

    questions: str
    outputs: str | None

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that there are."""
        return tuple(path for path in self if path is not None)

    def at(self, places: Mapping[str, str]) -> "Files":
        """The same files, each at its path in ``places`` if it has one there."""
        return Files(*(places.get(path, path) for path in self))


def urls(task: Task, splits: Iterable[str] = tuple(SPLITS), base_url: str | None = None) -> dict[str, Files]:
    """Split -> URLs, on the official site or in ``base_url``, a mirror with its layout.

    >>> from lamp_dataset.tasks import TASKS
    >>> urls(TASKS["LaMP_2"], ["test"])["test"].questions
    'https://ciir.cs.umass.edu/downloads/LaMP/LaMP_2/new/test/test_questions.json'
    """
    root = (base_url or BASE_URL).rstrip("/")
    return {
        split: Files(*(path and f"{root}/{path}" for path in (task.questions_path(split), task.outputs_path(split))))
        for split in splits
    }


#: Ways to lay out a ``data_dir``, in the order they are tried: path below the site's folder -> path below ``data_dir``.
LAYOUTS: tuple[Callable[[Task, str], str], ...] = (
    lambda task, path: path,  # as on the site
    lambda task, path: os.path.join(task.name, os.path.basename(path)),  # a folder per config
    lambda task, path: os.path.join(task.name, *path.split("/")[-2:]),  # one per config, and below it per split
    lambda task, path: os.path.join(*path.split("/")[-2:]),  # a folder per split
    lambda task, path: os.path.basename(path),  # flat
)


def question_places(task: Task) -> Iterator[dict[str, str]]:
    """For each of the :data:`LAYOUTS`: split -> path of its questions file below the folder."""
    for layout in LAYOUTS:
        yield {split: layout(task, task.questions_path(split)) for split in SPLITS}


def find_files(
    task: Task, data_dir: str | os.PathLike, splits: Iterable[str] = tuple(SPLITS)
) -> Mapping[str, Files | RowFiles]:
    """Split -> paths of the files in a folder; splits without a questions file are left out.

    Args:
        task: the config.
        data_dir: a folder in one of the :data:`LAYOUTS`, of which the first with a questions file is used; or one with
            files as the Hub has them.
        splits: which splits.

    Returns:
        The files. Golds of test, which the site withholds, are among them if they are in the folder.

    Raises:
        ValueError: ``data_dir`` is not a path, or parts of the Hub's files are missing.
        OSError: there is a folder or a named pipe in place of a file.
        FileNotFoundError: no layout has a questions file, or the golds of train or validation are missing; the message
            lists where they were looked for.
    """
    if not isinstance(data_dir, (str, os.PathLike)) or is_url(data_dir):
        raise ValueError(f"data_dir: expected the path of a folder, found {data_dir!r}; pass a mirror as base_url")
    root = Path(os.path.abspath(Path(data_dir).expanduser()))
    if not root.is_dir():
        found = "a file" if root.exists() else "nothing"
        hint = " (the embedded sample is lamp_dataset.SAMPLE)" if str(data_dir) == "sample" else ""
        raise FileNotFoundError(f"data_dir {str(data_dir)!r}: expected a folder, found {found}{hint}")
    splits = tuple(splits)
    for places in question_places(task):
        paths = {split: root / places[split] for split in splits}
        if there := [split for split, path in paths.items() if os.path.lexists(path)]:
            found = {split: Files(str(paths[split]), _outputs(task, paths[split], split)) for split in there}
            check_regular(path for files in found.values() for path in files.paths)
            return found
    if rows := find_row_files(task, root, splits):
        check_regular(path for files in rows.values() for path in files.paths)
        return rows
    what = _what_is(task, root, splits)
    raise FileNotFoundError(f"data_dir {str(data_dir)!r} has no questions file of {task.name}{what}")


def check_not_data(output: str | os.PathLike, data_dir: str | os.PathLike | None) -> None:
    """ValueError for an output that would overwrite a file of any config in the folder, whatever its split."""
    target = real_path(output)
    if data_dir is None or not target.is_file():
        return
    root = Path(data_dir).expanduser()
    for path in (root / place for task in TASKS.values() for place in _places(task, root)):
        if path.exists() and path.samefile(target):
            raise ValueError(f"{output}: is a file of the data in {data_dir}; choose another file for the output")


def _places(task: Task, root: Path) -> Iterator[str]:
    """Where below the folder a config's files may be."""
    for questions in (path for places in question_places(task) for path in places.values()):
        yield from (questions, _of_outputs(questions))
    starts = {start for split in SPLITS for start in STARTS[split]}
    for folder in (place for place in row_places(task) if (root / place).is_dir()):
        for name in os.listdir(root / folder):
            if (match := ROW_FILE.fullmatch(name)) and match[1] in starts:
                yield f"{folder}/{name}"


def splits_beside(path: str | os.PathLike) -> list[Files]:
    """The splits with golds in the folder of a file, by the names of their files."""
    questions = sorted(map(str, Path(path).absolute().parent.glob("*_questions.json")))
    return [Files(path, _of_outputs(path)) for path in questions if os.path.isfile(_of_outputs(path))]


def check_regular(paths: Iterable[str | os.PathLike]) -> None:
    """OSError for folders, and for what cannot be read twice; reading a named pipe would wait for ever."""
    for path in paths:
        if os.path.exists(path) and not os.path.isfile(path):
            found = "a folder" if os.path.isdir(path) else "something else, such as a named pipe"
            raise OSError(f"{path}: expected a file, found {found}")


def _what_is(task: Task, root: Path, splits: tuple[str, ...]) -> str:
    """The end of a message about missing splits: those that are there, or where they were looked for."""
    places = [item for places in question_places(task) for item in places.items()]
    there = dict.fromkeys(split for split, place in places if os.path.lexists(root / place))
    if there:
        return f", split {' or '.join(splits)}; it has one of {' and of '.join(there)}"
    if any(os.path.lexists(root / f"{place}.gz") for _, place in places):
        return "; it has gzip files: unpack them first"
    if any(path for pattern in ("user_*.json", "*/user_*.json") for path in root.glob(pattern)):
        return "; it has users in OPPU's layout, and lamp-dataset oppu import makes official files of them"
    looked = [place for split, place in places if split in splits]
    looked += [f"{place}/{STARTS[split][0]}-*.parquet" for place in row_places(task) for split in splits]
    return f". Looked for: {', '.join(dict.fromkeys(looked))}"


def _outputs(task: Task, questions: Path, split: str) -> str | None:
    path = _of_outputs(str(questions))
    if not os.path.lexists(path) and task.outputs_path(split) is not None:
        raise FileNotFoundError(f"{path}: not found; the questions of {task.name}, split {split!r}, need these golds")
    return path if os.path.lexists(path) else None


def _of_outputs(questions: str) -> str:
    """Path of the golds that belong to a questions file, whether or not the site has them."""
    return questions.removesuffix("_questions.json") + "_outputs.json"


def official_paths(task: Task, split: str, files: Files | RowFiles) -> dict[str, str]:
    """Path below the site's folder, or in the data set on the Hub, -> path or URL of each file of a split."""
    if isinstance(files, RowFiles):
        start = "hf://datasets/"  # such a path has the commit in it
        return {
            path.removeprefix(start) if path.startswith(start) else f"{task.hub.folder}/{os.path.basename(path)}": path
            for path in files.paths
        }
    paths = (task.questions_path(split), _of_outputs(task.questions_path(split)))
    return {path: file for path, file in zip(paths, files, strict=True) if file is not None}
