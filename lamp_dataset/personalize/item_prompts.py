"""What each item of a profile is worth to a model: the prompts that ask, each with one item alone."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lamp_dataset.formats.ids import check_unique
from lamp_dataset.personalize.retrieval.rankers import First

if TYPE_CHECKING:
    import datasets

    from lamp_dataset.personalize.personalizer import Personalizer

#: The columns of such prompts, all texts.
COLUMNS = ("id", "source", "target")
#: Rows whose profiles are Python objects at a time.
ROWS = 16


def item_prompts(rows: datasets.Dataset, personalizer: Personalizer, top: int = 16) -> datasets.Dataset:
    """The prompts of each sample with one of its best items alone, and before them the one without items.

    Source of the rule: the benchmark's code for feedback on items (arXiv 2404.05970), which has no prompt without
    items.

    Args:
        rows: rows of one split.
        personalizer: ranks the profiles and words the prompts; its ``k`` plays no part.
        top: of each profile, the number of items.

    Returns:
        A dataset on disk with the columns ``id``, ``source`` and ``target`` (the gold). The ids are ``"SAMPLE"`` for
        the prompt without items, and ``"SAMPLE-ITEM"``.

    Raises:
        ValueError: as for a call of the personalizer; two items of a profile share an id, or two prompts would, as
            those of item ``"b-c"`` of sample ``"a"`` and of item ``"c"`` of sample ``"a-b"``; there are no rows, or
            ``top`` is below 1.
    """
    import datasets  # imported late: it takes a second

    if top < 1 or not len(rows):
        raise ValueError(f"expected at least 1 row and 1 item, found {len(rows)} rows and top={top}")
    alone = copy.copy(personalizer)
    alone.k, alone.ranker = 1, First()
    made = rows.with_format("arrow").map(
        _prompts,
        batched=True,
        batch_size=ROWS,
        remove_columns=rows.column_names,
        features=datasets.Features({name: datasets.Value("string") for name in COLUMNS}),
        fn_kwargs={"personalizer": personalizer, "alone": alone, "top": top},
        desc="Prompts",
    )
    check_unique(made["id"].to_pylist(), "the prompts of items")
    return made.with_format(None)


def _prompts(rows: pa.Table, personalizer: Personalizer, alone: Personalizer, top: int) -> pa.Table:
    """All prompts of some rows, given what ranks their items and what words one alone."""
    ranked = personalizer.rank(rows)
    asked = [question for row in rows.to_pylist() for question in _alone(row, ranked[row["id"]][:top])]
    made = alone({name: [question[name] for question in asked] for name in rows.column_names})
    return pa.table([[question["id"] for question in asked], made["source"], made["target"]], list(COLUMNS))


def _alone(row: Mapping[str, Any], item_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The row without a profile, and with each of these items as its profile."""
    items = {item["id"]: item for item in row["profile"] or ()}
    yield {**row, "profile": []}
    for item_id in item_ids:
        yield {**row, "id": f"{row['id']}-{item_id}", "profile": [items[item_id]]}
