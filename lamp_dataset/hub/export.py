"""Configs of the data set as a folder of Parquet files and a card."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lamp_dataset.card import is_ours, make_card
from lamp_dataset.files import write_whole
from lamp_dataset.hub.folders import put_in_place, work_folder
from lamp_dataset.hub.parquet import Shard, arrow_batches, number_of_shards, plan_shards, write_shards
from lamp_dataset.tasks import TASKS, Task, get_task

if TYPE_CHECKING:
    import datasets

CARD = "README.md"
#: ``LaMP_2/train-00000-of-00001.parquet``: how shards are named, here and by ``Dataset.push_to_hub``.
SHARD = re.compile(r"(?P<config>[^/]+)/(?P<split>\w+)-\d{5}-of-\d{5}\.parquet")


@dataclass(frozen=True)
class Split:
    """A split on its way out.

    Attributes:
        source: the prepared rows.
        shards: the files to write, see :func:`lamp_dataset.hub.parquet.plan_shards`.
    """

    source: datasets.Dataset
    shards: list[Shard]

    @property
    def pattern(self) -> str:
        """File names of the shards. The count is part of it, so that a stray shard of another count is never read."""
        return self.shards[0].name.replace("-00000-of-", "-*-of-")


@dataclass(frozen=True)
class Config:
    """A config on its way out: its task, its rows' features, its splits by name."""

    task: Task
    features: datasets.Features
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


def export(
    configs: str | Iterable[str], output: str | os.PathLike, data_dir: str | os.PathLike | None = None
) -> dict[str, dict[str, int]]:
    """Write configs as Parquet files with a data set card; plain ``datasets``, polars, duckdb and Spark read them.

    The folder holds ``<config>/<split>-00000-of-0000N.parquet`` and ``README.md``. It appears when all of it is
    written; an older export in its place is replaced in that moment. With a gated config in it, it is readable by its
    owner alone. The same rows give the same bytes, under the same version of pyarrow.

    Args:
        configs: names of configs, such as ``["LaMP_2", "LaMP_3_time"]``, or a single name.
        output: the folder to write.
        data_dir: folder with the official files, as for ``load_dataset("lamp", ..., data_dir=...)``.

    Returns:
        config -> split -> number of rows.

    Raises:
        ValueError: no such config, none at all, or ``output`` holds something that is no export.
        OSError: the data cannot be had, or the folder cannot be written.

    Example::

        lamp_dataset.export(["LaMP_2"], "out", data_dir="my/files")
        datasets.load_dataset("out", "LaMP_2")
    """
    names = config_names(configs)
    target = Path(output).resolve()
    check_replaceable(target)
    builders = find_builders(names, data_dir)
    with work_folder(target.parent, target.name) as work:
        new = work / "new"
        # texts under a signed licence are for the eyes of who runs this
        new.mkdir(mode=0o700 if any(get_task(name).gated for name in names) else 0o777)
        prepared = prepare(builders)
        sizes = write_configs(prepared, new)
        with write_whole(new / CARD) as file:
            file.write(make_card(None, prepared, sizes))
        check_replaceable(target)
        put_in_place(new, target)
    return {config.name: config.num_rows for config in prepared}


def config_names(configs: str | Iterable[str]) -> list[str]:
    """The wished configs, each once.

    Raises:
        ValueError: none, or one that does not exist.
    """
    names = [configs] if isinstance(configs, str) else list(configs)
    if not names:
        raise ValueError(f"expected the name of at least one config, found none. Configs: {', '.join(TASKS)}")
    return [get_task(name).name for name in dict.fromkeys(names)]


def check_replaceable(target: Path) -> None:
    """Let only a missing folder, an empty one and an older export be written over.

    Raises:
        ValueError: there is something else; the message names it.
    """
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise ValueError(f"{target}: expected a folder to write into, found a file")
    files = [path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()]
    for name in sorted(files):
        if not SHARD.fullmatch(name) and not (name == CARD and is_ours((target / CARD).read_bytes())):
            raise ValueError(f"{target}: holds {name}, which is no part of an export; choose a new or an empty folder")
    if files and CARD not in files:
        raise ValueError(f"{target}: holds Parquet files but no card of an export; choose a new or an empty folder")


def find_builders(names: list[str], data_dir: str | os.PathLike | None) -> dict[str, datasets.DatasetBuilder]:
    """Config -> its builder. Files in ``data_dir`` are looked for, nothing is built or downloaded yet.

    Raises:
        ValueError: ``data_dir`` lacks them.
    """
    import datasets

    # makes load_dataset find "lamp"
    import lamp_dataset  # noqa: F401

    folder = os.fspath(data_dir) if data_dir else None
    return {name: datasets.load_dataset_builder("lamp", name, data_dir=folder) for name in names}


def prepare(builders: Mapping[str, datasets.DatasetBuilder]) -> list[Config]:
    """Build the configs in the cache of ``datasets`` (once; later calls find them there) and plan their files."""
    for builder in builders.values():
        builder.download_and_prepare()
    sources = {name: builder.as_dataset() for name, builder in builders.items()}
    sizes = {(name, split): _num_bytes(ds) for name, splits in sources.items() for split, ds in splits.items()}
    shards = number_of_shards(sizes)
    return [
        Config(
            get_task(name),
            next(iter(splits.values())).features,
            {
                split: Split(ds, plan_shards(split, ds.num_rows, sizes[name, split], shards[name, split]))
                for split, ds in splits.items()
            },
        )
        for name, splits in sources.items()
    ]


def _num_bytes(source: datasets.Dataset) -> int:
    return source.info.splits[str(source.split)].num_bytes


def write_configs(configs: Iterable[Config], folder: Path) -> dict[str, int]:
    """Write the Parquet files of configs below ``folder``.

    Returns:
        config -> bytes of its files.
    """
    for config in configs:
        (folder / config.name).mkdir()
        for name, split in config.splits.items():
            _write_split(config, name, split, folder / config.name)
    return {config.name: sum((folder / path).stat().st_size for path in config.paths) for config in configs}


def _write_split(config: Config, name: str, split: Split, folder: Path) -> None:
    from datasets.utils import tqdm  # quiet where datasets is told to be

    files = [file["filename"] for file in split.source.cache_files]
    with tqdm(total=split.source.num_rows, unit=" rows", desc=f"Writing {config.name} {name}") as bar:
        write_shards(arrow_batches(files), config.features.arrow_schema, split.shards, folder, bar.update)
