"""Each user's distinct items, and what only the whole split shows: whose its rows are, and which items are leaks."""

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from urllib.parse import quote

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from lamp_dataset.personalize.row_forms import tables
from lamp_dataset.personalize.same_text import questions
from lamp_dataset.personalize.users.inference import UserFinder, rows_by_name
from lamp_dataset.task import Task

#: About how many bytes of rows are looked at together.
PIECE = 4_000_000


def items_by_user(task: Task, rows: datasets.Dataset, exclude: Sequence[datasets.Dataset]) -> Iterator[pa.RecordBatch]:
    """The distinct items of some users at a time, in the order of the users' names and of their rows' ids.

    Args:
        task: whose rows they are.
        rows: as :func:`~lamp_dataset.personalize.row_forms.on_disk` gives them.
        exclude: further splits of that form, whose questions and golds count as leaks, too.

    Yields:
        As :func:`distinct`, with ``leak``: whether a sample of the user asks about the item or, where that counts, has
        it as its gold.

    Raises:
        ValueError: the users of the rows cannot be found, or only some rows name theirs.
    """
    users, owners = _owners(rows, exclude)
    asking = (table for split in (rows, *exclude) for table in tables(split.select_columns(["input", "output"])))
    asked: dict[Hashable, set[tuple[str, str]]] = defaultdict(set)  # of whatever identifies a user
    for owner, row in zip(owners, (row for table in asking for row in table.to_pylist()), strict=True):
        asked[owner].update(questions(task, row))
    rows_of, profiles = rows_by_name(users, rows["id"][:]), rows.select_columns(["profile"]).with_format("arrow")
    names, most = list(rows_of), max(1, PIECE * len(rows.data) // max(1, rows.data.nbytes))
    for part in cut([len(rows_of[name]) for name in names], most):
        some = [names[n] for n in part]
        numbers = np.repeat(np.arange(len(some)), [len(rows_of[name]) for name in some])
        found = profiles[[row for name in some for row in rows_of[name]]]["profile"].combine_chunks()
        items = distinct(task, pa.DictionaryArray.from_arrays(numbers, pa.array(some, pa.string())), found)
        wanted = [(n, *given) for n, name in enumerate(some) for given in asked[owners[rows_of[name][0]]]]
        yield items.append_column("leak", _leaks(task, items, wanted))


def cut(sizes: ArrayLike, most: int) -> list[np.ndarray]:
    """The numbers of things of these sizes, in parts that together have about the size ``most`` or are one thing."""
    ends = np.cumsum(sizes, dtype=np.int64) // most
    parts = np.split(np.arange(len(ends)), np.flatnonzero(np.diff(ends)) + 1)
    return [part for part in parts if len(part)]


def _owners(rows: datasets.Dataset, exclude: Sequence[datasets.Dataset]) -> tuple[list[str], Sequence[Hashable]]:
    """The users of the rows, and what identifies the user of each row and then of each row to exclude."""
    own = UserFinder()
    for table in tables(rows):
        own.add(table)
    others = UserFinder(bool(own.named))
    for table in itertools.chain.from_iterable(map(tables, exclude)):
        others.add(table)
    users = own.users()
    return users, [*users, *others.users()] if own.named else own.groups(others)


def distinct(task: Task, users: pa.DictionaryArray, profiles: pa.ListArray) -> pa.RecordBatch:
    """The distinct items of some users, of which most are copies: no text becomes a Python string.

    Items with the same text are one, the first. Those that lack text or output are one only if both are the same, so
    that they never take the place of a whole one. Copies in the user's other profiles do not count as further times:
    profiles are made of them.

    Args:
        task: whose rows they are.
        users, profiles: of each row; the rows of a user follow each other.

    Returns:
        ``id``, see :func:`pair_ids`; ``user``; ``item``, its fields as stored; ``whole``, whether it has a text and an
        output; ``times``, how often one profile has it at most.
    """
    row = np.repeat(np.arange(len(profiles)), pc.fill_null(pc.list_value_length(profiles), 0).to_numpy())
    items = profiles.flatten()
    text, output = (_trimmed(items, field) for field in (task.pair.text, task.pair.output))
    whole = pc.and_(pc.not_equal(text, ""), pc.not_equal(output, ""))
    same = [values.dictionary_encode().indices for values in (text, pc.if_else(whole, None, output))]
    user = users.indices.take(row)
    found = pa.table([user, *same, row, np.arange(len(row))], ["user", "text", "rest", "row", "place"])
    found = found.group_by(["user", "text", "rest", "row"]).aggregate([("place", "min"), ("place", "count")])
    found = found.group_by(["user", "text", "rest"]).aggregate([("place_min", "min"), ("place_count", "max")])
    found = found.sort_by("place_min_min")
    user, first, times = (found[name].combine_chunks() for name in ("user", "place_min_min", "place_count_max"))
    user, items = pa.DictionaryArray.from_arrays(user, users.dictionary), items.take(first)
    columns = {"id": pair_ids(user, pc.struct_field(items, "id")), "user": user, "item": items}
    return pa.record_batch({**columns, "whole": whole.take(first), "times": times})


def _trimmed(items: pa.StructArray, field: str) -> pa.StringArray:
    return pc.utf8_trim_whitespace(pc.fill_null(pc.struct_field(items, field), ""))


def _leaks(task: Task, items: pa.RecordBatch, asked: list[tuple[int, str, str]]) -> pa.Array:
    """Whether each whole item holds what is asked: the number of a user, a field and its text."""
    numbers, found = items["user"].indices.cast(pa.string()), pa.scalar(False)
    for field in {task.pair.text, task.pair.output}:
        wanted = pa.array([f"{user} {text}" for user, name, text in asked if name == field], pa.string())
        texts = pc.binary_join_element_wise(numbers, _trimmed(items["item"], field), " ")
        found = pc.or_(found, pc.is_in(texts, wanted))
    return pc.and_(items["whole"], found)


def pair_ids(users: pa.DictionaryArray, items: pa.StringArray) -> pa.Array:
    """``user/item``, percent-encoded, so that no two are alike; ``user/item/2`` for a second item of the same id.

    The ids do not depend on what is left out of the pairs.
    """
    owners = _quoted(users.dictionary).take(users.indices)
    names = pc.binary_join_element_wise(owners, _quoted(pc.fill_null(items, "")), "/")
    which = names.dictionary_encode().indices.to_numpy()
    order = np.argsort(which, kind="stable")
    times = np.empty(len(names), np.int64)
    times[order] = 1 + np.arange(len(names)) - np.searchsorted(which[order], which[order])
    numbered = pc.binary_join_element_wise(names, pa.array(times).cast(pa.string()), "/")
    return pc.if_else(pa.array(times == 1), names, numbered)


def _quoted(names: pa.StringArray) -> pa.StringArray:
    odd = pc.match_substring_regex(names, r"[^\w.~-]")
    encoded = [quote(name, safe="") for name in names.filter(odd).to_pylist()]
    return pc.replace_with_mask(names, odd, pa.array(encoded, pa.string()))
