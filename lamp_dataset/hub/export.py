"""Configs of the dataset as a folder of Parquet files and a card."""

import os
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from lamp_dataset.atomic import check_replaceable, real_path, whole_folder, write_whole
from lamp_dataset.hub.card import is_ours, make_card
from lamp_dataset.hub.front_matter import listed_patterns
from lamp_dataset.hub.parquet import CARD, SHARD, config_names, find_builders, prepare, write_configs
from lamp_dataset.tasks import get_task


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
