"""What to do for the files of a gated task, which the official site does not have."""

from __future__ import annotations

from lamp_dataset.task import Task


def how_to_get(task: Task) -> str:
    """What to do for the files of a gated task, which the site does not have."""
    return (
        f"{task.name} is gated: its texts come from the {task.source}, and the site has only their file names. "
        f"License: {task.license}. With a licensed copy, build the files with `avocado-builder build --avocado-dir … "
        f'--output-dir DIR`, then load_dataset("lamp", "{task.name}", data_dir="DIR")'
    )
