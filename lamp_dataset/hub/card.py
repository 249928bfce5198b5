"""The dataset card: the README.md of an export and of a repository on the Hub.

Its front matter says where the files of each config are, their features, counts and licenses; its text has the table of
tasks. Only the keys that change are rewritten. All other lines stay as they were typed: a round trip through YAML would
turn ``no`` into ``false`` and ``1.10`` into ``1.1``, and lose comments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from lamp_dataset.loading.datasets_internals import yaml_of
from lamp_dataset.task import KINDS, SPLITS, Task
from lamp_dataset.tasks import LAMP, TASKS

if TYPE_CHECKING:
    import datasets


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


#: Keys of a new card, in their order.
KEYS = ("pretty_name", "language", "license", "tags", "task_categories", "configs", "dataset_info")
_Data = Mapping[str, Any]


def split_card(card: str) -> tuple[str, str, str]:
    """What is before, in and after the front matter, where ``datasets`` finds it."""
    from huggingface_hub.repocard import REGEX_YAML_BLOCK

    found = REGEX_YAML_BLOCK.search(card)
    return (found[1], found[2], card[found.end(2) :]) if found else ("---\n", "", f"\n---\n{card}")


def merge_front(front: str, configs: Iterable[Config], sizes: Mapping[str, int], replace: bool) -> str:
    """The front matter ``front`` with ``configs`` in it; see :func:`lamp_dataset.hub.card.make_card`."""
    data = read_front(front)
    with _readable("'configs' and 'dataset_info' as datasets writes them"):
        new = _merged_configs(data, list(configs), sizes, replace)
        new |= _merged_facts(data, {**data, **new}, replace)
    changed = {key: new[key] for key in KEYS if data.get(key) != new[key]}
    with _readable("one key after the other, each on lines of its own"):
        merged = _rewritten(front, changed)
        if _load(merged) != {**data, **changed}:
            raise ValueError("other keys would change")
    return merged


@contextmanager
def _readable(expected: str) -> Iterator[None]:
    try:
        yield
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"README.md: expected {expected}, found something else ({' '.join(str(error).split())}); correct it there "
            "and run again"
        ) from None


class _Typed(dict):
    """A mapping with the YAML node that it was read from, to be written again as it was typed."""

    node: Any = None


class _Loader(yaml.SafeLoader):
    def typed(self, node: yaml.MappingNode) -> Iterator[_Typed]:
        found = _Typed()
        found.node = node
        yield found
        found.update(self.construct_mapping(node))
        if len(found) < len(node.value):  # the Hub's library does not read this either
            raise ValueError("a key twice")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.typed)
_Dumper.add_representer(_Typed, lambda dumper, data: data.node)


def read_front(front: str) -> dict[str, Any]:
    """The keys of a front matter; ValueError if it is not YAML, or something else than keys."""
    with _readable("YAML between the first two lines '---'"):
        return _load(front)


def _load(front: str) -> dict[str, Any]:
    return dict(**(yaml.load(front, _Loader) or {}))


def _rewritten(front: str, changed: _Data) -> str:
    """``front`` with other values of some keys: in their places, or at the end."""
    node, missing = yaml.compose(front, yaml.SafeLoader), dict(changed)
    for name, value in reversed(node.value if node else []):
        if name.value in changed:
            del missing[name.value]
            front = front[: name.start_mark.index] + _as_yaml({name.value: changed[name.value]}) + front[_end(value) :]
    return "\n".join(part for part in (front, _as_yaml(missing) if missing else "") if part.strip())


def _end(node: Any) -> int:
    """Where the text of a node ends. The marks of YAML include the comments below, which are about the next key."""
    while isinstance(node.value, list) and node.value and not node.flow_style:
        node = node.value[-1]
        node = node[1] if isinstance(node, tuple) else node
    return node.end_mark.index


def _as_yaml(data: _Data) -> str:
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1 << 20).rstrip("\n")


def listed_patterns(card: str) -> list[str]:
    """The file patterns of our splits that a card lists, such as ``"LaMP_2/train-*-of-00001.parquet"``.

    ValueError if the front matter is not YAML, or ``configs`` is not as ``datasets`` writes it.
    """
    data = read_front(split_card(card)[1])
    with _readable("'configs' as datasets writes them"):
        files = [file for name, entry in _entries(data).items() if name in TASKS for file in _files_of(entry)]
        return [file["path"] for file in files if file["split"] in SPLITS]


def num_examples(data: _Data) -> dict[str, dict[str, object]]:
    """Config -> split -> number of rows, as the front matter says it; ValueError if ``dataset_info`` is odd."""
    with _readable("'dataset_info' as datasets writes it"):
        return {
            name: {split["name"]: split.get("num_examples") for split in info.get("splits") or []}
            for name, info in _infos(data).items()
            if name in TASKS
        }


def tasks_on(data: _Data) -> list[Task]:
    """The tasks of the configs that the front matter names, in the table's order."""
    named = {entry["config_name"] for entry in data["configs"]}
    return [task for name, task in TASKS.items() if name in named]


