"""Users who resemble each other: who they are, and rows with what they wrote."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count, islice, zip_longest
from typing import Any

import datasets
import numpy as np
from datasets.fingerprint import Hasher
from scipy.sparse import csr_array, vstack

from lamp_dataset import version
from lamp_dataset.formats.texts import counted, is_whole, short
from lamp_dataset.loading.datasets_internals import fingerprint_of
from lamp_dataset.personalize.prompt_options import RetrieverOptions
from lamp_dataset.personalize.retrieval.bm25 import floored_idf
from lamp_dataset.personalize.retrieval.rankers import make_ranker
from lamp_dataset.personalize.same_text import normal
from lamp_dataset.personalize.users.histories import Histories
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

#: Of a history that is a query of BM25, as many of the words that other histories have, too: those that weigh most.
QUERY_WORDS = 256
#: Users whose scores are in memory at a time.
BLOCK = 256
#: Digits of a score that count: later ones depend on the processor, and users who are equal must tie.
DIGITS = 9


class Neighbors(dict[str, list[tuple[str, float]]]):
    """User -> the most similar other users with their scores, best first.

    ``number`` and ``leaks``: how many items all histories have, and how many of them were left out; ``task`` and
    ``exclude``: what :func:`similar_users` was given.
    """

    number = leaks = 0
    task: Any = None
    exclude: Sequence[Any] = ()

    def __str__(self) -> str:
        """One line."""
        return (
            f"{counted(len(self), 'users')}, {counted(self.number, 'items')}; left out: {counted(self.leaks, 'leaks')}"
        )


def similar_users(
    rows: datasets.Dataset,
    k: int = 5,
    by: str | Callable[[list[list[str]]], Any] = "bm25",
    *,
    task: str | Task | None = None,
    exclude: Sequence[datasets.Dataset] = (),
    users: Collection[str] | None = None,
    **options: Any,
) -> Neighbors:
    """For each user the ``k`` most similar other users, among all.

    A user is represented by the items of the user's profiles, each once, as in :class:`~lamp_dataset.History`. Left out
    is what any sample asks about or has as its gold, no matter whose: texts count as equal if their words are. Of
    equally similar users, the one with the shorter name comes first, then the first in alphabetical order.

    Args:
        rows: rows of one split.
        k: number of neighbors, fewer if there are not as many other users.
        by: ``"bm25"``: each history is a document, and another history is the query. If a history shares more than 256
            words with others, the query is the 256 that weigh most. ``"dense"``: the cosine of the means of the items'
            embeddings. Or a function from the histories, each a list of texts, to a vector for each; the cosine counts.
        task: the config of the rows. Without it, all texts of an item count, and an item is left out if one of them
            occurs in an input or a gold.
        exclude: further splits, whose questions and golds are left out, too.
        users: whose neighbors are wanted; by default everyone's.
        options: for ``"dense"``: those of the dense retriever, such as ``model`` and ``vectors``.

    Raises:
        ValueError: fewer than two users, one without rows, an unknown measure or option, vectors not finite, or
            rows that do not fit the task.
    """
    if not is_whole(k) or k < 1:
        raise ValueError(f"expected a whole number from 1 as k, found {short(k)}")
    if not callable(by) and by not in ("bm25", "dense"):
        raise ValueError(f"expected bm25, dense or a function as by, found {short(by)}")
    if options and by != "dense":
        raise ValueError(f"{', '.join(map(repr, options))}: only by='dense' takes options")
    given = Histories(rows, task, exclude)
    names = list(given.rows_of)
    if len(names) < 2:
        raise ValueError(f"expected rows of at least two users, found {len(names)}: nobody resembles another")
    if unknown := set(users or ()) - set(names):
        raise ValueError(f"users: {short(min(unknown))} has no rows")
    asked = [place for place, name in enumerate(names) if users is None or name in users]
    texts = ([text for _, text in given.of(user)] for user in names)
    if by == "bm25":
        queries, documents = _bm25(texts)
    else:
        queries = documents = _unit(by(list(texts)) if callable(by) else _means(texts, options), len(names))
    near = zip(asked, _nearest(queries, documents, min(k, len(names) - 1), np.array(asked, int)), strict=True)
    found = Neighbors({names[user]: [(names[other], score) for other, score in some] for user, some in near})
    found.number, found.leaks = map(sum, zip(*given.counts.values(), strict=True))
    found.task, found.exclude = task, exclude
    return found


def _bm25(histories: Iterable[list[str]]) -> tuple[csr_array, csr_array]:
    """A matrix of queries and one of documents, whose products are the scores that ``bm25_scores`` gives."""
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    words, counts, ends, lengths = array("i"), array("i"), [0], []
    for texts in histories:
        found = np.array([numbers[word] for word in " ".join(texts).split()], np.intc)
        lengths.append(len(found))
        found, times = np.unique(found, return_counts=True)
        words.frombytes(found.tobytes())
        counts.frombytes(times.astype(np.intc).tobytes())
        ends.append(len(words))
    held = np.bincount(words, minlength=1)
    idf, mean, k1, b = floored_idf(held, len(lengths)), np.mean(lengths) or 1, RetrieverOptions.k1, RetrieverOptions.b
    words, weights, queries = np.frombuffer(words, np.intc), np.frombuffer(counts, np.intc).astype(np.float64), []
    del counts  # of much text, each of these takes much memory
    for length, part in zip(lengths, map(slice, ends, ends[1:]), strict=True):
        own, times = words[part], weights[part].copy()
        weights[part] *= (k1 + 1) / (times + k1 * (1 - b + b * length / mean)) * idf[own]
        best = np.lexsort((-weights[part], held[own] < 2))[:QUERY_WORDS]
        best = best[held[own[best]] > 1]
        queries.append(csr_array((times[best], own[best], [0, len(best)]), shape=(1, len(held))))
    return vstack(queries), csr_array((weights, words, ends), shape=(len(lengths), len(held)))


def _means(histories: Iterable[list[str]], options: Mapping[str, Any]) -> list[Any]:
    """The mean of the embeddings of each history; of one without items, zeros."""
    ranker = make_ranker("dense", **options)
    means = [ranker.embed(texts).mean(axis=0) if texts else None for texts in histories]
    zeros = next((0 * mean for mean in means if mean is not None), [0])
    return [zeros if mean is None else mean for mean in means]


def _unit(vectors: Any, users: int) -> np.ndarray:
    found = np.asarray(vectors, np.float64)
    if found.ndim != 2 or len(found) != users or not np.isfinite(found).all():
        raise ValueError(f"expected a vector of finite numbers for each of {users} users, found {short(vectors)}")
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.finfo(np.float64).tiny)


def _nearest(queries: Any, documents: Any, k: int, asked: np.ndarray) -> Iterator[list[tuple[int, float]]]:
    """For each user who is asked about, the ``k`` best others; of equal ones, the first."""
    size = documents.shape[0]
    for some in np.split(asked, range(BLOCK, len(asked), BLOCK)):
        scores = (documents @ queries[some].T).T  # scipy copies the right one of two, so the small one
        scores = np.round(np.ascontiguousarray(scores if isinstance(scores, np.ndarray) else scores.toarray()), DIGITS)
        scores[np.arange(len(scores)), some] = -np.inf
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
    only: Sequence[int] | None = None,
) -> datasets.Dataset:
    """Rows with items of the users' neighbors at the end of each profile.

    The neighbors take turns, the best one first, and each gives its items as stored. Left out is what
    :func:`similar_users` leaves out, and what the user or another of the neighbors has, too.

    Args:
        rows: rows of one split.
        near: what :func:`similar_users` gave for these rows, or the content of a file of ``lamp-dataset neighbors``.
        items: number of items to add to each profile, fewer if the neighbors have no more; None for all.
        task: as for :func:`similar_users`. What that was given counts here, too, but a file does not hold it.
        exclude: the same.
        own: whether the user's own items stay.
        only: positions of the rows to return; by default all. ``near`` may lack the users of others.

    Returns:
        The rows in their order. The new items have the ids ``USER/ITEM``, each part percent-encoded.

    Raises:
        ValueError: ``near`` lacks a user or names an unknown one, or the rows do not fit the task.
    """
    if items is not None and (not is_whole(items) or items < 0):
        raise ValueError(f"expected a whole number from 0 or None as items, found {short(items)}")
    task, exclude = task or getattr(near, "task", None), (*exclude, *getattr(near, "exclude", ()))
    given = Histories(rows, task, exclude)
    wanted = range(len(rows)) if only is None else list(map(int, only))
    state = version.__version__, dict(near), items, repr(task and get_task(task)), own, wanted

    @lru_cache(maxsize=64)
    def more(user: str) -> list[dict[str, Any]]:
        names = [name for name, _ in near.get(user, ())]
        if not names or not set(names) <= given.rows_of.keys() - {user}:
            raise ValueError(f"user {short(user)}: expected neighbors among the other users of the rows, found {names}")
        in_turns = (one for turn in zip_longest(*map(given.of, names)) for one in turn if one)
        seen = {normal(text) for _, text in given.of(user)}
        new = (item for item, text in in_turns if not ((words := normal(text)) in seen or seen.add(words)))
        return list(islice(new, items))

    def extend(profile: list[dict[str, Any]] | None, row: int) -> dict[str, Any]:
        return {"profile": [*(profile if own and profile else []), *more(given.users[wanted[row]])]}

    fingerprint = Hasher.hash((state, [*map(fingerprint_of, (rows, *exclude))]))
    options = {"features": rows.features, "new_fingerprint": fingerprint, "desc": "Adding items"}
    chosen = rows.with_format(None) if only is None else rows.with_format(None).select(wanted)
    return chosen.map(extend, with_indices=True, input_columns="profile", **options)
