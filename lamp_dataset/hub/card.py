"""The data set card: the README.md of an export and of a repository on the Hub, and the table of tasks in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import CITATION, HOMEPAGE, TASKS

if TYPE_CHECKING:
    from lamp_dataset.hub.plan import Config

BEGIN = "<!-- lamp-dataset: from here to the end mark written by the program, and written again by the next push -->"
END = "<!-- lamp-dataset: end -->"

#: Kind of scoring -> the Hub's name of such a task.
CATEGORIES = {
    "classification": "text-classification",
    "ordinal": "text-classification",
    "generation": "text-generation",
}

_COLUMNS = (
    "config",
    "task",
    "kind",
    "scores",
    f"samples ({' / '.join(SPLITS)})",
    "questions files, MB",
    "texts from",
    "licence",
)


def task_table(tasks: Iterable[Task]) -> str:
    """A Markdown table of ``tasks``: one line a task, its user-based and time-based configs together.

    Samples are the published counts, sizes those that somebody measured; ``?`` stands where there is none.

    Args:
        tasks: rows of :data:`lamp_dataset.tasks.TASKS`, in the order in which the lines shall stand.

    Returns:
        The lines of the table, without a newline at the end.
    """
    return _table(_COLUMNS, map(_cells, _by_base(tasks)))


def short_task_table(tasks: Iterable[Task]) -> str:
    """As :func:`task_table`, narrow enough for a page of 120 characters: name, scores and published samples."""
    columns = ("config", "task: personalized …", "scores", "samples, user-based", "samples, time-based")
    return _table(columns, map(_short_cells, _by_base(tasks)))


def _short_cells(tasks: list[Task]) -> list[str]:
    first = tasks[0]
    counts = [_of_splits([task], lambda task: task.num_samples) for task in tasks]
    return [f"`{first.base}`", first.title.removeprefix("Personalized "), ", ".join(first.scores), *counts]


def _by_base(tasks: Iterable[Task]) -> Iterable[list[Task]]:
    """User-based and time-based config of a task together."""
    together: dict[str, list[Task]] = {}
    for task in tasks:
        together.setdefault(task.base, []).append(task)
    return together.values()


def _cells(tasks: list[Task]) -> list[str]:
    first = tasks[0]
    return [
        "<br>".join(f"`{task.name}`" for task in tasks),
        first.title,
        first.kind,
        ", ".join(first.scores),
        _of_splits(tasks, lambda task: task.num_samples),
        _of_splits(tasks, lambda task: task.questions_mb),
        first.source,
        first.license,
    ]


def _of_splits(tasks: list[Task], column: Callable[[Task], Mapping[str, float | None]]) -> str:
    """A number for each split, the tasks one below the other."""
    return "<br>".join(" / ".join(_count(column(task).get(split)) for split in SPLITS) for task in tasks)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _count(number: float | None) -> str:
    return "?" if number is None else f"{number:,}"


def is_ours(content: bytes) -> bool:
    """Whether a card was written by :func:`make_card`."""
    return BEGIN.encode() in content


def make_card(existing: str | None, configs: Iterable[Config], sizes: Mapping[str, int]) -> str:
    """The card with ``configs`` in it.

    What an existing card says stays: its text, the configs that are not among ``configs``, and unknown keys. Written
    anew are the entries of ``configs`` and the part of the text between two marks.

    Args:
        existing: content of the card that is there, if any.
        configs: what is exported or pushed.
        sizes: config -> bytes of its Parquet files.

    Raises:
        ValueError: the front matter of the existing card is no YAML.
    """
    existing = existing or ""
    card = _parse(existing.replace("\r\n", "\n") if existing.strip() else _NEW)
    _merge_configs(card.data, list(configs), sizes)
    _merge_facts(card.data)
    card.text = _with_block(card.text, _block(card.data))
    return str(card).replace("\n", "\r\n") if "\r\n" in existing else str(card)


#: Keys without a value give their order, which is by chance otherwise (huggingface_hub 0.36).
_KEYS = ("pretty_name", "language", "license", "tags", "task_categories", "configs", "dataset_info")
_NEW = f"---\n{chr(10).join(f'{key}:' for key in _KEYS)}\n---\n\n# LaMP\n"


def _parse(content: str) -> Any:
    import yaml
    from huggingface_hub import DatasetCard

    try:
        return DatasetCard(content)
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise ValueError(
            "README.md: expected YAML between the first two lines '---', found something else "
            f"({' '.join(str(error).split())}); correct it there and run again"
        ) from None


def _merge_configs(data: Any, configs: list[Config], sizes: Mapping[str, int]) -> None:
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs

    infos = DatasetInfosDict({config.name: _info(config, sizes[config.name]) for config in configs})
    try:
        there = MetadataConfigs.from_dataset_card_data(data)
        entries = {config.name: _entry(config, there.get(config.name, {})) for config in configs}
        MetadataConfigs(entries).to_dataset_card_data(data)
        infos.to_dataset_card_data(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            "README.md: expected 'configs' and 'dataset_info' as datasets writes them, found something else "
            f"({' '.join(str(error).split())}); correct or remove these keys there and run again"
        ) from None


def _entry(config: Config, there: Mapping[str, Any]) -> dict[str, Any]:
    """What the card says of a config: where its files are; other settings stay, such as ``default``."""
    files = [{"split": name, "path": f"{config.name}/{split.pattern}"} for name, split in config.splits.items()]
    return {**{key: value for key, value in there.items() if key != "data_dir"}, "data_files": files}


def _info(config: Config, size: int) -> Any:
    from datasets import DatasetInfo, SplitDict, SplitInfo

    splits = SplitDict()
    for name, split in config.splits.items():
        num_bytes = split.source.info.splits[name].num_bytes
        splits.add(SplitInfo(name=name, num_bytes=num_bytes, num_examples=split.source.num_rows))
    dataset_size = sum(split.num_bytes for split in splits.values())
    return DatasetInfo(features=config.features, splits=splits, download_size=size, dataset_size=dataset_size)


def _merge_facts(data: Any) -> None:
    """Set the keys that the table of tasks knows; what somebody wrote there by hand stays."""
    tasks = _tasks_on(data)
    ids = {task.license_id for task in TASKS.values()}
    present = data.get("license") or []
    present = {present} if isinstance(present, str) else set(present)
    if present <= ids:
        licences = sorted(present | {task.license_id for task in tasks})
        data["license"] = licences[0] if len(licences) == 1 else licences
    for key, value in {"language": ["en"], "tags": ["lamp", "personalization"], "pretty_name": "LaMP"}.items():
        if data.get(key) is None:
            data[key] = value
    categories = data.get("task_categories") or []
    categories = [categories] if isinstance(categories, str) else categories
    data["task_categories"] = list(dict.fromkeys([*categories, *(CATEGORIES[task.kind] for task in tasks)]))


def _tasks_on(data: Any) -> list[Task]:
    """The tasks of the configs that the card names, in the table's order."""
    named = {entry["config_name"] for entry in data["configs"]}
    return [task for name, task in TASKS.items() if name in named]


