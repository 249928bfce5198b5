"""Predictions into a file of the official format."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from lamp_dataset.atomic import write_whole
from lamp_dataset.formats.outputs import dump_outputs
from lamp_dataset.tasks import get_task
from lamp_metric.predictions.values import as_list, as_texts, by_id


def write_predictions(path: str | os.PathLike, task_name: str, ids: Sequence[str], outputs: Sequence[Any]) -> None:
    """Write predictions in the official file format, whole or not at all.

    Args:
        path: of the file to write.
        task_name: config name, such as ``"LaMP_4"``.
        ids: sample ids, strings.
        outputs: one per id: strings; numbers too where the task has labels.

    Raises:
        ValueError: no such task, lists of different length, an id that is no string or stands twice, an output that
            cannot be scored; the message names the sample.
        OSError: the file cannot be written.
    """
    task = get_task(task_name)
    ids, outputs = as_list(ids, "ids"), as_list(outputs, "outputs")
    if len(ids) != len(outputs):
        raise ValueError(f"expected as many outputs as ids, found {len(outputs)} and {len(ids)}")
    for position, sample_id in enumerate(ids):
        if not isinstance(sample_id, str):
            raise ValueError(f"ids: expected strings, found {sample_id!r} at position {position}")
    pairs = list(zip(ids, as_texts(outputs, task, "output", ids), strict=True))
    by_id(pairs, "ids")
    with write_whole(path) as file:
        file.write(dump_outputs(task.official_name, pairs))
