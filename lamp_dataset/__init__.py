"""LaMP, the benchmark of personalised language models, as a Hugging Face data set."""

from lamp_dataset.tasks import SPLITS, TASKS, Task, get_task

__version__ = "0.1.0"
__all__ = ["SPLITS", "TASKS", "Task", "get_task"]
