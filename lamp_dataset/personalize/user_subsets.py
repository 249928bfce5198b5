"""The rows of some users."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from lamp_dataset.formats.user_files import read_user_subset, subset_of
from lamp_dataset.personalize.users import tables, users_in
from lamp_dataset.task import SPLITS
from lamp_dataset.tasks import TASKS


def select_users(rows: Any, ids: Iterable[str | int] | str | os.PathLike[str]) -> Any:
    """The rows of some users, in their order.

    A user is what :func:`users_of` gives: the row's ``user_id``, or where rows have none, the user inferred from the
    profiles. Inferred users depend on which rows there are: select from a whole split.

    Args:
        rows: rows of one split, as :func:`users_of` takes them.
        ids: ids of users, strings or whole numbers, such as another data set's column; or the path of a users file, as
            ``lamp-dataset users`` writes it, or with an id per line.

    Returns:
        The same kind of thing: a ``Dataset``, an ``IterableDataset`` (which is read once to find its users), an Arrow
        table, or for other iterables a list of the rows.

    Raises:
        ValueError: some of the users have no rows, unless a users file was made from another split of a time-based
            config; the file belongs to another config, or to another split of a user-based one; or it has another
            shape.
        OSError: the file cannot be read.

    >>> rows = [{"id": "1", "user_id": "a"}, {"id": "2", "user_id": "b"}, {"id": "3", "user_id": "a"}]
    >>> [row["id"] for row in select_users(rows, ["a"])]
    ['1', '3']
    """
    if not hasattr(rows, "column_names") and not isinstance(rows, (str, bytes, Mapping)) and hasattr(rows, "__iter__"):
        rows = list(rows)  # to be read twice
    found = samples_of_users(rows, ids)
    if isinstance(rows, list):
        return [rows[position] for position in found]
    if isinstance(rows, pa.Table):
        return rows.take(list(found))
    if hasattr(rows, "select"):
        return rows.select(list(found))
    # A stream may come in another order the next time.
    return rows.filter(_OneOf(found.values()), input_columns=["id"])


def samples_of_users(rows: Any, ids: Iterable[str | int] | str | os.PathLike[str]) -> dict[int, Any]:
    """Position -> sample id of the rows of some users; arguments and errors as for :func:`select_users`."""
    subset = read_user_subset(ids) if isinstance(ids, (str, os.PathLike)) else subset_of(dict.fromkeys(ids))
    config, split = origin_of(rows)
    if config is not None:
        subset.check_fits(TASKS[config], split)
    seen: list[Any] = []
    users = users_in(_noting(tables(rows), seen))
    return {position: seen[position] for position in subset.positions(users, split)}


def origin_of(rows: Any) -> tuple[str | None, str | None]:
    """Config and split of a data set, as far as it tells."""
    info = getattr(rows, "info", None)
    config, split = getattr(info, "config_name", None), str(getattr(rows, "split", None))
    ours = getattr(info, "dataset_name", None) == "lamp" and config in TASKS
    return (config, split if split in SPLITS else None) if ours else (None, None)


def _noting(parts: Iterable[pa.Table], ids: list[Any]) -> Iterator[pa.Table]:
    """The same tables; the sample ids are added to ``ids``."""
    for table in parts:
        ids += table["id"].to_pylist() if "id" in table.column_names else [None] * len(table)
        yield table


class _OneOf:
    """Whether a sample is one of some."""

    def __init__(self, ids: Iterable[Any]) -> None:
        self._ids = frozenset(ids)

    def __call__(self, sample_id: Any) -> bool:
        return sample_id in self._ids
