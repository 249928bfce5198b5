"""All that this package takes from evaluate beyond its public interface, in one place.

``evaluate.Metric`` writes what it is given into an Arrow file, one per process, and locks it until the scores are
computed. It does not clean up after an error, and it writes no file if it is given nothing; the functions here do.
``evaluate.load`` finds modules through one function, which is replaced for this name. Checked on evaluate 0.4.6.

Nothing here imports evaluate: its objects are passed in.
"""

import contextlib
import os
from types import ModuleType
from typing import Any

from lamp_dataset.loading.find_by_name import patch_factory, when_imported
from lamp_dataset.version import __version__
from lamp_metric.signature import SCORING_VERSION

#: What ``evaluate.load`` calls the module.
NAME = "lamp_metric"


def patch_evaluate() -> None:
    """Make evaluate find the module under this name, now or as soon as evaluate is imported."""
    when_imported("evaluate.loading", _patch)


def _patch(loading: ModuleType) -> None:
    version = f"{__version__}-rule{SCORING_VERSION}"  # goes into the path of the cache
    # The class is looked up late: a stand-in for the module may not have it.
    make = "evaluation_module_factory"
    patch_factory(NAME, loading, make, lambda *_, **__: loading.ImportableModule(f"{NAME}.{NAME}", version))


def is_collecting(metric: Any) -> bool:
    """Whether samples were added since the last scores; an error then leaves them as they are."""
    return metric.writer is not None


def write_empty_file(metric: Any) -> None:
    """Write the file of a process without samples. Without it, the main process would wait for the file in vain."""
    if not is_collecting(metric):
        metric.selected_feature_format = metric.features[-1]
        metric._init_writer()


def forget_files(metric: Any) -> None:
    """After the scores: other instances may use the files and locks by now, so a later error must not touch them."""
    metric.filelocks = metric.file_paths = None


def discard(metric: Any) -> None:
    """After an error: give up what evaluate has written and locked, so that the next call starts clean."""
    metric.data = metric.buf_writer = None
    for lock, path in zip(metric.filelocks or (), metric.file_paths or (), strict=False):
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)
        lock.release()
    forget_files(metric)
