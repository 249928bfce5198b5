"""Rows of a prepared dataset as Parquet files.

What the files are like, and why:

* Shards of about 500 MB of rows in memory (the size that ``datasets`` uses), and at most :data:`MAX_FILES` in one
  export, because the Hub asks for fewer than 100 files in a commit.
* Row groups of about 32 MB and at most 1,000 rows. A stream reads a whole row group before it gives the first row, and
  so does the Hub's viewer for a page.
* zstd: it leaves about half of what snappy leaves of LaMP's long texts, and every reader named in the README reads it.
* Content-defined chunking and a page index: the Hub stores an edited file as its changed chunks only, and the viewer
  jumps to a row.
* No ``huggingface`` key in the schema: ``datasets`` 3.6 cannot read the one that 5.2 writes ("Feature type 'List' not
  found"). The card declares the features. There is no other metadata either: no path and no user name.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from lamp_dataset.atomic import write_whole

if TYPE_CHECKING:
    import datasets

SHARD_BYTES = 500_000_000
GROUP_BYTES = 32_000_000
GROUP_ROWS = 1_000
MAX_FILES = 90


@dataclass(frozen=True)
class Shard:
    """A file to write: its name, such as ``"train-00000-of-00002.parquet"``, and the rows of each of its row groups."""

    name: str
    groups: tuple[int, ...]


def number_of_shards(sizes: Mapping[object, int], shard_bytes: int = SHARD_BYTES) -> dict[object, int]:
    """How many files each split gets; ``sizes``: split (any key) -> bytes of its rows in memory.

    A shard has ``shard_bytes``; they are doubled until there are at most :data:`MAX_FILES` shards.

    >>> number_of_shards({"train": 1_200_000_000, "test": 7})
    {'train': 3, 'test': 1}
    """
    counts = {key: max(1, -(-size // shard_bytes)) for key, size in sizes.items()}
    if sum(counts.values()) <= MAX_FILES or not any(count > 1 for count in counts.values()):
        return counts
    return number_of_shards(sizes, 2 * shard_bytes)


def plan_shards(split: str, num_rows: int, num_bytes: int, shards: int) -> list[Shard]:
    """The files of a split: rows spread evenly, row groups of about :data:`GROUP_BYTES`.

    The result depends on the arguments alone, so the same rows always give the same files.
    """
    shards = max(1, min(shards, num_rows))
    group = min(GROUP_ROWS, max(1, GROUP_BYTES * num_rows // max(1, num_bytes)))
    bounds = [number * num_rows // shards for number in range(shards + 1)]
    found = []
    for number, (start, end) in enumerate(itertools.pairwise(bounds)):
        whole, rest = divmod(end - start, group)
        groups = (group,) * whole + ((rest,) if rest else ())
        found.append(Shard(f"{split}-{number:05d}-of-{shards:05d}.parquet", groups))
    return found


def write_shards(
    rows: datasets.Dataset, shards: list[Shard], folder: Path, progress: Callable[[int], object] = lambda rows: None
) -> None:
    """Write ``rows`` into the files of ``shards``, from :func:`plan_shards`, in an existing folder.

    The metadata of the schema is left out. ``progress`` is called with the number of rows after each row group.
    """
    rows, start = rows.with_format("arrow"), 0
    schema = rows.features.arrow_schema.remove_metadata()
    options = {"compression": "zstd", "write_page_index": True, "use_content_defined_chunking": True}
    for shard in shards:
        with write_whole(folder / shard.name, "wb") as file, pq.ParquetWriter(file, schema, **options) as writer:
            for size in shard.groups:
                # in one piece, so that the file does not depend on how the rows are stored
                group = rows[start : start + size].replace_schema_metadata().combine_chunks().cast(schema)
                writer.write_table(group, row_group_size=size)
                start += size
                progress(size)
