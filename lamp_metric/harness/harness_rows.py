"""The rows that every evaluation harness asks a model: the samples of a split with prompts, golds and users."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lamp_dataset.formats.layout import SAMPLE
from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.prompt_options import PROFILES, PROMPT_OPTIONS
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

if TYPE_CHECKING:
    import datasets

#: The columns that a harness gets; "target" is None where the golds are withheld.
COLUMNS = ("id", "config", "user_id", "source", "messages", "target")
#: Most tokens of an answer, as in the official scripts (``--generation_max_length``). Half would cut a few odd tweets.
MAX_ANSWER = 128


def harness_rows(
    config: str | Task,
    *,
    split: str = "validation",
    data_dir: str | None = None,
    profile: str = "own",
    users: Any = None,
    **prompts: Any,
) -> datasets.Dataset:
    """The samples of a split as a harness asks them, with the columns :data:`COLUMNS`.

    Args:
        config: config name, such as ``"LaMP_3"``, or a task.
        split: ``"train"``, ``"validation"`` or ``"test"``.
        data_dir: folder with the official files, or ``"sample"`` for the embedded sample; None: they are fetched.
        profile: one of :data:`~lamp_dataset.personalize.prompt_options.PROFILES`.
        users: ids of users, or the path of a users file: only their samples; None for all.
        prompts: fields of :class:`~lamp_dataset.personalize.prompt_options.PromptOptions`.
    """
    from lamp_dataset import Personalizer
    from lamp_dataset.personalize.split import load_split, personalize_split

    if profile not in PROFILES:
        raise ValueError(f"expected {', '.join(PROFILES)} as profile, found {short(profile)}")
    task, of_retriever = get_task(config), prompts.pop("retriever_options", None) or {}
    options = prompts | ({"k": 0} if profile == "none" else {})
    personalizer = Personalizer(task, **options, **of_retriever)
    if isinstance(users, str) and not os.path.exists(users):
        raise FileNotFoundError(f"users: expected a users file or a list of ids, found no file {short(users)}")
    if users is not None and not isinstance(users, (str, list, tuple)):
        users = [users]  # a harness reads one id without quotation marks as a number
    swap = {"other": {}, "similar": {"by": "similar", "task": task}}.get(profile)
    folder = SAMPLE if data_dir == "sample" else data_dir
    rows = load_split(task, split, folder, users=users, swap=swap, name_users=True)
    prompts = personalize_split(rows, personalizer)
    return prompts.add_column("config", [task.name] * len(prompts)).select_columns(list(COLUMNS))


#: The options of a harness, by name.
OPTIONS = ("split", "data_dir", "profile", "users", *PROMPT_OPTIONS)
