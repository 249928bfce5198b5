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

from lamp_dataset.loading.import_hook import patch_factory, when_imported

NAME = "lamp"
BUILDER = "lamp_dataset.lamp"

#: What decides the rows: the builder's module, the table, and the rooms that read files.
_SOURCES = ("lamp.py", "task.py", "tasks.py", "wording.py", "formats", "loading")


def register() -> None:
    """Make ``load_dataset("lamp", …)`` work, now or when ``datasets`` gets imported; harmless when called again."""
    for module in ("datasets.load", "datasets.inspect"):
        when_imported(module, _wrap)


def _wrap(module: ModuleType) -> None:
    patch_factory(NAME, module, "dataset_module_factory", _dataset_module)


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
    for path in _source_files():
        digest.update(path.read_bytes())
    written = Features({"profile": [{"id": Value("string")}]}).to_dict()
    digest.update(json.dumps(written, sort_keys=True).encode())
    return digest.hexdigest()


def _source_files() -> list[Path]:
    package = Path(__file__).parent.parent
    found = [package / name for name in _SOURCES]
    return [file for path in found for file in ([path] if path.is_file() else sorted(path.glob("*.py")))]
