"""Texts and sample ids: what messages quote, what can be written, and the checks of ids. Standard library only."""

import numbers
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from lamp_dataset.task import Task

#: Longer values are shortened in messages.
SHOWN_CHARS = 78


class Number(str):
    """A JSON number as the file spells it; the type distinguishes it from a string."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Without quotation marks: messages show a number."""
        return str(self)


def short(value: object) -> str:
    """``repr`` for messages, shortened where it is long. A string keeps its closing quotation mark.

    >>> short("210"), short(Number("210")), short("so tired " * 99)[-12:], len(short("x" * 100_000))
    ("'210'", '210', "red so tir…'", 81)
    """
    if isinstance(value, str) and not isinstance(value, Number):
        cut = str(value[: SHOWN_CHARS + 3])
        if len(value) == len(cut) and len(repr(cut)) <= SHOWN_CHARS + 4:
            return repr(cut)
        cut = cut[:SHOWN_CHARS]
        while len(repr(cut)) > SHOWN_CHARS + 2:
            cut = cut[:-1]
        return f"{repr(cut)[:-1]}…{repr(cut)[-1]}"
    shown = repr(value)
    return shown if len(shown) <= SHOWN_CHARS + 4 else f"{shown[:SHOWN_CHARS]} …"


def printable(text: str) -> str:
    """``text`` for a terminal: characters that it would obey, such as line ends and colors, are shown as escapes.

    >>> print(printable("so tired" + chr(27) + "[31m"))
    so tired\\x1b[31m
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def is_whole(value: object) -> bool:
    """Whether it is a whole number of any library, numpy's included; True and False are none.

    >>> is_whole(4), is_whole(True), is_whole(4.0)
    (True, False, False)
    """
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def counted(number: int, noun: str) -> str:
    """A number of things in words; ``noun`` is in the plural, and for one thing its last letter is left out.

    >>> counted(1, "users"), counted(0, "users"), counted(2500, "samples")
    ('1 user', '0 users', '2,500 samples')
    """
    return f"{number:,} {noun[:-1] if number == 1 else noun}"


def counted_each(numbers: Mapping[str, int], noun: str) -> str:
    """Some numbers of things with their names in words; arguments as for :func:`counted`.

    >>> counted_each({"train": 2500, "test": 1}, "rows")
    'train 2,500, test 1 row'
    """
    listed = ", ".join(f"{name} {number:,}" for name, number in numbers.items())
    return f"{listed} {noun[:-1] if list(numbers.values())[-1:] == [1] else noun}"


def check_no_stub(text: Any, name: str, task: Task) -> None:
    """ValueError for a file name in place of a gated text, see :meth:`Task.is_stub`; it says how to build the files."""
    if task.is_stub(text):
        raise ValueError(
            f"{name}: {task.name} needs texts, found file names in their place, first {short(text)}. "
            "Build the files first: avocado-builder build --help"
        )


def check_encodable(text: str, where: str, field: str) -> None:
    """ValueError for half a character (a lone surrogate), which JSON can write but Arrow cannot store.

    The message names ``where``, file and sample, and ``field``, the key of the text.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{where}: {field!r} holds a lone surrogate, {text[error.start]!r} at character {error.start}: "
            "half a character, which cannot be stored"
        ) from None


class DuplicateIdError(ValueError):
    """An id occurs more than once where ids must be unique."""


class IdMismatchError(ValueError):
    """Two files or lists that must hold the same samples hold different ones."""


def duplicates(ids: Iterable[str]) -> list[str]:
    """The ids that occur more than once, in the order of their second occurrence.

    >>> duplicates(["210", "211", "210", "210"])
    ['210']
    """
    seen: set[str] = set()
    again: dict[str, None] = {}
    for sample_id in ids:
        if sample_id in seen:
            again[sample_id] = None
        seen.add(sample_id)
    return list(again)


class UniqueIds(set[str]):
    """The ids of a stream so far, in the file or argument ``where``; refuses one that came before."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where

    def add(self, sample_id: str) -> None:
        """Take in the next id; DuplicateIdError if it came before."""
        if sample_id in self:
            raise DuplicateIdError(f"{self._where}: duplicate id {short(sample_id)}; ids must be unique")
        super().add(sample_id)

    def add_all(self, ids: Iterable[str]) -> None:
        """Take in the next ids; DuplicateIdError at the first one that came before."""
        for sample_id in ids:
            self.add(sample_id)


def check_unique(ids: Iterable[str], where: str) -> None:
    """DuplicateIdError if an id occurs more than once in the file or argument ``where``; it names the first one."""
    UniqueIds(where).add_all(ids)


def difference(found: Collection[str], expected: Collection[str]) -> tuple[list[str], list[str]]:
    """The ids missing from ``found`` and the extra ones in it, each in the order of its own side.

    >>> difference(["211", "299"], ["210", "211"])
    (['210'], ['299'])
    """
    known, there = set(expected), set(found)
    return [i for i in expected if i not in there], [i for i in found if i not in known]


def check_same_ids(found: Collection[str], expected: Collection[str], names: tuple[str, str]) -> None:
    """IdMismatchError if ``found``, such as predictions, has other ids than ``expected``, such as golds.

    The message calls the two sides by ``names``, says how many ids are missing and extra, and names the first.
    """
    missing, extra = difference(found, expected)
    parts = []
    if missing:
        parts.append(
            f"{names[0]} lacks {len(missing)} of the {len(expected)} ids in {names[1]} (first: {short(missing[0])})"
        )
    if extra:
        parts.append(f"{names[0]} has {counted(len(extra), 'ids')} not in {names[1]} (first: {short(extra[0])})")
    if parts:
        raise IdMismatchError(f"{'; '.join(parts)}. Are both from the same split and task?")
