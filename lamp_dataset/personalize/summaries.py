"""Summaries: a text about each row's user to put in front of the prompt, by user or in a column of the rows."""

import os
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from lamp_dataset.formats.json_files import read_json
from lamp_dataset.formats.texts import check_encodable, short
from lamp_dataset.personalize.retrieval.samples import column_of

_SHAPE = '{"user": "summary", …}'


def read_summaries(given: Any) -> str | dict[str, str]:
    """The name of the column that holds the summaries; or user -> summary, from a mapping or a JSON file of one.

    A file is a path object, or a string that ends in ``.json``. ValueError for something else, or a summary that is not
    a text; OSError if the file cannot be read.
    """
    is_file = isinstance(given, os.PathLike) or (isinstance(given, str) and given.endswith(".json"))
    if isinstance(given, str) and given and not is_file:
        return given
    name, found = (str(given), read_json(given)) if is_file else ("summary", given)
    if not isinstance(found, Mapping):
        expected = f"summaries {_SHAPE}" if is_file else "a column's name, a JSON file or a mapping of users to texts"
        raise ValueError(f"{name}: expected {expected}, found {short(found)}")
    for user, text in found.items():
        where = f"{name}: user {short(user)}"
        if not isinstance(text, str):
            raise ValueError(f"{where}: expected a string as summary, found {short(text)}")
        check_encodable(text, where, "summary")
    return {str(user): str(text) for user, text in found.items()}


def summaries_of(summaries: str | Mapping[str, str], batch: Mapping[str, Any] | pa.Table) -> list[str]:
    """The summary of each row's user, "" for None; ``summaries`` is what :func:`read_summaries` gives.

    ValueError if the column is missing or holds something else than texts, or a user has no summary.
    """
    by_user = not isinstance(summaries, str)
    column = "user_id" if by_user else summaries
    values = column_of(batch, column)
    if values is None:
        add = "add it to the whole split: rows.add_column('user_id', lamp_dataset.users_of(rows))"
        here = f"no column {short(column)} of summaries; the name of a file ends in .json"
        found = f"no 'user_id', and summaries are by user; {add}" if by_user else here
        raise ValueError(f"the rows have {found}")
    for value in values:
        if by_user and str(value) not in summaries:
            raise ValueError(f"no summary of user {short(value)}; made for another split or config?")
        if not by_user and not isinstance(value, str | None):
            raise ValueError(f"column {short(column)}: expected a string as summary, found {short(value)}")
    return [summaries[str(value)] if by_user else str(value or "") for value in values]
