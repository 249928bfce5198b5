"""LaMP, the benchmark of personalised language models, as a Hugging Face data set."""

from importlib import import_module

from lamp_dataset.formats.layout import SAMPLE
from lamp_dataset.loading.registration import register
from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import TASKS, get_task

__version__ = "0.1.0"
__all__ = ["SAMPLE", "SPLITS", "TASKS", "Personalizer", "Task", "export", "get_task", "push_to_hub"]

#: Public names whose modules need numpy, pyarrow or the Hub: imported when first asked for.
_LATE = {
    "Personalizer": "lamp_dataset.personalize.personalizer",
    "export": "lamp_dataset.hub.export",
    "push_to_hub": "lamp_dataset.hub.push",
}

register()


def __getattr__(name: str) -> object:
    """The names of ``_LATE``."""
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The names of ``_LATE`` too, for completion."""
    return sorted({*globals(), *_LATE})
