"""LaMP, the benchmark of personalised language models, as a Hugging Face data set."""

from pathlib import Path

from lamp_dataset.registration import register
from lamp_dataset.tasks import SPLITS, TASKS, Task, get_task

__version__ = "0.1.0"
__all__ = ["SAMPLE", "SPLITS", "TASKS", "Personalizer", "Task", "get_task"]

#: Folder of a tiny made-up sample of all configs in the benchmark's own layout, for ``data_dir=lamp_dataset.SAMPLE``.
SAMPLE = str(Path(__file__).resolve().parent / "sample")

register()


def __getattr__(name: str) -> object:
    """Personalizer comes with numpy and pyarrow, so it is imported when first asked for."""
    if name == "Personalizer":
        from lamp_dataset.personalizer import Personalizer

        return Personalizer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
