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

from lamp_dataset.formats.files import SAMPLE as SAMPLE
from lamp_dataset.formats.oppu import oppu_summaries as oppu_summaries
from lamp_dataset.lazy import lazy_exports
from lamp_dataset.loading.datasets_internals import patch_datasets
from lamp_dataset.registry import register as register
from lamp_dataset.task import SPLITS as SPLITS
from lamp_dataset.task import ItemPair as ItemPair
from lamp_dataset.task import Kind as Kind
from lamp_dataset.task import Task as Task
from lamp_dataset.task import Wording as Wording
from lamp_dataset.tasks import TASKS as TASKS
from lamp_dataset.tasks import get_task as get_task
from lamp_dataset.version import __version__ as __version__

if TYPE_CHECKING:
    from lamp_dataset.atomic import one_run as one_run
    from lamp_dataset.atomic import whole_folder as whole_folder
    from lamp_dataset.atomic import write_whole as write_whole
    from lamp_dataset.console import run_script as run_script
    from lamp_dataset.hub.export import export as export
    from lamp_dataset.hub.push import push_to_hub as push_to_hub
    from lamp_dataset.lazy import load_model as load_model
    from lamp_dataset.lazy import require as require
    from lamp_dataset.loading.licenses import open_gated as open_gated
    from lamp_dataset.personalize.model_names import model_identity as model_identity
    from lamp_dataset.personalize.personalizer import Personalizer as Personalizer
    from lamp_dataset.personalize.prompt_files import read_prompts as read_prompts
    from lamp_dataset.personalize.prompt_options import PromptOptions as PromptOptions
    from lamp_dataset.personalize.prompts.tokens import decode as decode
    from lamp_dataset.personalize.retrieval.ranking import Ranker as Ranker
    from lamp_dataset.personalize.retrieval.ranking import Ranking as Ranking
    from lamp_dataset.personalize.split import item_prompts as item_prompts
    from lamp_dataset.personalize.split import load_split as load_split
    from lamp_dataset.personalize.split import personalize_split as personalize_split
    from lamp_dataset.personalize.training_pairs import History as History
    from lamp_dataset.personalize.users.inference import positions_by_user as positions_by_user
    from lamp_dataset.personalize.users.inference import users_of as users_of
    from lamp_dataset.personalize.users.near import add_neighbor_items as add_neighbor_items
    from lamp_dataset.personalize.users.near import profile_vectors as profile_vectors
    from lamp_dataset.personalize.users.near import similar_users as similar_users
    from lamp_dataset.personalize.users.near import swap_profiles as swap_profiles
    from lamp_dataset.personalize.users.user_subsets import select_samples as select_samples
    from lamp_dataset.personalize.users.user_subsets import select_users as select_users
else:  # their modules need numpy, pyarrow or the Hub
    __getattr__, __dir__, __all__ = lazy_exports(__name__)

patch_datasets()
