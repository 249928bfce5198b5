"""The dataset card: the README.md of an export and of a repository on the Hub, and the table of tasks in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lamp_dataset.hub import front_matter
from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import LAMP

if TYPE_CHECKING:
    from lamp_dataset.hub.parquet import Config

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
    begin, old, text = front_matter.cut(existing)
    front = front_matter.merge(old, configs, sizes, replace)
    block = _block(front_matter.read(front)).replace("\n", newline)
    if found := [*_BLOCK.finditer(text)]:
        text = text[: found[-1].start()] + block + text[found[-1].end() :]
    else:
        text = f"{text.rstrip()}{newline * 2}{block}{newline}"
    return begin + front.replace("\r\n", "\n").replace("\n", newline) + text


#: Empty keys fix the order.
_NEW = f"---\n{chr(10).join(f'{key}:' for key in front_matter.KEYS)}\n---\n\n# LaMP\n"


#: From a begin mark to the next end mark. If that is missing, what follows may be somebody's own text and stays.
_BLOCK = re.compile(f"{re.escape(BEGIN)}(?:(?!{re.escape(BEGIN)}).)*?{re.escape(END)}", re.DOTALL)


def _block(data: Mapping[str, Any]) -> str:
    from lamp_dataset.version import __version__

    tasks, known = front_matter.tasks_on(data), front_matter.num_examples(data)
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
