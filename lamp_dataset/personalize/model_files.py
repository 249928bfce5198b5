"""Folders of models and code of users: what is in them decides the result, so caches must see more than their names."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from contextlib import suppress

from lamp_dataset.loading.raw_files import CONTENT, hash_file

#: Endings of a tokenizer's files. The weights next to them are large and do not matter to it.
TOKENIZER_FILES = (".json", ".txt", ".model", ".jinja", ".tiktoken", ".py")


def content_of(name: object, endings: tuple[str, ...] = ("",)) -> str:
    """A digest of the files in a folder; "" if ``name`` is not the path of a folder.

    Args:
        name: a folder, the name of a model on the Hub, or a loaded model.
        endings: of the files that count; by default all of them, also those in folders below.
    """
    if not isinstance(name, str) or not os.path.isdir(name):
        return ""
    digest = CONTENT()
    for path in sorted(_files(name, endings)):
        digest.update(f"{os.path.relpath(path, name)}\0{hash_file(path, CONTENT)}\0".encode())
    return digest.hexdigest()


def code_of(ranker: object) -> str:
    """A digest of the file that defines a user's own class; "" for a class of ours, and where there is no file."""
    kind = type(ranker)
    with suppress(TypeError, OSError):
        return "" if kind.__module__.startswith("lamp_dataset.") else hash_file(inspect.getfile(kind), CONTENT)[1]
    return ""


def check_content(name: str, endings: tuple[str, ...], expected: str) -> None:
    """Raise ValueError if the folder ``name`` no longer has the content ``expected``."""
    if content_of(name, endings) != expected:
        raise ValueError(f"{name}: the files in this folder have changed while they were in use; start again")


def _files(folder: str, endings: tuple[str, ...]) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        if place == folder or "" in endings:
            yield from (os.path.join(place, name) for name in names if name.endswith(endings))
