"""The Hub's files of a config: which there are, and their rows as Arrow tables."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.formats.hub_rows import RowFiles, official_row, parts, read_batches
from lamp_dataset.formats.questions import checked_row
from lamp_dataset.loading.raw_files import fetching, open_raw
from lamp_dataset.loading.row_arrays import columns_of, normalized, row_type
from lamp_dataset.task import Task

#: Types that Arrow writes as strings as Python does.
_PLAIN = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer)


def hub_files(task: Task, splits: Iterable[str], revision: str | None, token: Any = None) -> dict[str, RowFiles]:
    """Split -> its files on the Hub, at the commit that ``revision`` names now; by default, of the main branch.

    Raises:
        ConnectionError: the Hub cannot be reached, or has no such revision.
        ValueError: it lacks files of a split.
    """
    from huggingface_hub import HfApi

    api = HfApi(token=token)
    folder = f"{api.endpoint}/datasets/{task.hub.repo}/{task.hub.folder}"
    with fetching(folder):
        info = api.dataset_info(task.hub.repo, revision=revision)
    names = [file.rfilename.rpartition("/") for file in info.siblings]
    names = [name for place, _, name in names if place == task.hub.folder]
    root, found = f"hf://datasets/{task.hub.repo}@{info.sha}/{task.hub.folder}", {}
    for split in splits:
        found[split] = RowFiles(task, split, tuple(f"{root}/{name}" for name in parts(names, split, folder)))
        if not found[split].paths:
            raise ValueError(f"{folder}: expected files of the split {split!r}, found {', '.join(sorted(names))}")
    return found


def read_row_files(files: RowFiles, name_of: Callable[[str], str]) -> Iterator[tuple[pa.StructArray, list[str]]]:
    """Rows without their golds, as :func:`~lamp_dataset.loading.row_arrays.read_rows` gives them, and the golds.

    ``name_of`` says what to call a path in messages. ValueError for a row of another shape; it names file and sample.
    """
    start, task = 0, files.task
    for path in files.paths:
        with open_raw(path) as file:
            for batch in read_batches(file, path):
                ids = [files.sample_id(number) for number in range(start, start + len(batch))]
                found = None if isinstance(batch, list) else _as_arrow(batch, task, ids)
                yield found or _one_by_one(batch, task, ids, name_of(path), start)
                start += len(batch)


def _one_by_one(batch: Any, task: Task, ids: list[str], name: str, start: int) -> tuple[pa.StructArray, list[str]]:
    rows = batch if isinstance(batch, list) else batch.to_pylist()
    rows = [official_row(row, task, sample_id, name) for row, sample_id in zip(rows, ids, strict=True)]
    checked = [checked_row(row, task, name, number) for number, row in enumerate(rows, start)]
    return pa.array(checked, row_type(task)), [row["output"] for row in rows]


def _as_arrow(batch: pa.RecordBatch, task: Task, ids: list[str]) -> tuple[pa.StructArray, list[str]] | None:
    """The rows without a Python object for each; None if any is not as it should be, or of a type not in _PLAIN."""
    try:
        user, text, output, profile = (batch.column(name) for name in (task.hub.user, "input", "output", "profile"))
        sizes, items = pc.list_value_length(profile).to_numpy(), columns_of(pc.list_flatten(profile))
        names = [task.hub.date if name == "date" else name for name in task.item_fields]
        given = (user, text, output, *(items[name] for name in names if name in items))
        if output.null_count or not all(any(is_(column.type) for is_ in _PLAIN) for column in given):
            return None
        places = np.arange(sizes.sum()) - np.repeat(sizes.cumsum() - sizes, sizes)
        made = pc.cast(pa.array(places), pa.string())
        items |= {"id": pc.coalesce(pc.cast(items["id"], pa.string()), made) if "id" in items else made}
        item = pa.StructArray.from_arrays([items[name] for name in names], task.item_fields)
        profile = pa.ListArray.from_arrays(pa.array(np.append(0, sizes.cumsum()), pa.int32()), item)
        rows = pa.StructArray.from_arrays([pa.array(ids), user, text, profile], [*task.row_fields, "profile"])
        found = normalized(rows, task)
        return None if found is None else (found, pc.cast(output, pa.string()).to_pylist())
    except (KeyError, ValueError, TypeError, NotImplementedError):
        return None
