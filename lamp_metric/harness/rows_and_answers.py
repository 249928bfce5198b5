"""What the harnesses share: the rows that they ask a model, with prompts, golds and users, and the answers they log."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamp_dataset.formats.files import SAMPLE
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.formats.texts import UniqueIds, short
from lamp_dataset.personalize.prompt_options import PROFILES, PROMPT_OPTIONS
from lamp_dataset.task import Task
from lamp_dataset.tasks import TASKS, get_task

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


def collect(
    logged: Iterable[tuple[Any, Any, Any]], path: Path, config: str | None = None, expected: int | None = None
) -> Outputs:
    """The answers of one run to one config, in a log at ``path``.

    ``logged``: triples of config, sample id and answer. ``config``: which config is wanted. ``expected``: the number of
    samples in the split, if all of them must have an answer and the log says it.
    """
    name = str(path)
    ids, by_id, configs = UniqueIds(name), {}, set()
    for found, sample_id, answer in logged:
        configs.add(found if isinstance(found, str) and found in TASKS else short(found))
        if len(configs) > 1 or configs.isdisjoint(TASKS if config is None else (config,)):
            wanted = config or "one of this benchmark's configs"
            raise ValueError(f"{name}: expected samples of {wanted}, found {', '.join(sorted(configs))}")
        if not isinstance(sample_id, str) or not isinstance(answer, str):
            where = f"{short(sample_id)} and {short(answer)}"
            raise ValueError(f"{name}: expected strings as a sample's id and answer, found {where}")
        ids.add(sample_id)
        by_id[sample_id] = answer
    if not by_id:
        raise ValueError(f"{name}: expected samples with their answers, found none")
    if expected is not None and len(by_id) < expected:
        raise ValueError(
            f"{name}: expected answers to all {expected} samples of the split, found {len(by_id)}: the run was limited "
            "or stopped; --partial accepts that"
        )
    return Outputs(configs.pop(), by_id, name)


def choose(logs: Sequence[tuple[str, Path]], config: str | None, place: Path) -> Path:
    """The log that is meant, among the pairs of config and log found in ``place``."""
    found = [(name, path) for name, path in logs if config in (None, name)]
    names = sorted({name for name, _ in found})
    if len(names) > 1:
        raise ValueError(f"{place}: holds logs of {', '.join(names)}; choose one of them with --config")
    if not found:
        there = ", ".join(sorted({name for name, _ in logs})) or "none of this benchmark"
        raise ValueError(f"{place}: expected a log{f' of {config}' if config else ''}, found {there}")
    if len(found) > 1:
        runs = ", ".join(str(path) for _, path in found)
        raise ValueError(f"{place}: holds {len(found)} logs of {names[0]}; name one of them: {runs}")
    return found[0][1]