def _with_block(text: str, block: str) -> str:
    """``text`` with ``block`` in place of the one there, else at its end."""
    end = text.find(END)
    # the last beginning before the end: where an end mark was lost, what follows may be somebody's own words
    begin = text.rfind(BEGIN, 0, end) if end >= 0 else -1
    if begin >= 0:
        return text[:begin] + block + text[end + len(END) :]
    return f"{text.rstrip()}\n\n{block}\n"


def _block(data: Any) -> str:
    from lamp_dataset import __version__

    tasks = _tasks_on(data)
    return "\n\n".join(
        [
            BEGIN,
            f"[LaMP]({HOMEPAGE}) measures how well a language model personalises its output: each sample is an input "
            "text plus the profile of the user who asks, a list of what that user wrote before.",
            "## Tasks",
            task_table(tasks),
            "## Rows here",
            _rows_table(data, tasks),
            "A row holds the sample's `id`, its `input`, the user's `profile` and the gold `output`, which the "
            "benchmark withholds in the test split (null). Rows of the time-based configs add `user_id`, and their "
            "profile items `date`.",
            "## How it was made",
            f"By lamp-hf {__version__} from the benchmark's official files, golds joined to the questions by id; "
            "texts are word for word those of the files.",
            "## Licence",
            _licences(tasks),
            "## Citation",
            f"```bibtex\n{CITATION}\n```",
            END,
        ]
    )


def _rows_table(data: Any, tasks: list[Task]) -> str:
    infos = data["dataset_info"]
    infos = {info.get("config_name"): info for info in ([infos] if isinstance(infos, dict) else infos)}
    rows = []
    for task in tasks:
        splits = {split["name"]: split["num_examples"] for split in infos.get(task.name, {}).get("splits", [])}
        rows.append([f"`{task.name}`", *("–" if split not in splits else _count(splits[split]) for split in SPLITS)])
    return _table(("config", *SPLITS), rows)


def _licences(tasks: list[Task]) -> str:
    """Each licence with its configs and sources; a warning where texts may not be passed on."""
    by_licence: dict[str, list[Task]] = {}
    for task in tasks:
        by_licence.setdefault(task.license, []).append(task)
    lines = [
        f"- {', '.join(f'`{task.name}`' for task in group)}: {licence}. Source: "
        f"{'; '.join(dict.fromkeys(task.source for task in group))}."
        for licence, group in by_licence.items()
    ]
    if gated := [f"`{task.name}`" for task in tasks if task.gated]:
        lines.append(f"\n**Never make this public:** the texts of {', '.join(gated)} may not be redistributed.")
    return "\n".join(lines)
