"""The ``datasets`` builder behind ``load_dataset("lamp", …)``: sixteen configs, downloaded or from ``data_dir``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import datasets
import pyarrow as pa
import xxhash

from lamp_dataset.fetching import CountingFile, fetching
from lamp_dataset.files import HEAD_BYTES, describe, looks_like_html
from lamp_dataset.official import read_golds, read_tables
from lamp_dataset.sources import Files, find_files, official_paths, urls
from lamp_dataset.tasks import CITATION, HOMEPAGE, SPLITS, TASKS, Task, get_task


@dataclass
class LampConfig(datasets.BuilderConfig):
    """A config of LaMP.

    Attributes:
        splits: the splits to prepare, of ``train``, ``validation``, ``test``; None is all there are. Train files are
            large: name the others to fetch less.
        base_url: a mirror with the official site's layout; None is the site itself.
        data_dir: a folder with files downloaded before (see :func:`lamp_dataset.sources.find_files`): nothing is
            fetched then.
    """

    splits: Sequence[str] | None = None
    base_url: str | None = None

    def create_config_id(self, config_kwargs: dict, custom_features: datasets.Features | None = None) -> str:
        """Name of the cache folder: covers the splits, the mirror, and the *content* of the files in ``data_dir``."""
        self.splits = _known_splits(self.splits)
        settings = {key: value for key, value in config_kwargs.items() if key not in ("data_dir", "splits")}
        if self.splits is not None:
            settings["splits"] = ",".join(self.splits)
        if self.data_dir is not None:
            settings["data"] = _content_hash(find_files(get_task(self.name), self.data_dir, self.splits or SPLITS))
        return super().create_config_id(settings, custom_features)


def _known_splits(splits: Iterable[str] | str | None) -> tuple[str, ...] | None:
    if splits is None:
        return None
    splits = (splits,) if isinstance(splits, str) else tuple(map(str, splits))
    unknown = [split for split in splits if split not in SPLITS]
    if unknown or not splits:
        raise ValueError(f"splits: expected some of {', '.join(SPLITS)}, found {', '.join(unknown) or 'none'}")
    return tuple(split for split in SPLITS if split in splits)


def _content_hash(found: dict[str, Files]) -> str:
    """Changes with a byte of any of the files; their place does not matter."""
    digests = []
    for split, files in found.items():
        for path in filter(None, files):
            digest = xxhash.xxh3_128(split.encode())
            with open(path, "rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
            digests.append(digest.hexdigest())
    return xxhash.xxh3_128("".join(digests).encode()).hexdigest()


def features(task: Task) -> datasets.Features:
    """Features of a config: all strings, ``profile`` a list of dicts."""
    text = datasets.Value("string")
    row = dict.fromkeys((*task.row_fields, "output"), text)
    return datasets.Features({**row, "profile": [dict.fromkeys(task.item_fields, text)]})


class Lamp(datasets.ArrowBasedBuilder):
    """Builder of all configs; see ``lamp_dataset.TASKS``."""

    BUILDER_CONFIG_CLASS = LampConfig
    BUILDER_CONFIGS = [LampConfig(name=task.name, description=task.title) for task in TASKS.values()]

    @property
    def task(self) -> Task:
        """The row of the task table."""
        return get_task(self.config.name)

    def _create_builder_config(self, config_name=None, **kwargs):
        if config_name is None:
            raise ValueError(f'which config? load_dataset("lamp", CONFIG), CONFIG one of {", ".join(TASKS)}')
        get_task(config_name)
        if kwargs.get("data_files") is not None:
            raise ValueError("data_files: LaMP takes data_dir, a folder with the official files under their own names")
        return super()._create_builder_config(config_name, **kwargs)

    def _info(self) -> datasets.DatasetInfo:
        task = self.task
        return datasets.DatasetInfo(
            description=f"LaMP: {task.title} ({task.kind}, {task.setting}-based setting). Texts from {task.source}.",
            features=features(task),
            homepage=HOMEPAGE,
            citation=CITATION,
            license=task.license,
            splits={
                split: {"name": split, "num_examples": task.num_samples[split] or 0, "dataset_name": "lamp"}
                for split in self._split_names()
            },
        )

    def _split_names(self) -> list[str]:
        wanted = self.config.splits or tuple(SPLITS)
        return list(find_files(self.task, self.config.data_dir, wanted) if self.config.data_dir is not None else wanted)

    def _counts_are_certain(self, split: str) -> bool:
        official = self.config.data_dir is None and self.config.base_url is None
        return official and split in self.task.certain

    def _split_generators(self, dl_manager) -> list[datasets.SplitGenerator]:
        self._provenance: dict[str, dict] = {}
        # What an earlier preparation kept is no expectation: the files may have changed since.
        self.info.download_checksums = None
        files = self._files(dl_manager)
        return [
            datasets.SplitGenerator(
                name, gen_kwargs={"split": name, "questions": found.questions, "outputs": found.outputs}
            )
            for name, found in files.items()
        ]

    def _files(self, dl_manager) -> dict[str, Files]:
        wanted = self.config.splits or tuple(SPLITS)
        self._fetched: dict[str, str] = {}  # path in the download cache -> URL
        if self.config.data_dir is not None:
            return find_files(self.task, self.config.data_dir, wanted)
        if self.task.gated and self.config.base_url is None:
            raise ValueError(_how_to_get(self.task))
        remote = urls(self.task, wanted, self.config.base_url)
        flat = [url for files in remote.values() for url in files if url is not None]
        local = dict(zip(flat, self._download(dl_manager, flat), strict=True))
        if not dl_manager.is_streaming:
            self._fetched = {path: url for url, path in local.items()}
            for path in local.values():
                self._check_head(path)
        return {split: Files(*(url and local[url] for url in files)) for split, files in remote.items()}

    def _download(self, dl_manager, addresses: list[str]) -> list[str]:
        with fetching(addresses):
            return dl_manager.download(addresses)

    def _check_head(self, path: str) -> None:
        """Reject a page in place of a file before anything is read: the site sends pages with status 200."""
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
        if not head or looks_like_html(head):
            url = self._fetched[path]
            self._forget([path])
            raise ValueError(f"{url}: expected JSON, found {describe(head)}. {_NOT_KEPT}")

    def _forget(self, paths: Iterable[str]) -> None:
        """Take files out of the download cache, so that the next call fetches them again."""
        for path in paths:
            if path in self._fetched:
                for name in (path, f"{path}.json"):
                    if os.path.exists(name):
                        os.unlink(name)

    def _prepare_split(self, split_generator, **kwargs) -> None:
        given = split_generator.gen_kwargs
        try:
            super()._prepare_split(split_generator, **kwargs)
        except datasets.exceptions.DatasetGenerationError as error:
            cause = error.__cause__
            if not isinstance(cause, (ValueError, OSError)):
                raise
            if isinstance(cause, ValueError):
                self._forget(path for path in (given["questions"], given["outputs"]) if path)
            raise cause from None
        # A count that is not certain must not fail a download: it is replaced by what was found.
        if not self._counts_are_certain(split_generator.name):
            self.info.splits[split_generator.name].num_examples = split_generator.split_info.num_examples

    def _generate_tables(self, split: str, questions: str, outputs: str | None) -> Iterator[tuple[int, pa.Table]]:
        names = {"questions": self._name(questions), "outputs": outputs and self._name(outputs)}
        read = {}
        golds = None
        if outputs is not None:
            # `open` is the one that datasets replaces for streaming, which reads URLs too.
            with fetching([outputs]), open(outputs, "rb") as file:
                read["outputs"] = CountingFile(file)
                golds = read_golds(read["outputs"].read(), names["outputs"], self.task)
        with fetching([questions]), open(questions, "rb") as file:
            read["questions"] = CountingFile(file)
            tables = read_tables(read["questions"], names["questions"], self.task, golds, names["outputs"] or "")
            yield from enumerate(tables)
        self._record(split, read)

    def _name(self, path: str) -> str:
        """What to call a file in a message: its URL rather than its place in the download cache."""
        url = getattr(self, "_fetched", {}).get(path)
        return f"{url} ({path})" if url else path

    def _record(self, split: str, read: dict[str, CountingFile]) -> None:
        """Keep sizes and hashes of the raw files, under their official paths."""
        for kind, path in official_paths(self.task, split).items():
            digest = {"num_bytes": read[kind].num_bytes, "checksum": read[kind].sha256()}
            self._provenance[path] = digest

    def _save_info(self) -> None:
        # datasets 3 replaces the checksums by its own, which are empty, at the end.
        self.info.download_checksums = self._provenance
        super()._save_info()


_NOT_KEPT = "It was not kept: try again, or pass data_dir=… with files fetched by other means."


def _how_to_get(task: Task) -> str:
    return (
        f"{task.name} is gated: its texts come from the {task.source}, and the site has only their file names. "
        f"Licence: {task.license}. With a licensed copy, build the files by `avocado-builder build --avocado-dir … "
        f'--output-dir DIR`, then load_dataset("lamp", "{task.name}", data_dir="DIR")'
    )
