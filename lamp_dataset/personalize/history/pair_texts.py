"""The strings of a training pair: what a profile item asks, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping

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


def pair_texts(task: Task, item: Mapping[str, str], user: str, style: str = "task", seed: int = 0) -> tuple[str, str]:
    """Input and output of an item of a user.

    Where a text is to be completed, it is cut after a share of its words that depends on seed, user and text alone: the
    same in every process and for every order. Words are joined by single blanks, as in the benchmark's code.
    """
    text, output = item[task.pair.text], item[task.pair.output]
    if task.pair.lead is not None:
        low, high = task.pair.lead
        drawn = xxhash.xxh3_64_intdigest(f"{seed}\0{user}\0{text}".encode()) / 2**64
        words = text.split()
        first = int(len(words) * (low + (high - low) * drawn))
        text, output = " ".join(words[:first]), " ".join(words[first:])
    instruction = task.instruction if style == "task" or task.pair.instruction is None else task.pair.instruction
    return f"{instruction} {text}", output
