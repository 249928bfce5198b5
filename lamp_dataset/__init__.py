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
from lamp_dataset.formats.oppu_summaries import oppu_summaries
from lamp_dataset.lazy import lazy_exports
from lamp_dataset.loading.datasets_internals import patch_datasets
from lamp_dataset.registry import register
from lamp_dataset.task import SPLITS, ItemPair, Kind, Task, Wording
from lamp_dataset.tasks import TASKS, get_task
from lamp_dataset.version import __version__ as __version__

if TYPE_CHECKING:
    from lamp_dataset.atomic import one_run, whole_folder, write_whole
    from lamp_dataset.console import run_script
    from lamp_dataset.hub.export import export
    from lamp_dataset.hub.push import push_to_hub
    from lamp_dataset.lazy import load_model, require
    from lamp_dataset.loading.gated import open_gated
    from lamp_dataset.personalize.history.training_pairs import History
    from lamp_dataset.personalize.item_prompts import item_prompts
    from lamp_dataset.personalize.model_names import model_identity
    from lamp_dataset.personalize.personalizer import Personalizer
    from lamp_dataset.personalize.prompt_files import read_prompts
    from lamp_dataset.personalize.prompt_options import PromptOptions
    from lamp_dataset.personalize.prompts.decoding import decode
    from lamp_dataset.personalize.retrieval.ranking import Ranker, Ranking
    from lamp_dataset.personalize.split import load_split, personalize_split
    from lamp_dataset.personalize.users.inference import positions_by_user, users_of
    from lamp_dataset.personalize.users.neighbors import add_neighbor_items, similar_users
    from lamp_dataset.personalize.users.profile_swap import swap_profiles
    from lamp_dataset.personalize.users.profile_vectors import profile_vectors
    from lamp_dataset.personalize.users.user_subsets import select_samples, select_users
else:  # their modules need numpy, pyarrow or the Hub
    __getattr__, __dir__ = lazy_exports(__name__)

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
    "add_neighbor_items",
    "decode",
    "export",
    "get_task",
    "item_prompts",
    "load_model",
    "load_split",
    "model_identity",
    "one_run",
    "open_gated",
    "oppu_summaries",
    "personalize_split",
    "positions_by_user",
    "profile_vectors",
    "push_to_hub",
    "read_prompts",
    "register",
    "require",
    "run_script",
    "select_samples",
    "select_users",
    "similar_users",
    "swap_profiles",
    "users_of",
    "whole_folder",
    "write_whole",
]

patch_datasets()
