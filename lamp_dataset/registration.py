"""Puts ``"lamp"`` where ``datasets`` looks for data sets.

``datasets`` 4 and newer load no script files, but any builder in an importable module. All its loaders ask
``dataset_module_factory(path, …)``, bound in ``datasets.load`` and ``datasets.inspect``; here both are wrapped, so that
the name ``"lamp"`` answers with our builder and every other name goes on as before. Works on ``datasets`` 3.6 to 5.2.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from types import ModuleType

from lamp_dataset.imports import answer_for, when_imported

NAME = "lamp"
BUILDER = "lamp_dataset.lamp"

#: The builder's module and all that it imports: a change of theirs makes new rows.
_SOURCES = (
    "lamp",
    "official",
    "rows",
    "json_list",
    "json_text",
    "golds",
    "files",
    "fetching",
    "sources",
    "tasks",
    "wording",
)


def register() -> None:
    """Make ``load_dataset("lamp", …)`` work, now or when ``datasets`` gets imported; harmless when called again."""
    for module in ("datasets.load", "datasets.inspect"):
        when_imported(module, _wrap)


def _wrap(module: ModuleType) -> None:
    answer_for(NAME, module, "dataset_module_factory", _dataset_module)


def _dataset_module():
    import datasets.load

    return datasets.load.DatasetModule(BUILDER, _source_hash(), {"dataset_name": NAME})


@functools.cache
def _source_hash() -> str:
    """Part of the cache folder's name: our sources, and how this version of ``datasets`` writes a feature.

    Rows that one version prepared can be unreadable for another.
    """
    from datasets import Features, Value

    digest = hashlib.sha256()
    for name in _SOURCES:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    written = Features({"profile": [{"id": Value("string")}]}).to_dict()
    digest.update(json.dumps(written, sort_keys=True).encode())
    return digest.hexdigest()
