"""The front matter of the data set card: where the files of each config are, its features, counts and licenses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import TASKS

if TYPE_CHECKING:
    from lamp_dataset.hub.plan import Config

#: Kind of scoring -> the Hub's name of such a task.
CATEGORIES = {
    "classification": "text-classification",
    "ordinal": "text-classification",
    "generation": "text-generation",
}
#: Keys of a new card, in their order.
KEYS = ("pretty_name", "language", "license", "tags", "task_categories", "configs", "dataset_info")


def merge(data: Any, configs: Iterable[Config], sizes: Mapping[str, int], replace: bool) -> None:
    """Write ``configs`` into the front matter; arguments and errors as for :func:`lamp_dataset.hub.card.make_card`."""
    with _as_datasets_writes_it():
        _merge_configs(data, list(configs), sizes, replace)
    _merge_facts(data, replace)


@contextmanager
def _as_datasets_writes_it() -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            "README.md: expected 'configs' and 'dataset_info' as datasets writes them, found something else "
            f"({' '.join(str(error).split())}); correct or remove these keys there and run again"
        ) from None


def listed_patterns(data: Any) -> list[str]:
    """The file patterns of our splits in the front matter, such as ``"LaMP_2/train-*-of-00001.parquet"``.

    ValueError if ``configs`` is not as ``datasets`` writes it.
    """
    with _as_datasets_writes_it():
        files = [file for name, entry in _settings(data).items() if name in TASKS for file in _files_of(entry)]
    return [file["path"] for file in files if file["split"] in SPLITS]


def num_examples(data: Any) -> dict[str, dict[str, int]]:
    """Config -> split -> number of rows, as far as the front matter says."""
    return {
        name: {split["name"]: split["num_examples"] for split in info.get("splits", [])}
        for name, info in _infos(data).items()
        if name in TASKS
    }


def tasks_on(data: Any) -> list[Task]:
    """The tasks of the configs that the front matter names, in the table's order."""
    named = {entry["config_name"] for entry in data["configs"]}
    return [task for name, task in TASKS.items() if name in named]


def _settings(data: Any) -> Mapping[str, Mapping[str, Any]]:
    from datasets.utils.metadata import MetadataConfigs

    return MetadataConfigs.from_dataset_card_data(data)


def _infos(data: Any) -> dict[str, Mapping[str, Any]]:
    """Config -> what ``dataset_info`` says of it, as it is: one version of datasets cannot parse another's features."""
    infos = data.get("dataset_info") or []
    return {info.get("config_name"): info for info in ([infos] if isinstance(infos, dict) else infos)}


def _merge_configs(data: Any, configs: list[Config], sizes: Mapping[str, int], replace: bool) -> None:
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs

    there, known = _settings(data), _infos(data)
    if replace:
        data["configs"] = data["dataset_info"] = None
    entries = {config.name: _entry(config, there.get(config.name, {})) for config in configs}
    infos = {config.name: _info(config, sizes[config.name], known.get(config.name, {})) for config in configs}
    MetadataConfigs(entries).to_dataset_card_data(data)
    DatasetInfosDict(infos).to_dataset_card_data(data)


def _entry(config: Config, there: Mapping[str, Any]) -> dict[str, Any]:
    """What the card says of a config: where its files are. Other settings stay, such as ``default``."""
    files = [{"split": name, "path": f"{config.name}/{split.pattern}"} for name, split in config.splits.items()]
    kept = {key: value for key, value in there.items() if key != "data_dir"}
    # splits that somebody else added to the config
    theirs = [file for file in _files_of(there) if file["split"] not in SPLITS]
    return {**kept, "data_files": [*files, *theirs]}


def _files_of(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The files that a config lists by split; the Hub knows other forms, which we do not write."""
    files = entry.get("data_files")
    by_split = files if isinstance(files, list) else []
    return [file for file in by_split if isinstance(file, Mapping) and {"split", "path"} <= set(file)]


def _info(config: Config, size: int, there: Mapping[str, Any]) -> Any:
    from datasets import DatasetInfo, SplitDict, SplitInfo

    splits = SplitDict()
    for name, split in config.splits.items():
        num_bytes = split.source.info.splits[name].num_bytes
        splits.add(SplitInfo(name=name, num_bytes=num_bytes, num_examples=split.source.num_rows))
    for split in there.get("splits", []):
        if split["name"] not in SPLITS:
            splits.add(SplitInfo(split["name"], split["num_bytes"], split["num_examples"]))
    dataset_size = sum(split.num_bytes for split in splits.values())
    return DatasetInfo(features=config.features, splits=splits, download_size=size, dataset_size=dataset_size)


def _merge_facts(data: Any, replace: bool) -> None:
    """Set the keys that the table of tasks knows; what somebody wrote there by hand stays."""
    tasks = tasks_on(data)
    ids = {task.license_id for task in TASKS.values()}
    present = set(_as_list(data.get("license")))
    if present <= ids:
        licenses = sorted({task.license_id for task in tasks} | (set() if replace else present))
        data["license"] = licenses[0] if len(licenses) == 1 else licenses
    for key, value in {"language": ["en"], "tags": ["lamp", "personalization"], "pretty_name": "LaMP"}.items():
        if data.get(key) is None:
            data[key] = value
    categories = _as_list(data.get("task_categories"))
    if replace:
        categories = [category for category in categories if category not in CATEGORIES.values()]
    data["task_categories"] = list(dict.fromkeys([*categories, *(CATEGORIES[task.kind] for task in tasks)]))


def _as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
