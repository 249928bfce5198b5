"""Configs of the dataset as a folder of Parquet files and a card: which files, and how they are written.

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
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from lamp_dataset.atomic import check_replaceable, real_path, whole_folder, write_whole
from lamp_dataset.hub.card import Config, Shard, Split, is_ours, listed_patterns, make_card
from lamp_dataset.task import SPLITS
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


def export(
    configs: str | Iterable[str], output: str | os.PathLike[str], data_dir: str | os.PathLike[str] | None = None
) -> dict[str, dict[str, int]]:
    """Write configs as Parquet files with a dataset card; plain ``datasets``, polars, duckdb and Spark can read them.

    The folder holds ``<config>/<split>-00000-of-0000N.parquet`` and ``README.md``. It appears once everything is
    written and replaces an older export in that moment; what you wrote into the README yourself stays. If a config is
    gated, only the folder's owner can read it. The same rows give the same bytes with the same version of pyarrow.

    Args:
        configs: names of configs, such as ``["LaMP_2", "LaMP_3_time"]``, or a single name.
        output: the folder to write.
        data_dir: folder with the official files, as for ``load_dataset("lamp", ..., data_dir=...)``.

    Returns:
        config -> split -> number of rows.

    Raises:
        ValueError: a config does not exist, there is none, or ``output`` holds something that an export did not write.
        OSError: the data cannot be had, or the folder cannot be written.

    Example::

        lamp_dataset.export(["LaMP_2"], "out", data_dir="my/files")
        datasets.load_dataset("out", "LaMP_2")
    """
    names = config_names(configs)
    target = real_path(Path(output).expanduser())
    _check_replaceable(target)
    builders = find_builders(names, data_dir)
    target.parent.mkdir(parents=True, exist_ok=True)
    # a signed license covers these texts: only whoever runs this may read them
    permissions = 0o700 if any(get_task(name).gated for name in names) else 0o777
    with whole_folder(target, _check_replaceable, permissions) as new:
        prepared = prepare(builders)
        sizes = write_configs(prepared, new)
        _check_replaceable(target)  # again: the rows took a while
        old_card = (target / CARD).read_bytes().decode() if (target / CARD).exists() else None
        with write_whole(new / CARD) as file:
            file.write(make_card(old_card, prepared, sizes, replace=True))
    return {config.name: config.num_rows for config in prepared}


def _check_replaceable(target: Path) -> None:
    """Make sure that replacing ``target`` deletes only what an export wrote: its card and the files that it lists."""

    def foreign(names: list[str]) -> list[str]:
        card = (target / CARD).read_bytes() if CARD in names and (target / CARD).is_file() else b""
        if not is_ours(card):
            return [CARD] if CARD in names else names
        try:
            patterns = listed_patterns(card.decode())
        except ValueError as error:
            raise ValueError(f"{target / CARD}: {error}") from None
        return [name for name in names if name != CARD and not _is_written_by_export(target / name, name, patterns)]

    check_replaceable(target, foreign, f"export, whose {CARD} lists its files")


def _is_written_by_export(path: Path, name: str, patterns: list[str]) -> bool:
    if path.is_symlink():
        return False
    if path.is_dir():
        return any(pattern.startswith(f"{name}/") for pattern in patterns)
    return bool(SHARD.fullmatch(name)) and any(fnmatchcase(name, pattern) for pattern in patterns)
