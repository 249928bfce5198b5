"""What the site makes from the code: tables of tasks and of published results, each command's section from ``--help``.

A page asks for it with a line ``<!-- generated: NAME [ARGUMENT] -->``. This is an extension of Python-Markdown, which
``mkdocs.yml`` names.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor

from lamp_dataset.hub.card import task_table
from lamp_dataset.personalize.prompt_options import PROMPT_OPTIONS, RETRIEVER_OPTIONS, Option
from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import TASKS
from lamp_metric.result_tables.published import PUBLISHED, SOURCES, PublishedScores

MARK = re.compile(r"^<!-- generated: (\w+)(?: (\S+))? -->$", re.MULTILINE)

#: Command -> package.
COMMANDS = {"lamp-dataset": "lamp_dataset", "lamp-metric": "lamp_metric", "avocado-builder": "avocado_builder"}

#: Characters in a line of the help texts; wider ones would have to be scrolled.
WIDTH = 84


class Generated(Extension, Preprocessor):
    """Puts the generated parts in the place of their marks, before any other part of Markdown reads the page."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        """Called once for each page."""
        md.preprocessors.register(self, "generated", 100)

    def run(self, lines: list[str]) -> list[str]:
        """Called with the lines of a page."""
        return fill("\n".join(lines)).split("\n")


def makeExtension(**options: Any) -> Generated:  # noqa: N802
    """How Python-Markdown finds the extension."""
    return Generated(**options)


def fill(page: str) -> str:
    """The page with its generated parts."""
    return MARK.sub(lambda match: GENERATORS[match[1]](*filter(None, [match[2]])), page)


def tasks() -> str:
    """The table of tasks."""
    families = dict.fromkeys(task.family for task in TASKS.values())
    tables = (task_table(task for task in TASKS.values() if task.family is family) for family in families)
    return "\n\n".join(f'<div class="tasks" markdown>\n\n{table}\n\n</div>' for table in tables)


def task_details() -> str:
    """A section a task: its inputs, fields, labels and strings."""
    return "\n\n".join("\n".join(_details(task)) for task in TASKS.values() if not task.time_based)


def _details(task: Task) -> Iterator[str]:
    dated = TASKS.get(f"{task.name}_time", task)
    yield f"### {task.name}\n"
    yield f"{task.title}. Texts from {task.source}.\n"
    adds = {name: f"; {_code(dated.name)} adds `{name}`" for name in ("user_id", "date")}
    users, dates = dated.names_users and not task.names_users, dated.dated and not task.dated
    yield f"- **Rows**: {_code(*task.row_fields)}, `output`, `profile`{adds['user_id'] if users else ''}"
    yield f"- **Profile items**: {_code(*task.item_fields)}{adds['date'] if dates else ''}"
    yield f"- **Input**: {_code(task.instruction)} …"
    if task.labels:
        yield f"- **Labels** ({len(task.labels)}): {_code(*task.labels)}"
    yield f"- **Retrieval searches**: {_code(*task.document_fields)}"
    yield f"- **A profile item in a prompt**: {_code(task.wording.item.strip())}"
    files = [task.questions_path(split) for split in SPLITS] if task.hub is None else [task.hub.folder]
    yield f"- **Files**: {_code(*files)}"


def _code(*values: str) -> str:
    return ", ".join(f"`{value}`" for value in values)


def prompt_options() -> str:
    """The options of a prompt: a row for each."""
    return _options(PROMPT_OPTIONS)


def retriever_options() -> str:
    """The options of the retrievers: a row for each."""
    return _options(RETRIEVER_OPTIONS)


def _options(options: Mapping[str, Option]) -> str:
    rows = []
    for option in options.values():
        shown = "" if option.default in (None, ()) else "a text" if option.name == "system" else _code(option.default)
        rows.append([_code(option.name), shown, option.help])
    return _table([["option", "default", "meaning"], *rows])


def commands(command: str) -> str:
    """A section for each subcommand: what ``--help`` prints."""
    import click

    main = importlib.import_module(f"{COMMANDS[command]}.__main__").main
    parent = click.Context(main, info_name=command, **main.context_settings)
    return "\n\n".join(_sections(main, parent))


def _sections(group: Any, parent: Any) -> Iterator[str]:
    import click

    for name, command in group.commands.items():
        context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH)
        if isinstance(command, click.Group):
            yield from _sections(command, context)
        else:
            yield f"### {context.command_path}\n\n```output\n{command.get_help(context)}\n```"


def sources() -> str:
    """The sources of the published results."""
    return _table([["mark", "source"], *([f"[{key}]", text] for key, text in SOURCES.items())])


def published_by_system(setting: str) -> str:
    """The leaderboard: a row for each system, a column for each task of a setting, ``user`` or ``time``."""
    cells: dict[str, dict[str, str]] = {}
    for row in PUBLISHED:
        task = TASKS[row.config]
        if (row.source, task.setting) == ("L", setting):
            how = "retrieval" if row.retriever in ("BM25", "Contriever", "recency") else row.retriever
            cells.setdefault(replace(row, retriever=how).label, {})[task.base] = _cell(row)
    return _pivot("system", cells)


def published_by_retriever(source: str) -> str:
    """The results of another source: a row for each config, a column for each retriever."""
    cells: dict[str, dict[str, str]] = {}
    for row in PUBLISHED:
        if row.source == source:
            keys = "/".join(row.scores)
            column = row.retriever or f"{row.system.rpartition(', ')[2]}, k={row.k}"
            cells.setdefault(f"{row.config} | {keys}", {})[column] = _cell(row)
    return _pivot("config | score", cells)


def _cell(row: PublishedScores) -> str:
    """The scores as the sources print them: .734 or 1.049."""
    return "/".join(f"{score:.3f}".removeprefix("0") for score in row.scores.values())


def _pivot(corner: str, cells: Mapping[str, Mapping[str, str]]) -> str:
    columns = list(dict.fromkeys(column for row in cells.values() for column in row))
    return _table([[corner, *columns], *([name, *(row.get(c, "–") for c in columns)] for name, row in cells.items())])


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "| --- " * (lines[0].count(" | ") + 1) + "|", *lines[1:]])


GENERATORS = {
    "tasks": tasks,
    "prompt_options": prompt_options,
    "retriever_options": retriever_options,
    "task_details": task_details,
    "commands": commands,
    "sources": sources,
    "published_by_system": published_by_system,
    "published_by_retriever": published_by_retriever,
}
