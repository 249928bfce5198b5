"""Configs of the data set as a folder of Parquet files and a card."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from lamp_dataset.atomic import whole_folder, write_whole
from lamp_dataset.hub.card import is_ours, make_card
from lamp_dataset.hub.plan import CARD, SHARD, config_names, find_builders, prepare, write_configs
from lamp_dataset.tasks import get_task


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
    target.parent.mkdir(parents=True, exist_ok=True)
    # texts under a signed license are for the eyes of who runs this
    permissions = 0o700 if any(get_task(name).gated for name in names) else 0o777
    with whole_folder(target, check_replaceable, permissions, alone=False) as new:
        prepared = prepare(builders)
        sizes = write_configs(prepared, new)
        with write_whole(new / CARD) as file:
            file.write(make_card(None, prepared, sizes))
    return {config.name: config.num_rows for config in prepared}


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
