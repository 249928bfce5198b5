"""Users who resemble each other, rows with what they wrote or with other users' profiles, and vectors of profiles."""

import hashlib
import itertools
import math
import os
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count, islice, zip_longest
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from datasets.fingerprint import Hasher, generate_random_fingerprint
from scipy.sparse import csr_array, vstack

from lamp_dataset import version
from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.formats.texts import counted, is_whole, short
from lamp_dataset.loading.datasets_internals import cache_path, fingerprint_of
from lamp_dataset.personalize.prompt_options import RetrieverOptions
from lamp_dataset.personalize.retrieval.dense import MODEL, READ, Dense, text_hashes
from lamp_dataset.personalize.retrieval.rankers import make_ranker
from lamp_dataset.personalize.retrieval.ranking import floored_idf
from lamp_dataset.personalize.same_text import normal
from lamp_dataset.personalize.users.inference import Histories, rows_by_name, users_of
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


def swap_profiles(
    rows: datasets.Dataset, seed: int = 0, *, match_sizes: bool = False, by: str = "other", **options: Any
) -> datasets.Dataset:
    """The control condition: every row with the profile of another user.

    Users are arranged in a circle and each gets a profile of the next one: no user keeps any of their own profiles, and
    each user's profiles serve exactly one other. A model that gains as much from these profiles as from the right ones
    gains from having more text, not from the user's own history.

    With ``by="similar"``, each user gets the history of the most similar other user instead, as
    :func:`lamp_dataset.add_neighbor_items` gives it, without what any sample asks about and what both have. This is the
    strictest control: it separates this user from such a user.

    Args:
        rows: rows of one split, as :func:`users_of` takes them.
        seed: decides the circle; the same on every machine and for every order of the rows.
        match_sizes: whether partners are chosen so that their profiles are as similar in size as possible. The seed
            then only decides among profiles of equal size.
        by: ``"other"``, as the seed decides, or ``"similar"``.
        options: for ``"similar"``: ``task`` and ``exclude``, as for :func:`lamp_dataset.similar_users`; and ``only``,
            the positions of the rows to return, since the neighbors of others need not be looked for.

    Returns:
        The rows in their order, with ``profile`` replaced. The profiles are views of the memory-mapped rows, not
        copies, unless users are similar.

    Raises:
        ValueError: there are fewer than two users, ``rows`` is not a dataset with all its rows at hand, or an option
            does not go with ``by``.
    """
    if not isinstance(rows, datasets.Dataset):
        raise ValueError(f"expected a datasets.Dataset, found {type(rows).__name__}; Dataset.from_list makes one")
    if not is_whole(seed):
        raise ValueError(f"expected a whole number as seed, found {short(seed)}")
    if by not in ("other", "similar"):
        raise ValueError(f"expected 'other' or 'similar' as by, found {short(by)}")
    if options if by == "other" else (seed or match_sizes):
        raise ValueError("seed and match_sizes go with by='other', task and exclude with by='similar'")
    if by == "similar":
        only = options.pop("only", None)
        names = users_of(rows)
        whose = None if only is None else {names[place] for place in only}
        near = similar_users(rows, 1, users=whose, **options)
        return add_neighbor_items(rows, near, None, own=False, only=only)
    users, table = users_of(rows), rows.with_format("arrow")[:]
    partner = _partners(users, pc.list_value_length(table["profile"]).to_pylist(), seed, match_sizes)
    rows_of, donors = rows_by_name(users, table["id"].to_pylist()), [0] * len(table)
    for user, own in rows_of.items():  # a user's first row gets the partner's first
        for row, donor in zip(own, itertools.cycle(rows_of[partner[user]])):
            donors[row] = donor
    profiles = [chunk.slice(position, 1) for chunk in table["profile"].chunks for position in range(len(chunk))]
    swapped = pa.chunked_array([profiles[donor] for donor in donors], table["profile"].type)
    place = table.column_names.index("profile")
    return datasets.Dataset(
        table.set_column(place, table.schema.field("profile"), swapped),
        info=rows.info.copy(),
        split=rows.split,
        fingerprint=xxhash.xxh3_64_hexdigest(f"{fingerprint_of(rows)} {seed} {match_sizes}".encode()),
    )


