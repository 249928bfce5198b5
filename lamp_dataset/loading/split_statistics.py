"""Statistics of a split, from Arrow batches in flat memory."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.task import Task


def split_stats(batches: Iterable[pa.Table], task: Task) -> dict:
    """Size of a split, lengths in words, profile sizes in items and, if the task has labels, label shares.

    Lengths and sizes are summaries as :func:`summary` makes them. Words are separated by white space; shares are
    fractions of the golds.
    """
    inputs, outputs, sizes, labels = [], [], [], Counter()
    for batch in batches:
        inputs.append(_words(batch["input"]))
        golds = batch["output"].drop_null()
        outputs.append(_words(golds))
        sizes.append(pc.list_value_length(batch["profile"]).to_numpy())
        labels.update(golds.to_pylist() if task.labels else ())
    found = {
        "samples": int(sum(map(len, inputs))),
        "input_words": summary(inputs),
        "output_words": summary(outputs),
        "profile_size": summary(sizes),
    }
    if labels:
        order = [*task.labels, *sorted(set(labels) - set(task.labels))]
        found["labels"] = {label: labels[label] / labels.total() for label in order}
    return found


def _words(texts: pa.ChunkedArray) -> np.ndarray:
    """Number of words of each text, as ``len(text.split())`` counts them."""
    trimmed = pc.utf8_trim_whitespace(texts)
    counts = pc.list_value_length(pc.utf8_split_whitespace(trimmed))
    return pc.if_else(pc.equal(trimmed, ""), 0, counts).to_numpy()


def summary(parts: list[np.ndarray]) -> dict[str, float] | None:
    """Mean, population standard deviation, least, median and largest of the values in ``parts``; None for no values."""
    values = np.concatenate(parts) if parts else np.array([])
    if not len(values):
        return None
    return {
        "mean": float(values.mean()),
        "sd": float(values.std()),
        "min": int(values.min()),
        "median": float(np.median(values)),
        "max": int(values.max()),
    }
