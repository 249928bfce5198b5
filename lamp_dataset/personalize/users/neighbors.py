"""Users who resemble each other: who they are, and rows with what they wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, zip_longest
from types import MappingProxyType
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import xxhash

from lamp_dataset.formats.texts import counted, is_whole, short
from lamp_dataset.loading.datasets_internals import fingerprint_of
from lamp_dataset.personalize.prompt_options import RetrieverOptions
from lamp_dataset.personalize.retrieval.bm25 import floored_idf
from lamp_dataset.personalize.retrieval.dense import Dense
from lamp_dataset.personalize.users.histories import Histories, histories, normal
from lamp_dataset.task import Task

#: Of a history that is a query of BM25, as many of the words that other histories have, too: those that weigh most.
QUERY_WORDS = 256
#: Users whose scores are in memory at a time.
BLOCK = 512
#: Digits of a score that count: later ones depend on the processor, and users who are equal must tie.
DIGITS = 9


class Neighbors(dict[str, list[tuple[str, float]]]):
    """User -> the most similar other users with their scores, best first.

    Attributes:
        options: the ``task`` and ``exclude`` that :func:`similar_users` was given.
        number, leaks: how many items all histories have, and how many of them were left out.
    """

    options: Mapping[str, Any] = MappingProxyType({"task": None, "exclude": ()})
    number = leaks = 0

    def __str__(self) -> str:
        """One line."""
        return f"{counted(len(self), 'users')}, {counted(self.number, 'items')}; left out: {self.leaks:,} as leaks"


def similar_users(
    rows: datasets.Dataset,
    k: int = 5,
    by: str | Callable[[list[list[str]]], Any] = "bm25",
    *,
    task: str | Task | None = None,
    exclude: Sequence[datasets.Dataset] = (),
    **options: Any,
) -> Neighbors:
    """For each user the ``k`` most similar other users, all pairs compared.

    A user is the history in the user's profiles, each item once, as in :class:`~lamp_dataset.History`. Left out is what
    any sample asks about or has as its gold, whoever's it is: texts count as equal if their words are, whatever their
    case, punctuation, white space and Unicode form. Of equally similar users, the one whose name is shorter, or else
    first in the alphabet, comes first; scores are rounded to nine digits.

    Args:
        rows: rows of one split.
        k: number of neighbors, fewer if there are not as many other users.
        by: ``"bm25"``: each history is a document; the query is another one, or of more than 256 words that others
            have, too, the 256 that weigh most in it. ``"dense"``: the cosine of the means of the items' embeddings. Or
            a function from the histories, each a list of texts, to a vector for each of them; the cosine counts.
        task: the config of the rows. Without it all fields of an item count, and an item is left out if any of its
            texts, other than labels, occurs in an input.
        exclude: further splits, whose questions and golds are left out, too.
        options: for ``"dense"``: those of the dense retriever, such as ``model`` and ``vectors``.

    Raises:
        ValueError: fewer than two users, an unknown measure or option, vectors that are not finite, or rows that do
            not fit the task.

    >>> import datasets
    >>> texts = {"a": "rain again", "b": "tea and cake", "c": "rain in May"}
    >>> rows = [{"id": user, "user_id": user, "input": "?", "output": "", "profile": [{"id": "0", "text": text}]}
    ...         for user, text in texts.items()]
    >>> similar_users(datasets.Dataset.from_list(rows), k=1)["a"][0][0]
    'c'
    """
    if not is_whole(k) or k < 1:
        raise ValueError(f"expected a whole number from 1 as k, found {short(k)}")
    if not callable(by) and by not in tuple(MEASURES):
        raise ValueError(f"expected {', '.join(MEASURES)} or a function as by, found {short(by)}")
    if options and by != "dense":
        raise ValueError(f"{', '.join(map(repr, options))}: only by='dense' takes options")
    with histories(rows, task, exclude) as given:
        users, found = list(given.of_user), Neighbors()
        if len(users) < 2:
            raise ValueError(f"expected rows of at least two users, found {len(users)}: nobody resembles another")
        matrices = (
            MEASURES[by](given, **options)
            if isinstance(by, str)
            else _unit(by(list(map(given.texts, users))), len(users))
        )
        found.number, found.leaks, found.options = given.number, given.leaks, {"task": task, "exclude": exclude}
    for user, near in zip(users, _nearest(*matrices, min(k, len(users) - 1)), strict=True):
        found[user] = [(users[other], score) for other, score in near]
    return found


def _bm25(given: Histories) -> tuple[Any, Any]:
    """A matrix of queries and one of documents, whose products are the scores that ``bm25_scores`` gives."""
    from sklearn.feature_extraction.text import CountVectorizer

    texts = (" ".join(given.texts(user)) for user in given.of_user)
    counts = CountVectorizer(analyzer=lambda text: ["", *text.split()]).fit_transform(texts)[:, 1:]  # "" is the first
    if not counts.nnz:
        return counts, counts
    counts.sort_indices()  # astype would, too, but in its copy alone
    queries, weights, k1, b = counts.copy(), counts.astype(np.float64), RetrieverOptions.k1, RetrieverOptions.b
    owner = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    length, held = np.bincount(owner, counts.data, counts.shape[0]), np.bincount(counts.indices)
    damping = k1 * (1 - b + b * length / length.mean())
    weights.data *= (k1 + 1) / (weights.data + damping[owner]) * floored_idf(held, len(length))[counts.indices]
    held = held[counts.indices]
    order = np.lexsort((-weights.data, held < 2, owner))
    place = np.empty_like(order)
    place[order] = np.arange(len(order)) - counts.indptr[owner]
    queries.data[(place >= QUERY_WORDS) | (held < 2)] = 0
    queries.eliminate_zeros()
    return queries, weights


def _dense(given: Histories, **options: Any) -> tuple[Any, Any]:
    embed = Dense(**options).embed
    means = {user: embed(given.texts(user)).mean(axis=0) for user, items in given.of_user.items() if len(items)}
    nothing = next((0 * mean for mean in means.values()), [0])
    return _unit([means.get(user, nothing) for user in given.of_user], len(given.of_user))


def _unit(vectors: Any, users: int) -> tuple[Any, Any]:
    found = np.asarray(vectors, np.float64)
    if found.ndim != 2 or len(found) != users or not np.isfinite(found).all():
        raise ValueError(f"expected a vector of finite numbers for each of {users} users, found {short(vectors)}")
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return found, found


#: Name -> what makes the matrices of queries and documents, whose rows are the users.
MEASURES: Mapping[str, Callable[..., tuple[Any, Any]]] = MappingProxyType({"bm25": _bm25, "dense": _dense})


def _nearest(queries: Any, documents: Any, k: int) -> Iterator[list[tuple[int, float]]]:
    """For each user the ``k`` best others; of equal ones, the first."""
    size = documents.shape[0]
    for start in range(0, size, BLOCK):
        scores = queries[start : start + BLOCK] @ documents.T
        scores = np.round(scores if isinstance(scores, np.ndarray) else scores.toarray(), DIGITS)
        scores[np.arange(len(scores)), np.arange(start, start + len(scores))] = -np.inf
        least = np.partition(scores, size - k, axis=1)[:, size - k]
        for row, score in zip(scores, least, strict=True):
            near = np.flatnonzero(row >= score)
            near = near[np.argsort(-row[near], kind="stable")][:k]
            yield list(zip(near.tolist(), row[near].tolist(), strict=True))


def add_neighbor_items(
    rows: datasets.Dataset,
    near: Mapping[str, Sequence[tuple[str, float]]],
    items: int | None = 20,
    *,
    task: str | Task | None = None,
    exclude: Sequence[datasets.Dataset] = (),
    own: bool = True,
) -> datasets.Dataset:
    """Rows whose profiles go on with items of their users' neighbors.

    The neighbors take turns, the best one first, and each gives its items as stored. Left out is what
    :func:`similar_users` leaves out, and what the user or another of the neighbors has, too.

    Args:
        rows: rows of one split.
        near: what :func:`similar_users` gave for these rows, or the content of a file of ``lamp-dataset neighbors``.
        items: number of items to add to each profile, fewer if the neighbors have no more; None for all.
        task, exclude: as for :func:`similar_users`, whose own count, too.
        own: whether the profiles keep the user's own items.

    Returns:
        The rows in their order. The new items have the ids ``USER/ITEM``, each part percent-encoded.

    Raises:
        ValueError: ``near`` lacks a user or names an unknown one, or the rows do not fit the task.
    """
    if items is not None and (not is_whole(items) or items < 0):
        raise ValueError(f"expected a whole number from 0 or None as items, found {short(items)}")
    before = getattr(near, "options", Neighbors.options)
    task, exclude = before["task"] if task is None else task, (*exclude, *before["exclude"])
    with histories(rows, task, exclude) as given:
        state = [fingerprint_of(some) for some in (rows, *exclude)] + [repr((dict(near), items, given.task, own))]
        fields = rows.features.arrow_schema.field("profile").type.value_type

        @lru_cache(maxsize=64)
        def more(user: str) -> list[dict[str, Any]]:
            seen = set(map(normal, given.texts(user)))
            new = (item for text, item in _in_turns(given, user, near) if not (text in seen or seen.add(text)))
            return [_as(fields, item) for item in islice(new, items)]

        def extend(profile: list[dict[str, Any]] | None, position: int) -> dict[str, Any]:
            return {"profile": [*((profile or []) if own else []), *more(given.users[position])]}

        new = xxhash.xxh3_64_hexdigest("\0".join(state).encode())
        options = {"features": rows.features, "new_fingerprint": new, "desc": "Adding items"}
        return rows.with_format(None).map(extend, with_indices=True, input_columns="profile", **options)


def _in_turns(
    given: Histories, user: str, near: Mapping[str, Sequence[tuple[str, float]]]
) -> Iterator[tuple[str, dict]]:
    """The items of a user's neighbors with their normal texts."""
    names = [name for name, _ in near.get(user, ())]
    if not names or not set(names) <= given.of_user.keys() - {user}:
        raise ValueError(f"user {short(user)}: expected neighbors among the other users of the rows, found {names}")
    tables = ((map(normal, given.texts(name)), given.of_user[name].to_pylist()) for name in names)
    for turn in zip_longest(*(zip(*table, strict=True) for table in tables)):
        yield from ((text, {**row["item"], "id": row["id"]}) for text, row in filter(None, turn))


def _as(fields: pa.StructType, item: dict[str, str | None]) -> dict[str, Any]:
    """The item with these fields; what is not a text in the rows becomes so again."""
    return {f.name: pa.scalar(item.get(f.name), pa.string()).cast(f.type).as_py() for f in fields}