def _entries(data: _Data) -> dict[str, _Data]:
    """Config -> its entry in ``configs``; ValueError if ``datasets`` cannot read them."""
    from datasets.utils.metadata import MetadataConfigs

    MetadataConfigs.from_dataset_card_data(data)
    return {entry["config_name"]: entry for entry in data.get("configs") or []}


def _infos(data: _Data) -> dict[str, _Data]:
    """Config -> its entry in ``dataset_info``, unparsed: one version of datasets cannot parse another's features."""
    infos = data.get("dataset_info") or []
    return {info.get("config_name", "default"): info for info in ([infos] if isinstance(infos, dict) else infos)}


def _merged_configs(data: _Data, configs: list[Config], sizes: Mapping[str, int], replace: bool) -> dict[str, Any]:
    there, known = _entries(data), _infos(data)
    entries = {config.name: _entry(config, there.get(config.name, {})) for config in configs}
    infos = {config.name: _info(config, sizes[config.name], known.get(config.name, {})) for config in configs}
    if not replace:
        entries, infos = {**there, **entries}, {**known, **infos}
    in_order = [info for _, info in sorted(infos.items())]
    return {
        "configs": [entry for _, entry in sorted(entries.items())],
        "dataset_info": in_order[0] if len(in_order) == 1 else in_order,
    }


def _entry(config: Config, there: _Data) -> dict[str, Any]:
    """The entry of a config in ``configs``: where its files are. Other settings stay, such as ``default``."""
    files = [{"split": name, "path": f"{config.name}/{split.pattern}"} for name, split in config.splits.items()]
    kept = {key: value for key, value in there.items() if key != "data_dir"}
    # splits that somebody else added to the config
    theirs = [file for file in _files_of(there) if file["split"] not in SPLITS]
    return {"config_name": config.name, **kept, "data_files": [*files, *theirs]}


def _files_of(entry: _Data) -> list[_Data]:
    """The files that a config lists by split; the Hub knows other forms, which we do not write."""
    files = entry["data_files"] if isinstance(entry.get("data_files"), list) else []
    return [file for file in files if isinstance(file, Mapping) and {"split", "path"} <= set(file)]


def _info(config: Config, size: int, there: _Data) -> dict[str, Any]:
    ours = [
        {"name": name, "num_bytes": split.source.info.splits[name].num_bytes, "num_examples": split.source.num_rows}
        for name, split in config.splits.items()
    ]
    splits = [*ours, *(split for split in there.get("splits") or [] if split["name"] not in SPLITS)]
    return {
        "config_name": config.name,
        "features": yaml_of(next(iter(config.splits.values())).source.features),
        "splits": splits,
        "download_size": size,
        "dataset_size": sum(split.get("num_bytes", 0) for split in splits),
    }


def _merged_facts(data: _Data, merged: _Data, replace: bool) -> dict[str, Any]:
    """The keys that the table of tasks knows; what somebody wrote there by hand stays."""
    tasks = tasks_on(merged)
    facts = {"language": ["en"], "tags": ["lamp", "personalization"], "pretty_name": "LaMP", "license": None}
    facts = {key: value if data.get(key) is None else data[key] for key, value in facts.items()}
    ids, present = {task.license_id for task in TASKS.values()}, _as_list(facts["license"])
    if all(isinstance(license, str) and license in ids for license in present):
        licenses = sorted({task.license_id for task in tasks} | set(() if replace else present))
        facts["license"] = licenses[0] if len(licenses) == 1 else licenses
    known = {kind.category for kind in KINDS.values()} if replace else ()
    categories = [category for category in _as_list(data.get("task_categories")) if category not in known]
    ours = dict.fromkeys(KINDS[task.kind].category for task in tasks)
    return {**facts, "task_categories": [*categories, *(category for category in ours if category not in categories)]}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


BEGIN = "<!-- lamp-dataset: begin. The next push or export rewrites the text from here to the end mark. -->"
END = "<!-- lamp-dataset: end -->"


def task_table(tasks: Iterable[Task]) -> str:
    """A Markdown table of ``tasks``: one line for each task, with its user-based and time-based configs.

    Numbers of samples are the published ones, sizes of files were measured; ``?`` means that a number is not known.
    """
    lines = _grouped(tasks, lambda task: task.base).values()
    return _table(list(_CELLS), [[cell(configs) for cell in _CELLS.values()] for configs in lines])


def _grouped(tasks: Iterable[Task], key: Callable[[Task], str]) -> dict[str, list[Task]]:
    """Key -> the tasks that have it, in the order of the first task of each."""
    found: dict[str, list[Task]] = {}
    for task in tasks:
        found.setdefault(key(task), []).append(task)
    return found


