"""The ``datasets`` builder behind ``load_dataset("lamp", …)``: all configs, downloaded or from ``data_dir``."""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import datasets
import pyarrow as pa
import xxhash

from lamp_dataset.formats.files import SAMPLE, Files, RowFiles, find_files, is_url, official_paths, urls
from lamp_dataset.formats.json_files import HEAD_BYTES, describe, looks_like_html
from lamp_dataset.loading.datasets_internals import BuilderOverrides
from lamp_dataset.loading.licenses import how_to_get
from lamp_dataset.loading.raw_files import CONTENT, PROVENANCE, fetching, hash_file, hub_files, set_timeouts
from lamp_dataset.loading.rows import split_tables
from lamp_dataset.task import SPLITS, Task, split_hint
from lamp_dataset.tasks import LAMP, TASKS, get_task

log = logging.getLogger(__name__)

#: The version of the loading rules. It goes up when the same files give other rows; then prepared rows are made anew.
LOADING_RULES = 1
#: What the loader reads of a task to make the rows, or to refuse files.
DECIDING = (
    "official_name",
    "setting",
    "labels",
    "profile_fields",
    "opening",
    "path",
    "num_samples",
    "verified_splits",
    "stub_pattern",
    "names_users",
    "dated",
    "hub",
)


@dataclass
class LampConfig(datasets.BuilderConfig):
    """A config of LaMP.

    Attributes:
        splits: the splits to prepare, of ``train``, ``validation``, ``test``; None for all. Train files are large:
            name the other splits to fetch less.
        base_url: the http or https address of a mirror with the official site's layout; None for the site itself.
        revision: of the data set on the Hub, a branch, tag or commit; only for configs that are there.
        data_dir: a folder with files downloaded before, see :func:`lamp_dataset.formats.files.find_files`; then
            nothing is fetched.
    """

    splits: Sequence[str] | None = None
    base_url: str | None = None
    revision: str | None = None

    def create_config_id(self, config_kwargs: dict, custom_features: datasets.Features | None = None) -> str:
        """Name of the cache folder: distinguishes splits, mirrors, and the *content* of the files in ``data_dir``."""
        self.splits = _known_splits(self.splits)
        settings = {key: value for key, value in config_kwargs.items() if key not in ("data_dir", "splits")}
        if self.splits is not None:
            settings["splits"] = ",".join(self.splits)
        if self.base_url is not None and not is_url(self.base_url):
            raise ValueError(
                f"base_url: expected the http or https address of a mirror, found {self.base_url!r}; for files in a "
                "folder use data_dir"
            )
        if self.revision is not None and get_task(self.name).hub is None:
            raise ValueError(f"revision: the files of {self.name} are not on the Hub, found {self.revision!r}")
        if self.data_dir is not None:
            # Once: the files read later must be those that the cache folder is named after.
            self.files = find_files(get_task(self.name), self.data_dir, self.splits or SPLITS)
            self.digests = {
                split: [hash_file(path, CONTENT) for path in files.paths] for split, files in self.files.items()
            }
            settings["data"] = xxhash.xxh3_128(repr(self.digests).encode()).hexdigest()
        return super().create_config_id(settings, custom_features)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The splits to prepare: those asked for, or in ``data_dir`` those of them that have files."""
        return tuple(self.files if self.data_dir is not None else self.splits or SPLITS)


def _known_splits(splits: Iterable[str] | str | None) -> tuple[str, ...] | None:
    if splits is None:
        return None
    given = [splits] if isinstance(splits, str) or not isinstance(splits, Iterable) else list(splits)
    unknown = [split for split in given if split not in SPLITS]
    if unknown or not given:
        found = f"found {', '.join(map(str, unknown)) or 'none'}{split_hint(unknown)}"
        raise ValueError(f"splits: expected some of {', '.join(SPLITS)}, {found}")
    return tuple(split for split in SPLITS if split in given)


def features(task: Task) -> datasets.Features:
    """Features of a config: all strings, ``profile`` a list of dicts."""
    text = datasets.Value("string")
    row = dict.fromkeys((*task.row_fields, "output"), text)
    return datasets.Features({**row, "profile": [dict.fromkeys(task.item_fields, text)]})


class _Configs:
    """The configs by name, made when they are asked for: tasks can be registered at any time."""

    def __get__(self, builder: object, owner: type) -> dict[str, LampConfig]:
        return {task.name: LampConfig(name=task.name, description=task.title) for task in TASKS.values()}


class Lamp(BuilderOverrides, datasets.ArrowBasedBuilder):
    """Builder of all configs; see ``lamp_dataset.TASKS``."""

    BUILDER_CONFIG_CLASS = LampConfig
    BUILDER_CONFIGS = [LampConfig(name=task.name, description=task.title) for task in TASKS.values()]
    builder_configs = _Configs()

    @property
    def task(self) -> Task:
        """The row of the task table."""
        return get_task(self.config.name)

    def check_request(self, config_name: str | None, options: dict) -> None:
        """Raise ValueError for an unknown config, none at all, or ``data_files``."""
        if config_name is None:
            raise ValueError(f'which config? load_dataset("lamp", CONFIG), CONFIG one of {", ".join(TASKS)}')
        get_task(config_name)
        if options.get("data_files") is not None:
            raise ValueError("data_files: LaMP takes data_dir, a folder with the official files under their own names")

    def deciding_facts(self, config_name: str) -> list:
        """What decides the rows, besides the files: the rules, and facts of the task. A change makes new rows."""
        return [LOADING_RULES, {name: getattr(get_task(config_name), name) for name in DECIDING}]

    def describe(self) -> datasets.DatasetInfo:
        """Features, citation, license and, where they are verified, the published sizes of the config."""
        task = self.task
        family = task.family or LAMP
        sizes = {split: self.expected_size(split) or 0 for split in self.config.wanted}
        return datasets.DatasetInfo(
            description=f"{family.name}: {task.title} ({task.kind}, {task.setting}-based). Texts from {task.source}.",
            features=features(task),
            homepage=family.homepage,
            citation=family.citation,
            license=task.license,
            splits={split: {"name": split, "num_examples": size} for split, size in sizes.items()},
        )

    def expected_size(self, split: str) -> int | None:
        """The published number of samples if it is verified and the files are the official site's; else any will do."""
        official = self.config.data_dir is None and self.config.base_url is None
        return self.task.num_samples[split] if official and split in self.task.verified_splits else None

    def fetch(self, dl_manager: datasets.DownloadManager) -> Mapping[str, Files | RowFiles]:
        """Split -> its files, downloaded unless they are in ``data_dir`` or streamed."""
        self._fetched: dict[str, str] = {}  # path in the download cache -> URL
        if self.config.data_dir is not None:
            return self.config.files
        if self.task.gated and self.config.base_url is None:
            raise ValueError(how_to_get(self.task))
        if self.task.hub is not None and self.config.base_url is None:
            remote = hub_files(self.task, self.config.wanted, self.config.revision, dl_manager.download_config.token)
        else:
            remote = urls(self.task, self.config.wanted, self.config.base_url)
        set_timeouts(dl_manager)
        local = {}
        for url in (url for files in remote.values() for url in files.paths):
            with fetching(url):  # one after the other, so that an error names the file
                local[url] = dl_manager.download(url)
        if not dl_manager.is_streaming:
            self._fetched = {path: url for url, path in local.items()}
            for path in local.values():
                self._check_head(path)
        return {split: files.at(local) for split, files in remote.items()}

    def _check_head(self, path: str) -> None:
        """Reject a page in place of a file before anything is read: the site sends pages with status 200."""
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
        if not head or looks_like_html(head):
            url = self._fetched[path]
            self.reject([path])
            kind = "Parquet" if url.endswith(".parquet") else "JSON"
            raise ValueError(
                f"{url}: expected {kind}, found {describe(head)}. The file was not kept: try again, or pass data_dir=… "
                "(--data-dir) with files fetched by other means."
            )

    def reject(self, paths: Iterable[str] | None = None) -> None:
        """Forget these downloads, or all, since their content is wrong: the next call fetches them again."""
        for path in self._fetched if paths is None else paths:
            if path in self._fetched:
                for name in (path, f"{path}.json"):
                    if os.path.exists(name):
                        os.unlink(name)

    def before_preparing(self, folder: str) -> None:
        """Keep the rows of a gated config from other users, on a shared cache too; a bucket has its own rules."""
        if self.task.gated and os.path.isdir(folder):
            os.chmod(folder, 0o700)

    def read(self, split: str, files: Files | RowFiles) -> Iterator[pa.Table]:
        """The samples of a split, checked and joined with their golds."""
        count = 0
        for table in split_tables(files, self.task, self._name):
            count += table.num_rows
            yield table
        self._record(split, files)
        published = self.task.num_samples[split]
        elsewhere = self.expected_size(split) is None and self.config.data_dir != SAMPLE  # else datasets compares them
        if elsewhere and published not in (None, count):
            found = f"{self._name(files.paths[0])}: {count} samples"
            log.warning("%s; %s has %s published in %s", found, self.task.name, published, split)

    def _name(self, path: str) -> str:
        """What to call a file in a message: its URL rather than its path in the download cache."""
        url = getattr(self, "_fetched", {}).get(path)
        return f"{url} ({path})" if url else path

    def _record(self, split: str, files: Files | RowFiles) -> None:
        """Keep size and hash of downloads, under their official paths; check that files of a folder are unchanged."""
        algorithm = PROVENANCE if self.config.data_dir is None else CONTENT
        found = [hash_file(path, algorithm) for path in files.paths if not is_url(path)]
        if self.config.data_dir is None:
            names = official_paths(self.task, split, files.at(self._fetched))
            for path, facts in zip(names, found, strict=False):
                self.kept_facts[path] = dict(zip(("num_bytes", "checksum"), facts, strict=True))
        elif found != self.config.digests[split]:
            where = f"{self.config.data_dir}: files of the split {split!r}"
            raise ValueError(f"{where} have changed since they were first read; load them again")