def _partners(users: Sequence[str], numbers: Sequence[int | None], seed: int, match_sizes: bool) -> dict[str, str]:
    """User -> the other user whose profiles they get; ``numbers`` are those of the items of each row."""
    sizes: dict[str, int] = {}
    for user, number in zip(users, numbers, strict=True):
        sizes[user] = max(number or 0, sizes.get(user, 0))
    if len(sizes) < 2:
        raise ValueError(f"expected rows of at least two users, found {len(sizes)}: there is nobody to swap with")
    order = sorted(sizes, key=lambda user: hashlib.blake2b(f"{seed}\0{user}".encode()).digest())
    if not match_sizes:
        return dict(zip(order, [*order[1:], order[0]], strict=True))
    order.sort(key=sizes.__getitem__)
    partner = {}
    for circle in _circles([sizes[user] for user in order]):
        members = [order[position] for position in circle]
        partner |= zip(members, [*members[1:], members[0]], strict=True)
    return partner


def _circles(sizes: Sequence[int]) -> list[range]:
    """Neighbors in sorted sizes as circles of two or three, with the least sum of size differences.

    A circle of two or three costs twice its range, and longer circles never cost less than these.
    """
    best: list[tuple[float, int]] = [(0, 0), (math.inf, 0)]  # for the first n: cost, length of the last circle
    for n in range(2, len(sizes) + 1):
        ways = [(best[n - k][0] + 2 * (sizes[n - 1] - sizes[n - k]), k) for k in (2, 3) if n >= k]
        best.append(min(ways))
    circles, end = [], len(sizes)
    while end:
        circles.append(range(end - best[end][1], end))
        end -= best[end][1]
    return circles[::-1]


SCHEMA = pa.schema([("user_id", pa.string()), ("id", pa.string()), *READ, MODEL])
#: Items that are embedded together; an interrupted run embeds them again.
SIZE = 8192


def profile_vectors(rows: datasets.Dataset, *, task: str | Task | None = None, **options: Any) -> datasets.Dataset:
    """The vectors of all items in the users' profiles, each user's once, for ``vectors=`` of the dense retriever.

    They are kept in the cache of ``rows``: if interrupted, the same call continues where it left off.

    Args:
        rows: rows of one split.
        task: the config of the rows. Without it, the text of an item is that of all its fields.
        options: those of the dense retriever: ``model``, ``device``, ``batch_size``; ``vectors``, if some are known.

    Returns:
        A data set on disk: ``user_id``; ``id``, ``USER/ITEM``; ``text``, a hash of the item's text; ``vector``,
        float32; ``model``, the identity of the checkpoint: its name on the Hub with the revision, or a digest of its
        folder.

    Raises:
        ValueError: no model, vectors of another model or not finite, or rows that do not fit the task.
    """
    dense, given = Dense(**options), Histories(rows, task, guard=False)
    identity = dense.identity
    model = (dense, identity) if identity else generate_random_fingerprint()  # an object has no name
    every = ((user, item["id"], text) for user in given.rows_of for item, text in given.of(user))
    made = [datasets.Dataset(SCHEMA.empty_table())]
    while some := list(islice(every, SIZE)):
        path = cache_path(rows, Hasher.hash((some, model)))
        if not os.path.exists(path):
            users, ids, texts = zip(*some, strict=True)
            columns = [users, ids, text_hashes(texts), list(dense.embed(texts)), [identity] * len(ids)]
            table = pa.table(columns, schema=SCHEMA)
            with write_whole(path, "wb", PRIVATE) as file, pa.ipc.new_stream(file, SCHEMA) as writer:
                writer.write_table(table)
        made.append(datasets.Dataset.from_file(path))
    return datasets.concatenate_datasets(made)
