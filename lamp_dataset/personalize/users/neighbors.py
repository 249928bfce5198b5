"""Users who resemble each other: who they are, and rows with what they wrote."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import islice, zip_longest
from types import MappingProxyType
from typing import Any

import datasets
import numpy as np
import xxhash

from lamp_dataset import version
from lamp_dataset.formats.texts import counted, is_whole, short
from lamp_dataset.loading.datasets_internals import fingerprint_of
from lamp_dataset.personalize.prompt_options import RetrieverOptions
from lamp_dataset.personalize.retrieval.bm25 import floored_idf
from lamp_dataset.personalize.retrieval.rankers import make_ranker
from lamp_dataset.personalize.users.histories import Histories
from lamp_dataset.task import Task

#: Of a history that is a query of BM25, as many of the words that other histories have, too: those that weigh most.
QUERY_WORDS = 256
#: Users whose scores are in memory at a time.
BLOCK = 512
#: Digits of a score that count: later ones depend on the processor, and users who are equal must tie.
DIGITS = 9


class Neighbors(dict[str, list[tuple[str, float]]]):
    """User -> the most similar other users with their scores, best first.

    ``options``: the ``task`` and ``exclude`` that :func:`similar_users` was given; ``number``, ``leaks``: how many
    items all histories have, and how many of them were left out.
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
    any sample asks about or has as its gold, whoever's it is: texts count as equal if their words are. Of equally
    similar users, the one whose name is shorter, or else first in the alphabet, comes first.

    Args:
        rows: rows of one split.
        k: number of neighbors, fewer if there are not as many other users.
        by: ``"bm25"``: each history is a document; the query is another one, or of more than 256 words that others
            have, too, the 256 that weigh most in it. ``"dense"``: the cosine of the means of the items' embeddings. Or
            a function from the histories, each a list of texts, to a vector for each of them; the cosine counts.
        task: the config of the rows. Without it all fields of an item count, and an item is left out if one of its
            texts occurs in an input.
        exclude: further splits, whose questions and golds are left out, too.
        options: for ``"dense"``: those of the dense retriever, such as ``model`` and ``vectors``.

    Raises:
        ValueError: fewer than two users, an unknown measure or option, vectors that are not finite, or rows that do
            not fit the task.
    """
    if not is_whole(k) or k < 1:
        raise ValueError(f"expected a whole number from 1 as k, found {short(k)}")
    if not callable(by) and by not in tuple(MEASURES):
        raise ValueError(f"expected {', '.join(MEASURES)} or a function as by, found {short(by)}")
    if options and by != "dense":
        raise ValueError(f"{', '.join(map(repr, options))}: only by='dense' takes options")
    given = Histories(rows, task, exclude)
    users = list(given.rows_of)
    if len(users) < 2:
        raise ValueError(f"expected rows of at least two users, found {len(users)}: nobody resembles another")
    texts = ([item.text for item in given.of(user)] for user in users)
    made = MEASURES[by](texts, **options) if isinstance(by, str) else _unit(by(list(texts)), len(users))
    near = _nearest(*made, min(k, len(users) - 1))
    found = Neighbors(
        (user, [(users[other], score) for other, score in some]) for user, some in zip(users, near, strict=True)
    )
    found.number, found.leaks = map(sum, zip(*given.counts.values(), strict=True))
    found.options = {"task": task, "exclude": exclude}
    return found


def _bm25(histories: Iterable[list[str]]) -> tuple[Any, Any]:
    """A matrix of queries and one of documents, whose products are the scores that ``bm25_scores`` gives."""
    from sklearn.feature_extraction.text import CountVectorizer

    split = CountVectorizer(analyzer=lambda texts: ["", *" ".join(texts).split()])
    counts = split.fit_transform(histories)[:, 1:]  # "" is the first
    counts.sort_indices()  # astype would, too, but in its copy alone
    queries, weights, k1, b = counts.copy(), counts.astype(np.float64), RetrieverOptions.k1, RetrieverOptions.b
    if not counts.nnz:
        return weights, weights
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


def _dense(histories: Iterable[list[str]], **options: Any) -> tuple[Any, Any]:
    ranker = make_ranker("dense", **options)
    means = [ranker.embed(texts).mean(axis=0) if texts else None for texts in histories]
    nothing = next((0 * mean for mean in means if mean is not None), [0])
    return _unit([nothing if mean is None else mean for mean in means], len(means))


def _unit(vectors: Any, users: int) -> tuple[Any, Any]:
    with suppress(TypeError, ValueError):
        found = np.array(vectors, np.float64)
        if found.ndim == 2 and len(found) == users and np.isfinite(found).all():
            found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.finfo(np.float64).tiny)
            return found, found
    raise ValueError(f"expected a vector of finite numbers for each of {users} users, found {short(vectors)}")


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
) -> datasets.Dataset:
    """Rows with items of the users' neighbors at the end of each profile.

    The neighbors take turns, the best one first, and each gives its items as stored. Left out is what
    :func:`similar_users` leaves out, and what the user or another of the neighbors has, too.

    Args:
        rows: rows of one split.
        near: what :func:`similar_users` gave for these rows, or the content of a file of ``lamp-dataset neighbors``.
        items: number of items to add to each profile, fewer if the neighbors have no more; None for all.
        task, exclude: as for :func:`similar_users`, whose own count, too; a file does not hold them.

    Returns:
        The rows in their order. The new items have the ids ``USER/ITEM``, each part percent-encoded.

    Raises:
        ValueError: ``near`` lacks a user or names an unknown one, or the rows do not fit the task.
    """
    if items is not None and (not is_whole(items) or items < 0):
        raise ValueError(f"expected a whole number from 0 or None as items, found {short(items)}")
    return with_items(rows, near, items, task, exclude)


def with_items(
    rows: datasets.Dataset, near: Any, items: int | None, task: Any = None, exclude: Any = (), own: bool = True
) -> datasets.Dataset:
    """See :func:`add_neighbor_items`; without ``own``, the best neighbor's items take the place of the user's."""
    before = getattr(near, "options", Neighbors.options)
    task, exclude = before["task"] if task is None else task, (*exclude, *before["exclude"])
    given = Histories(rows, task, exclude)
    state = [version.__version__, *map(fingerprint_of, (rows, *exclude)), repr((dict(near), items, task, own))]

    @lru_cache(maxsize=64)
    def more(user: str) -> list[dict[str, Any]]:
        names = [name for name, _ in near.get(user, ())][: None if own else 1]
        if not names or not set(names) <= given.rows_of.keys() - {user}:
            raise ValueError(f"user {short(user)}: expected neighbors among the other users of the rows, found {names}")
        in_turns = (item for turn in zip_longest(*map(given.of, names)) for item in turn if item)
        seen = {item.words for item in given.of(user)}
        new = (item.fields for item in in_turns if not (item.words in seen or seen.add(item.words)))
        return list(islice(new, items))

    def extend(profile: list[dict[str, Any]] | None, position: int) -> dict[str, Any]:
        return {"profile": [*((profile or []) if own else []), *more(given.users[position])]}

    new = xxhash.xxh3_64_hexdigest("\0".join(state).encode())
    options = {"features": rows.features, "new_fingerprint": new, "desc": "Adding items"}
    return rows.with_format(None).map(extend, with_indices=True, input_columns="profile", **options)
