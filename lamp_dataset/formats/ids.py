"""Sample ids: the one check for duplicates, and the one check that two sides hold the same samples.

Standard library only.
"""

from collections.abc import Collection, Iterable

from lamp_dataset.formats.texts import counted, short


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
