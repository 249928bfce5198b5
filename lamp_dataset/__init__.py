"""LaMP, the benchmark of personalized language models, as a Hugging Face data set."""

from typing import TYPE_CHECKING

from lamp_dataset.formats.layout import SAMPLE
from lamp_dataset.lazy import lazy_exports
from lamp_dataset.loading.registration import register
from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import TASKS, get_task

if TYPE_CHECKING:
    from lamp_dataset.hub.export import export
    from lamp_dataset.hub.push import push_to_hub
    from lamp_dataset.personalize.personalizer import Personalizer
else:  # their modules need numpy, pyarrow or the Hub
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {"Personalizer": "personalize.personalizer", "export": "hub.export", "push_to_hub": "hub.push"},
    )

__version__ = "0.1.0"
__all__ = ["SAMPLE", "SPLITS", "TASKS", "Personalizer", "Task", "export", "get_task", "push_to_hub"]

register()