def _of_splits(tasks: list[Task], column: Callable[[Task], Mapping[str, float | None]]) -> str:
    return "<br>".join(" / ".join(_count(column(task).get(split)) for split in SPLITS) for task in tasks)


#: Column of the table of tasks -> its cell for the configs of a task.
_CELLS: Mapping[str, Callable[[list[Task]], str]] = {
    "config": lambda tasks: "<br>".join(f"`{task.name}`" for task in tasks),
    "task": lambda tasks: tasks[0].title,
    "kind": lambda tasks: tasks[0].kind,
    "scores": lambda tasks: ", ".join(tasks[0].scores),
    f"samples ({' / '.join(SPLITS)})": lambda tasks: _of_splits(tasks, lambda task: task.num_samples),
    "questions files, MB": lambda tasks: _of_splits(tasks, lambda task: task.questions_mb),
    "texts from": lambda tasks: tasks[0].source,
    "license": lambda tasks: tasks[0].license,
}


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _count(number: object) -> str:
    return f"{number:,}" if isinstance(number, int | float) else "?"


def is_ours(content: bytes) -> bool:
    """Whether a card was written by :func:`make_card`."""
    return BEGIN.encode() in content


def make_card(existing: str | None, configs: Iterable[Config], sizes: Mapping[str, int], replace: bool = False) -> str:
    """The card with ``configs`` in it; a second call with the same arguments changes nothing.

    What somebody else wrote into an existing card stays, to the character: text, other keys, other splits of
    ``configs``, and, unless ``replace`` is set, other configs. The entries of ``configs`` and the text between the two
    marks are rewritten. ``sizes`` are the bytes of each config's Parquet files.

    ValueError if the front matter of the existing card is not YAML, or not as ``datasets`` writes it.
    """
    existing = existing if existing and existing.strip() else _NEW
    newline = "\r\n" if "\r\n" in existing else "\n"
    begin, old, text = split_card(existing)
    front = merge_front(old, configs, sizes, replace)
    block = _block(read_front(front)).replace("\n", newline)
    if found := [*_BLOCK.finditer(text)]:
        text = text[: found[-1].start()] + block + text[found[-1].end() :]
    else:
        text = f"{text.rstrip()}{newline * 2}{block}{newline}"
    return begin + front.replace("\r\n", "\n").replace("\n", newline) + text


#: Empty keys fix the order.
_NEW = f"---\n{chr(10).join(f'{key}:' for key in KEYS)}\n---\n\n# LaMP\n"


#: From a begin mark to the next end mark. If that is missing, what follows may be somebody's own text and stays.
_BLOCK = re.compile(f"{re.escape(BEGIN)}(?:(?!{re.escape(BEGIN)}).)*?{re.escape(END)}", re.DOTALL)


def _block(data: Mapping[str, Any]) -> str:
    from lamp_dataset.version import __version__

    tasks, known = tasks_on(data), num_examples(data)
    families = list(dict.fromkeys(task.family or LAMP for task in tasks)) or [LAMP]
    names = " and ".join(f"[{family.name}]({family.homepage})" for family in families)
    golds = (
        " Rows of the Hub's files have `user_id` and golds in all splits." if any(task.hub for task in tasks) else ""
    )
    rows = []
    for task in tasks:
        of_task = known.get(task.name, {})
        rows.append([f"`{task.name}`", *("–" if split not in of_task else _count(of_task[split]) for split in SPLITS)])
    return "\n\n".join(
        [
            BEGIN,
            f"{names} measure{'s'[len(families) > 1 :]} how well a language model personalizes its output. Each "
            "sample is an input text plus the profile of the user who asks: a list of things the user wrote before.",
            "## Tasks",
            task_table(tasks),
            "## Rows here",
            _table(("config", *SPLITS), rows),
            "A row holds the sample's `id`, its `input`, the user's `profile` and the gold `output`. The benchmark "
            "withholds the outputs of the test split; they are null. Time-based configs add `user_id` to each row and "
            f"`date` to each profile item.{golds}",
            "## How it was made",
            f"lamp-hf {__version__} made it from the benchmark's official files and joined golds to questions by id. "
            "The texts are unchanged.",
            "## License",
            _licenses(tasks),
            "## Citation",
            *(f"```bibtex\n{family.citation}\n```" for family in families),
            END,
        ]
    )


def _licenses(tasks: list[Task]) -> str:
    """Each license with its configs and sources, and a warning if texts may not be passed on."""
    lines = [
        f"- {', '.join(f'`{task.name}`' for task in group)}: {name}. Source: "
        f"{'; '.join(dict.fromkeys(task.source for task in group))}."
        for name, group in _grouped(tasks, lambda task: task.license).items()
    ]
    if gated := [f"`{task.name}`" for task in tasks if task.gated]:
        lines.append(f"\n**Never make this public:** the texts of {', '.join(gated)} may not be redistributed.")
    return "\n".join(lines)
