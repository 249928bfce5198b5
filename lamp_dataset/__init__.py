"""LaMP, the benchmark of personalized language models, as a Hugging Face dataset.

The rooms, from the bottom up:

* ``task``, ``tasks``, ``registry``: the table of tasks, which holds every fact about a task once.
* ``formats``: the benchmark's files. Each format is read and written in one module.
* ``loading``, ``lamp``: questions and golds as Arrow tables; the builder behind ``load_dataset("lamp", …)``.
* ``personalize``: retrieval, prompts, :class:`Personalizer`, the user of each sample, and training pairs of users.
* ``hub``: Parquet exports, the dataset card, and pushes to a private repository.
* ``commands``: the subcommands of ``lamp-dataset``.

``atomic``, ``web`` and ``lazy`` are tools that every room may use; ``console`` is what commands and scripts say, and
``sample`` holds the embedded data.
"""

from typing import TYPE_CHECKING

from lamp_dataset.formats.layout import SAMPLE
from lamp_dataset.formats.oppu_texts import oppu_summaries
from lamp_dataset.lazy import lazy_exports
from lamp_dataset.loading.datasets_internals import patch_datasets
from lamp_dataset.registry import register
from lamp_dataset.task import SPLITS, ItemPair, Kind, Task, Wording
from lamp_dataset.tasks import TASKS, get_task
from lamp_dataset.version import __version__ as __version__

if TYPE_CHECKING:
    from lamp_dataset.hub.export import export
    from lamp_dataset.hub.push import push_to_hub
    from lamp_dataset.personalize.history.history import History
    from lamp_dataset.personalize.personalizer import Personalizer
    from lamp_dataset.personalize.prompt_options import PromptOptions
    from lamp_dataset.personalize.retrieval.ranking import Ranker, Ranking
    from lamp_dataset.personalize.users.inference import users_of
    from lamp_dataset.personalize.users.profile_swap import swap_profiles
    from lamp_dataset.personalize.users.user_subsets import select_users
else:  # their modules need numpy, pyarrow or the Hub
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "History": "personalize.history.history",
            "Personalizer": "personalize.personalizer",
            "PromptOptions": "personalize.prompt_options",
            "Ranker": "personalize.retrieval.ranking",
            "Ranking": "personalize.retrieval.ranking",
            "export": "hub.export",
            "push_to_hub": "hub.push",
            "select_users": "personalize.users.user_subsets",
            "swap_profiles": "personalize.users.profile_swap",
            "users_of": "personalize.users.inference",
        },
    )

__all__ = [
    "SAMPLE",
    "SPLITS",
    "TASKS",
    "History",
    "ItemPair",
    "Kind",
    "Personalizer",
    "PromptOptions",
    "Ranker",
    "Ranking",
    "Task",
    "Wording",
    "export",
    "get_task",
    "oppu_summaries",
    "push_to_hub",
    "register",
    "select_users",
    "swap_profiles",
    "users_of",
]

patch_datasets()
