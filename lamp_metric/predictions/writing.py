"""Predictions to and from a file of the official format."""

import os
from collections.abc import Iterable
from typing import Any

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.formats.ids import check_unique
from lamp_dataset.formats.outputs import read_outputs, write_outputs
from lamp_dataset.tasks import get_task
from lamp_metric.predictions.reading import as_list, as_text, check_ids, where


def write_predictions(
    path: str | os.PathLike[str],
    task_name: str,
    ids: Iterable[str],
    outputs: Iterable[Any],
    *,
    private: bool = False,
) -> None:
    """Write predictions in the official file format, whole or not at all.

    Args:
        path: of the file to write.
        task_name: config name, such as ``"LaMP_4"``.
        ids: sample ids, strings.
        outputs: one per id: strings, or also numbers if the task has labels. Or lists of them, several answers to each
            sample, which ``lamp-metric compare`` reads.
        private: whether only the user may read the file, as always for a gated config.

    Raises:
        ValueError: the task is unknown, the lists differ in length, an id is duplicate or not a string, or an output
            cannot be scored; the message names the sample.
        OSError: the file cannot be written.
    """
    task = get_task(task_name)
    ids, outputs = as_list(ids, "ids"), as_list(outputs, "outputs")
    if len(ids) != len(outputs):
        raise ValueError(f"expected as many outputs as ids, found {len(outputs)} and {len(ids)}")
    check_ids(ids)
    check_unique(ids, "ids")
    permissions = PRIVATE if private or task.gated else None
    with (
        write_whole(os.path.expanduser(path), "wb", permissions) as file,
        write_outputs(file, task.official_name, compact=True) as entries,
    ):
        for position, output in enumerate(outputs):
            place = f"output of {where(ids, position)}"
            several = isinstance(output, list) and output
            text = [as_text(one, task, place) for one in output] if several else as_text(output, task, place)
            entries.add({"id": ids[position], "output": text})


def read_predictions(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The predictions in a file in the official format, for :func:`lamp_metric.compare` with ``ids``.

    Returns:
        Sample id -> answer, or a list of the several answers that the file has, in the file's order.

    Raises:
        OSError: the file cannot be read.
        ValueError: it has another format, or an id twice.
    """
    return dict(read_outputs(path).by_id)
