"""What the site makes from the code: the tables of tasks, and each command's section from its own ``--help``.

A page asks for it with a line ``<!-- generated: NAME [ARGUMENT] -->``.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

from lamp_dataset.hub.card import task_table
from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import TASKS

MARK = re.compile(r"^<!-- generated: (\w+)(?: (\S+))? -->$", re.MULTILINE)

#: Command -> package.
COMMANDS = {"lamp-dataset": "lamp_dataset", "lamp-metric": "lamp_metric", "avocado-builder": "avocado_builder"}

#: Characters in a line of the help texts; wider ones would have to be scrolled.
WIDTH = 84


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the generated parts in the place of their marks; called by MkDocs for each page."""
    return MARK.sub(lambda match: GENERATORS[match[1]](*filter(None, [match[2]])), markdown)


def tasks() -> str:
    """The table of tasks."""
    return f'<div class="tasks" markdown>\n\n{task_table(TASKS.values())}\n\n</div>'


def task_details() -> str:
    """A section a task: its inputs, fields, labels and strings."""
    return "\n\n".join("\n".join(_details(task)) for task in TASKS.values() if not task.time_based)


def _details(task: Task) -> Iterator[str]:
    dated = TASKS[f"{task.name}_time"]
    yield f"### {task.name}\n"
    yield f"{task.title}. Texts from {task.source}.\n"
    yield f"- **Rows**: {_code(*task.row_fields)}, `output`, `profile`; {_code(dated.name)} adds `user_id`"
    yield f"- **Profile items**: {_code(*task.item_fields)}; {_code(dated.name)} adds `date`"
    yield f"- **Input**: {_code(task.instruction)} …"
    if task.labels:
        yield f"- **Labels** ({len(task.labels)}): {_code(*task.labels)}"
    yield f"- **Retrieval searches**: {_code(*task.document_fields)}"
    yield f"- **A profile item in a prompt**: {_code(task.wording.item.strip())}"
    yield f"- **Files**: {_code(*(task.questions_path(split) for split in SPLITS))}"


def _code(*values: str) -> str:
    return ", ".join(f"`{value}`" for value in values)


def commands(command: str) -> str:
    """A section for each subcommand: what ``--help`` prints."""
    import click

    main = importlib.import_module(f"{COMMANDS[command]}.__main__").main
    parent = click.Context(main, info_name=command, **main.context_settings)
    sections = []
    for name, subcommand in main.commands.items():
        context = click.Context(
            subcommand, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
        )
        sections.append(f"### {command} {name}\n\n```output\n{subcommand.get_help(context)}\n```")
    return "\n\n".join(sections)


GENERATORS = {"tasks": tasks, "task_details": task_details, "commands": commands}
