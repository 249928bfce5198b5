"""What is exported or pushed: configs, their splits and the files to write.

A plan depends on the rows alone, so the same rows give the same files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lamp_dataset.hub.parquet import Shard, number_of_shards, plan_shards, write_shards
from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import TASKS, get_task

if TYPE_CHECKING:
    import datasets

CARD = "README.md"
#: ``LaMP_2/train-00000-of-00001.parquet``: how shards of our splits are named, here and by ``Dataset.push_to_hub``.
SHARD = re.compile(rf"(?P<config>[^/]+)/(?P<split>{'|'.join(SPLITS)})-\d{{5}}-of-\d{{5}}\.parquet")


@dataclass(frozen=True)
class Split:
    """A split on its way out: the prepared rows, and the files to write."""

    source: datasets.Dataset
    shards: list[Shard]

    @property
    def pattern(self) -> str:
        """File names of the shards. The count is part of it, so a stray shard of another count is never read."""
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
    sources = {name: builder.as_dataset() for name, builder in builders.items()}
    sizes = {
        (name, split): rows.info.splits[split].num_bytes
        for name, splits in sources.items()
        for split, rows in splits.items()
    }
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


def write_configs(configs: Iterable[Config], folder: Path) -> dict[str, int]:
    """Write the Parquet files of configs below ``folder``: config -> bytes of its files."""
    from datasets.utils import tqdm  # silent if the user has silenced datasets

    for config in configs:
        (folder / config.name).mkdir()
        for name, split in config.splits.items():
            with tqdm(total=split.source.num_rows, unit=" rows", desc=f"Writing {config.name} {name}") as bar:
                write_shards(split.source, split.shards, folder / config.name, bar.update)
    return {config.name: sum((folder / path).stat().st_size for path in config.paths) for config in configs}
