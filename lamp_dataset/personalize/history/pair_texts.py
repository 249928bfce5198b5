"""The strings of a training pair: what a profile item asks, and what it answers."""

from __future__ import annotations

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
    task: Task, items: pa.StructArray, users: pa.Array, style: str = "task", seed: int = 0
) -> tuple[pa.Array, pa.Array]:
    """Input and output of each item.

    Args:
        task: whose items they are.
        items: profile items, all fields strings.
        users: the user of each item.
        style: one of :data:`STYLES`.
        seed: decides where texts are cut that are to be completed; so do user and text, and nothing else.
    """
    texts, outputs = (pc.struct_field(items, name) for name in (task.pair.text, task.pair.output))
    if task.pair.lead is not None:
        both = zip(users.to_pylist(), texts.to_pylist(), strict=True)
        cut = [_cut(text, _share(task, seed, user, text)) for user, text in both]
        texts, outputs = (pa.array([parts[side] for parts in cut], pa.string()) for side in (0, 1))
    instruction = task.instruction if style == "task" or task.pair.instruction is None else task.pair.instruction
    return pc.binary_join_element_wise(pa.scalar(instruction), texts, pa.scalar(" ")), outputs


def _share(task: Task, seed: int, user: str, text: str) -> float:
    """A share between the two of the task, by a hash: the same in every process and for every order."""
    low, high = task.pair.lead
    drawn = xxhash.xxh3_64_intdigest(f"{seed}\0{user}\0{text}".encode()) / 2**64
    return low + (high - low) * drawn


def _cut(text: str, share: float) -> tuple[str, str]:
    """The first words of a text and the rest, words joined by single blanks as in the benchmark's code.

    >>> _cut("so  tired of all this rain", 0.25)
    ('so', 'tired of all this rain')
    """
    words = text.split()
    number = int(len(words) * share)
    return " ".join(words[:number]), " ".join(words[number:])
