"""A whole split of a config: load it, personalize it, rank its profiles, and ask about item after item."""

import copy
import os
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import datasets
import pyarrow as pa
from datasets.fingerprint import Hasher

from lamp_dataset.formats.files import find_files
from lamp_dataset.formats.questions import read_user_column
from lamp_dataset.formats.texts import check_unique, short
from lamp_dataset.loading.datasets_internals import fingerprint_of
from lamp_dataset.personalize.personalizer import Personalizer
from lamp_dataset.personalize.retrieval.rankers import First
from lamp_dataset.personalize.users.inference import users_of
from lamp_dataset.personalize.users.near import swap_profiles
from lamp_dataset.personalize.users.user_subsets import chosen_positions
from lamp_dataset.personalize.workers import shared
from lamp_dataset.task import Task
from lamp_dataset.tasks import TASKS, get_task

#: Rows at a time.
BATCH = 256
#: Of a batch, the rows that one process of several gets at a time.
PART = 64
#: The columns of the prompts of items, all texts.
ITEM_COLUMNS = ("id", "source", "target")
#: Rows whose items are asked about at a time; their profiles are Python objects.
FEW = 16


def load_split(
    config: str | Task,
    split: str,
    data_dir: str | None = None,
    limit: int | None = None,
    users: str | os.PathLike[str] | None = None,
    user_column: str | None = None,
    samples: str | os.PathLike[str] | None = None,
    *,
    swap: Mapping[str, Any] | None = None,
    name_users: bool = False,
) -> datasets.Dataset:
    """The first ``limit`` rows of a split, or of some users or some samples (all by default).

    Only the files of that split are fetched or read. Users are inferred and profiles swapped in the whole split, so
    that some of its rows are the same as among all.

    Args:
        config: config name or task.
        split: ``"train"``, ``"validation"`` or ``"test"``.
        data_dir: folder with the official files; None: they are fetched.
        limit: number of rows.
        users: file of users, or their ids: only their rows.
        user_column: the key under which the files in ``data_dir`` name a row's user, if it is not ``user_id``; the rows
            have it as ``user_id``.
        samples: file of samples, or their ids: only these rows.
        swap: arguments of :func:`lamp_dataset.swap_profiles`, which then gives the rows other users' profiles.
        name_users: whether rows that do not name their user get an inferred one as ``user_id``.

    Raises:
        ValueError: the task is not registered, the files do not fit the config, or the file ``users`` or ``samples``
            does not fit the rows; the message names file and sample. Or ``limit`` is below 1.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit: expected at least 1, found {limit}")
    if user_column is not None and data_dir is None:
        raise ValueError(f"the published files have no column {short(user_column)}; name the folder of those that do")
    task = get_task(config)
    if TASKS.get(task.name) != task:
        raise ValueError(f"load_dataset knows no such task as {task.name!r}; lamp_dataset.register adds it")
    try:
        rows = datasets.load_dataset("lamp", task.name, split=split, splits=(split,), data_dir=data_dir)
    except datasets.exceptions.DatasetGenerationError as error:
        # the builder's own message, which names file and sample, is the cause
        raise ValueError(str(error.__cause__ or error)) from error
    if user_column is not None:
        whose = read_user_column(find_files(task, data_dir, [split])[split].questions, user_column)
        rows = rows.remove_columns([name for name in rows.column_names if name == "user_id"])
        rows = rows.add_column("user_id", [whose[sample_id] for sample_id in rows["id"]])
    kept = chosen_positions(rows, users, samples)[:limit]
    if name_users and "user_id" not in rows.column_names:
        rows = rows.add_column("user_id", users_of(rows))
    if swap is not None and swap.get("by") == "similar":
        return swap_profiles(rows, **swap, only=kept)
    return (rows if swap is None else swap_profiles(rows, **swap)).select(kept)


def personalize_split(rows: datasets.Dataset, personalizer: Personalizer, workers: int = 1) -> datasets.Dataset:
    """``rows`` with the personalizer's columns in place of the profile, made by ``workers`` processes of this machine.

    Several processes give the same rows in the same order, and the same files of them. Not ``map(num_proc=…)``: it
    reports an error only after all other processes have done all their rows, and hangs on errors that do not pickle.
    """
    options = {
        "batched": True,
        "batch_size": BATCH,
        "remove_columns": ["profile"],
        "features": personalizer.features(rows.features),
        "desc": "Personalizing",
    }
    if workers == 1:
        return rows.map(personalizer, **options)
    parts = rows.with_format("arrow").iter(PART)
    fingerprint = Hasher.hash((fingerprint_of(rows), personalizer))
    with shared(parts, personalizer, min(workers, -(-len(rows) // PART))) as done:
        # batches of the same size as above, since how rows are batched shows in a Parquet file
        return rows.map(lambda _: pa.concat_tables(islice(done, BATCH // PART)), new_fingerprint=fingerprint, **options)


def rank_split(rows: datasets.Dataset, personalizer: Personalizer) -> Iterator[tuple[str, list[str]]]:
    """Pairs of sample id and the ids of all items of its profile, best first, with a progress bar.

    An error while ranking ends the bar's line, so that the error's message has a line of its own.
    """
    from tqdm import tqdm

    with tqdm(total=len(rows), desc="Ranking", unit=" samples") as progress:
        for batch in rows.with_format("arrow").iter(BATCH):
            yield from personalizer.rank(batch).items()
            progress.update(len(batch))


def item_prompts(rows: datasets.Dataset, personalizer: Personalizer, top: int = 16) -> datasets.Dataset:
    """The prompts of each sample with one of its best items alone, and before them the one without items.

    Source of the rule: the benchmark's code for feedback on items (arXiv 2404.05970), which has no prompt without
    items.

    Args:
        rows: rows of one split.
        personalizer: ranks the profiles and words the prompts; its ``k`` is ignored.
        top: number of items of each profile.

    Returns:
        A dataset on disk with the columns ``id``, ``source`` and ``target`` (the gold). The ids are ``"SAMPLE"`` for
        the prompt without items, and ``"SAMPLE-ITEM"``.

    Raises:
        ValueError: as for a call of the personalizer; two items of a profile share an id, or two prompts would, as
            those of item ``"b-c"`` of sample ``"a"`` and of item ``"c"`` of sample ``"a-b"``; there are no rows, or
            ``top`` is below 1.
    """
    if top < 1 or not len(rows):
        raise ValueError(f"expected at least 1 row and 1 item, found {len(rows)} rows and top={top}")
    alone = copy.copy(personalizer)
    alone.k, alone.ranker = 1, First()
    made = rows.with_format("arrow").map(
        _prompts,
        batched=True,
        batch_size=FEW,
        remove_columns=rows.column_names,
        features=datasets.Features({name: datasets.Value("string") for name in ITEM_COLUMNS}),
        fn_kwargs={"personalizer": personalizer, "alone": alone, "top": top},
        desc="Prompts",
    )
    check_unique(made["id"].to_pylist(), "the prompts of items")
    return made.with_format(None)


def _prompts(rows: pa.Table, personalizer: Personalizer, alone: Personalizer, top: int) -> pa.Table:
    """All prompts of some rows; ``personalizer`` ranks their items, and ``alone`` words each."""
    ranked, asked = personalizer.rank(rows), []
    for row in rows.to_pylist():
        items = {item["id"]: item for item in row["profile"] or ()}
        best = ranked[row["id"]][:top]
        asked.append({**row, "profile": []})
        asked += ({**row, "id": f"{row['id']}-{item_id}", "profile": [items[item_id]]} for item_id in best)
    made = alone({name: [question[name] for question in asked] for name in rows.column_names})
    return pa.table([[question["id"] for question in asked], made["source"], made["target"]], list(ITEM_COLUMNS))
