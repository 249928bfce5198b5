"""Makes ``load_dataset("lamp", …)`` work, and tells its cache when rows must be prepared again."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from lamp_dataset.loading import datasets_internals

NAME = "lamp"
BUILDER = "lamp_dataset.lamp"

#: What decides the rows: the builder's module, the table, and the rooms that read files.
_SOURCES = ("lamp.py", "task.py", "tasks.py", "formats", "loading")


def register() -> None:
    """Make ``load_dataset("lamp", …)`` work, now or once ``datasets`` is imported; calling it again changes nothing."""
    datasets_internals.teach(NAME, BUILDER, lambda: source_hash())


@functools.cache
def source_hash() -> str:
    """Part of the cache folder's name: our sources, and how this version of ``datasets`` writes a feature.

    Rows that one version prepared can be unreadable for another.
    """
    digest = hashlib.sha256()
    for path in source_files():
        digest.update(path.read_bytes())
    digest.update(datasets_internals.feature_format().encode())
    return digest.hexdigest()


def source_files() -> list[Path]:
    """The modules that decide the rows, in a fixed order."""
    package = Path(__file__).parent.parent
    found = [package / name for name in _SOURCES]
    return [file for path in found for file in ([path] if path.is_file() else sorted(path.glob("*.py")))]
