"""The strings of a training pair: what a profile item asks, and what it answers."""

from collections.abc import Sequence
from string import Formatter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from lamp_dataset.task import Task

#: ``task``: the benchmark's own instruction, as in the test inputs. ``official``: as the benchmark's code for
#: parameter-efficient fine-tuning asks, which differs where a profile item cannot answer the task.
STYLES = ("task", "official")


def check_style(task: Task, style: str) -> str:
    """``style``, if it is one of :data:`STYLES` and the task has such pairs; ValueError otherwise."""
    if style not in STYLES:
        raise ValueError(f"no style named {style!r}: expected {' or '.join(map(repr, STYLES))}")
    if style == "task" and task.pair.instruction is not None:
        raise ValueError(
            f"{task.name} has no pairs in the style 'task': a profile item holds "
            f"{', '.join(task.profile_fields)}, which does not answer the task ({task.title}). Use the style "
            f"'official': {task.pair.instruction!r}"
        )
    return style


def pair_texts(
    task: Task, items: pa.StructArray, users: Sequence[str], style: str = "task", seed: int = 0
) -> tuple[pa.Array, pa.Array]:
    """Inputs and outputs of items, each of a user.

    Where a text is to be completed, it is cut after a share of its words that depends on seed, user and text alone: the
    same in every process and for every order. Words are joined by single blanks, as in the benchmark's code.
    """
    texts, outputs = (pc.struct_field(items, field) for field in (task.pair.text, task.pair.output))
    if task.pair.lead is not None:
        halves = [
            _cut(text, f"{seed}\0{user}\0{text}", *task.pair.lead)
            for text, user in zip(texts.to_pylist(), users.to_pylist(), strict=True)
        ]
        texts, outputs = (pa.array([half[n] for half in halves], pa.string()) for n in (0, 1))
    if task.pair.asks is not None:
        return _filled(task.pair.asks, items), outputs
    instruction = task.instruction if style == "task" or task.pair.instruction is None else task.pair.instruction
    return pc.binary_join_element_wise(instruction, texts, " "), outputs


def _filled(template: str, items: pa.StructArray) -> pa.Array:
    """The template with the fields of each item; None counts as empty."""
    parts: list[Any] = []
    for text, field, _, _ in Formatter().parse(template):
        parts += [text] if field is None else [text, pc.fill_null(pc.struct_field(items, field), "")]
    return pc.binary_join_element_wise(*parts, "")


def _cut(text: str, key: str, low: float, high: float) -> tuple[str, str]:
    words = text.split()
    first = int(len(words) * (low + (high - low) * xxhash.xxh3_64_intdigest(key.encode()) / 2**64))
    return " ".join(words[:first]), " ".join(words[first:])
