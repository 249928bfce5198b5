"""Configs as Parquet files: which files there will be, and how they are written.

What the files are like, and why:

* Shards of about 500 MB of rows in memory (the size that ``datasets`` uses), and at most :data:`MAX_FILES` in one
  export, because the Hub asks for fewer than 100 files in a commit.
* Row groups of about 32 MB and at most 1,000 rows. A stream reads a whole row group before it gives the first row, and
  so does the Hub's viewer for a page.
* zstd: LaMP's long texts take about half the space that they take with snappy, and every reader named in the README
  can read it.
* Content-defined chunking and a page index: the Hub stores an edited file as its changed chunks only, and the viewer
  jumps to a row.
* No ``huggingface`` key in the schema: ``datasets`` 3.6 cannot read the one that 5.2 writes ("Feature type 'List' not
  found"). The card declares the features. There is no other metadata either: no path and no user name.

The files depend on the rows alone: the same rows give the same files.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from lamp_dataset.atomic import write_whole
from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import TASKS, get_task

if TYPE_CHECKING:
    import datasets

SHARD_BYTES = 500_000_000
GROUP_BYTES = 32_000_000
GROUP_ROWS = 1_000
MAX_FILES = 90
CARD = "README.md"
#: ``LaMP_2/train-00000-of-00001.parquet``: how shards of our splits are named, here and by ``Dataset.push_to_hub``.
SHARD = re.compile(rf"(?P<config>[^/]+)/(?P<split>{'|'.join(SPLITS)})-\d{{5}}-of-\d{{5}}\.parquet")


@dataclass(frozen=True)
class Shard:
    """A file to write: its name, such as ``"train-00000-of-00002.parquet"``, and the rows of each of its row groups."""

    name: str
    groups: tuple[int, ...]


@dataclass(frozen=True)
class Split:
    """A split to be written: its prepared rows and its files."""

    source: datasets.Dataset
    shards: list[Shard]

    @property
    def pattern(self) -> str:
        """Pattern of the shards' names. It has their number, so a stray shard of another export is never read."""
        return self.shards[0].name.replace("-00000-of-", "-*-of-")


@dataclass(frozen=True)
class Config:
    """A config to be written: its task, and its splits by name."""

    task: Task
    splits: Mapping[str, Split]

    @property
    def name(self) -> str:
        """The config's name, also that of its folder."""
        return self.task.name

    @property
    def num_rows(self) -> dict[str, int]:
        """Split -> number of rows."""
        return {name: split.source.num_rows for name, split in self.splits.items()}

    @property
    def paths(self) -> list[str]:
        """Paths of the files, with the config's folder."""
        return [f"{self.name}/{shard.name}" for split in self.splits.values() for shard in split.shards]


def config_names(configs: str | Iterable[str]) -> list[str]:
    """The wanted configs, each once; ValueError if there is none, or one does not exist."""
    names = [configs] if isinstance(configs, str) else list(configs)
    if not names:
        raise ValueError(f"expected the name of at least one config, found none. Configs: {', '.join(TASKS)}")
    return [get_task(name).name for name in dict.fromkeys(names)]


def find_builders(names: list[str], data_dir: str | os.PathLike | None) -> dict[str, datasets.DatasetBuilder]:
    """Config -> its builder. This looks for the files in ``data_dir``; it builds and downloads nothing yet."""
    import datasets

    folder = os.fspath(data_dir) if data_dir else None
    return {name: datasets.load_dataset_builder("lamp", name, data_dir=folder) for name in names}


def prepare(builders: Mapping[str, datasets.DatasetBuilder]) -> list[Config]:
    """Build the configs in the cache of ``datasets``, if they are not there yet, and plan their files."""
    for builder in builders.values():
        builder.download_and_prepare()
    sources = {(name, split): ds for name, builder in builders.items() for split, ds in builder.as_dataset().items()}
    sizes = {(name, split): ds.info.splits[split].num_bytes for (name, split), ds in sources.items()}
    counts = number_of_shards(sizes)
    found: dict[str, dict[str, Split]] = {}
    for (name, split), ds in sources.items():
        shards = plan_shards(split, ds.num_rows, sizes[name, split], counts[name, split])
        found.setdefault(name, {})[split] = Split(ds, shards)
    return [Config(get_task(name), splits) for name, splits in found.items()]


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
    """The files of a split: rows spread evenly, row groups of about :data:`GROUP_BYTES`."""
    shards = max(1, min(shards, num_rows))
    group = min(GROUP_ROWS, max(1, GROUP_BYTES * num_rows // max(1, num_bytes)))
    bounds = [number * num_rows // shards for number in range(shards + 1)]
    found = []
    for number, (start, end) in enumerate(itertools.pairwise(bounds)):
        whole, rest = divmod(end - start, group)
        groups = (group,) * whole + ((rest,) if rest else ())
        found.append(Shard(f"{split}-{number:05d}-of-{shards:05d}.parquet", groups))
    return found


def write_configs(configs: Iterable[Config], folder: Path) -> dict[str, int]:
    """Write the Parquet files of configs below ``folder``: config -> bytes of its files."""
    from datasets.utils import tqdm  # silent if the user has silenced datasets

    for config in configs:
        (folder / config.name).mkdir()
        for name, split in config.splits.items():
            with tqdm(total=split.source.num_rows, unit=" rows", desc=f"Writing {config.name} {name}") as bar:
                write_shards(split.source, split.shards, folder / config.name, bar.update)
    return {config.name: sum((folder / path).stat().st_size for path in config.paths) for config in configs}


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
