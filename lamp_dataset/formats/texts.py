"""Texts in the benchmark's files: which ones can be stored, and how error messages show a value.

Standard library only.
"""

from __future__ import annotations

from typing import Any

from lamp_dataset.task import Task

#: Longer values are shortened in messages.
SHOWN_CHARS = 78


def short(value: object) -> str:
    """``repr`` for messages, shortened where it is long.

    >>> short("210"), len(short("x" * 100_000))
    ("'210'", 80)
    """
    shown = repr(value[:200] if isinstance(value, str) else value)
    return shown if len(shown) <= SHOWN_CHARS + 4 else f"{shown[:SHOWN_CHARS]} …"


def check_no_stub(text: Any, name: str, task: Task) -> None:
    """Reject a file name that the site publishes in place of a gated text; see :meth:`Task.is_stub`.

    Args:
        text: an input, a gold or a text of a profile item.
        name: the file that holds it, for the message.
        task: the config it is read as.

    Raises:
        ValueError: the text is a stub; the message says how to build the files.
    """
    if task.is_stub(text):
        raise ValueError(
            f"{name}: {task.name} needs texts, found file names in their place, first {short(text)}. "
            "Build the files first: avocado-builder build --help"
        )


def check_encodable(text: str, where: str, field: str) -> None:
    """Reject half a character, which JSON can write but Arrow cannot store.

    Args:
        text: a text from a JSON file.
        where: file and sample, for the message.
        field: the key of the text, for the message.

    Raises:
        ValueError: the text holds a lone surrogate.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{where}: {field!r} holds a lone surrogate, {text[error.start]!r} at character {error.start}: "
            "half a character, which cannot be stored"
        ) from None
