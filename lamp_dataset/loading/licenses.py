"""Gated tasks: what to do for their files, which the official site does not have, and where their texts may go."""

import os
from collections.abc import Callable, Iterable

from lamp_dataset.task import Task
from lamp_dataset.tasks import TASKS


def how_to_get(task: Task) -> str:
    """What to do for the files of a gated task, which the site does not have."""
    return (
        f"{task.name} is gated: its texts come from the {task.source}, and the site has only their file names. "
        f"License: {task.license}. With a licensed copy, build the files with `avocado-builder build --avocado-dir … "
        f'--task {task.base} --output-dir DIR`, then pass data_dir="DIR" (--data-dir DIR in commands)'
    )


def check_licenses(
    names: Iterable[str],
    acknowledged: bool,
    data_dir: object,
    option: str = "--acknowledge-license, in Python acknowledge_license=True",
) -> None:
    """Let gated configs pass only if their license is acknowledged and their files are in a folder; else ValueError.

    ``option`` is what acknowledges the license where the user is, for the message.
    """
    gated = [TASKS[name] for name in names if TASKS[name].gated]
    if gated and not acknowledged:
        raise ValueError(
            f"{', '.join(task.name for task in gated)}: these texts are under {gated[0].license}. Only the licensor "
            "can say whether that allows a copy on somebody else's server. If it does, acknowledge the license: "
            f"{option}"
        )
    if gated and data_dir is None:
        raise ValueError(how_to_get(gated[0]))


def open_gated(
    task: Task,
    data_dir: object,
    acknowledged: bool,
    is_here: Callable[[], bool],
    option: str = "--acknowledge-license",
) -> None:
    """Let a gated config pass to a model, and keep all that this process writes from now on for its owner alone.

    Args:
        task: the config; nothing happens if it is not gated.
        data_dir: folder with the files.
        acknowledged: whether the user says that the license allows to send its texts to another machine.
        is_here: whether the model is certain to run on this machine.
        option: how the user says it, for the message.

    Raises:
        ValueError: the model may be elsewhere, and the license is not acknowledged; or there is no folder.
    """
    if task.gated:
        check_licenses([task.name], acknowledged or is_here(), data_dir, option)
        os.umask(os.umask(0o077) | 0o077)
