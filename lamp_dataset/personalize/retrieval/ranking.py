"""BM25 over one user's profile, with the scores of ``rank_bm25.BM25Okapi`` 0.2.2 to the last bit.

The official rankings were made with that package. It gives words in more than half of the documents a
quarter of the mean idf, which is *more* than words in 30-50 % of them get. No faster library does this, so the sum is
computed here, in the same order of operations. Every document is tokenized once for one query, and text is most of the
cost, so for Arrow arrays the splitting and counting of words stays in Arrow.
"""

import math
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.prompt_options import RetrieverOptions
from lamp_dataset.personalize.retrieval.samples import Sample

#: Below this many documents the fixed cost of Arrow's calls exceeds what they save.
FEW = 30

Tokenize = Callable[[str], list[str]]


def bm25_scores(
    documents: Sequence[str] | pa.Array,
    query: str,
    *,
    k1: float = RetrieverOptions.k1,
    b: float = RetrieverOptions.b,
    epsilon: float = RetrieverOptions.epsilon,
    tokenize: Tokenize | None = None,
) -> np.ndarray:
    """The score of each document, a float64, for ``query``, in which a repeated word counts each time.

    ``documents`` are texts, or an Arrow string array without nulls. The options are those of
    :class:`~lamp_dataset.personalize.prompt_options.RetrieverOptions`. All scores are zero if no document holds a word
    (rank_bm25 divides by zero there).
    """
    if isinstance(documents, pa.Array) and (tokenize is not None or len(documents) < FEW):
        documents = documents.to_pylist()
    if isinstance(documents, pa.Array):
        codes, lengths = _arrow_codes(documents, query)
    else:
        codes, lengths = _python_codes(documents, query, tokenize or str.split)
    words = int(lengths[:-1].sum())
    if not words:
        return np.zeros(len(lengths) - 1)
    return _scores(codes[:words], lengths[:-1], codes[words:], k1, b, epsilon)


def _python_codes(documents: Sequence[str], query: str, tokenize: Tokenize) -> tuple[np.ndarray, np.ndarray]:
    """Word numbers of all documents and then the query, in the order of first appearance; and how many each has."""
    vocabulary: defaultdict[str, int] = defaultdict(count().__next__)
    texts = [tokenize(text) for text in (*documents, query)]
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    numbers = map(vocabulary.__getitem__, chain.from_iterable(texts))
    return np.fromiter(numbers, np.int64, int(lengths.sum())), lengths


def _arrow_codes(documents: pa.Array, query: str) -> tuple[np.ndarray, np.ndarray]:
    """The same from an Arrow array. Blank texts are not split: splitting would give them one empty word."""
    texts = pc.utf8_trim_whitespace(pa.concat_arrays([documents, pa.array([query], documents.type)]))
    some = pc.greater(pc.binary_length(texts), 0)
    words = pc.utf8_split_whitespace(texts.filter(some))
    lengths = np.zeros(len(texts), np.int64)
    lengths[some.to_numpy(zero_copy_only=False)] = pc.list_value_length(words).to_numpy()
    return words.flatten().dictionary_encode().indices.to_numpy(), lengths


def _scores(
    codes: np.ndarray, lengths: np.ndarray, query: np.ndarray, k1: float, b: float, epsilon: float
) -> np.ndarray:
    size, words = len(lengths), int(codes.max()) + 1
    positions = np.repeat(np.arange(size), lengths)
    pairs = np.sort(positions * words + codes)
    distinct = pairs[np.append(True, pairs[1:] != pairs[:-1])]
    idf = floored_idf(np.bincount(distinct % words, minlength=words), size, epsilon)
    # Numbers go by first appearance: a word that only the query holds has one beyond the documents' words, and adds 0.
    wanted, order = np.unique(query[query < words], return_inverse=True)
    row = np.full(words, -1)
    row[wanted] = np.arange(len(wanted))
    rows = row[codes]
    hits = np.flatnonzero(rows >= 0)
    counts = np.bincount(rows[hits] * size + positions[hits], minlength=len(wanted) * size).reshape(len(wanted), size)
    damping = np.where(lengths > 0, k1 * (1 - b + b * lengths / (len(codes) / size)), 1.0)  # 1: a blank text scores 0
    parts = idf[wanted][:, None] * (counts * (k1 + 1) / (counts + damping))
    scores = np.zeros(size)
    for index in order.ravel():  # one word after the other: np.sum would add in pairs and differ in the last bit
        scores += parts[index]
    return scores


def floored_idf(counts: np.ndarray, size: int, epsilon: float = RetrieverOptions.epsilon) -> np.ndarray:
    """The idf of each word, given how many of ``size`` documents hold it.

    What would be negative gets ``epsilon`` of the mean, which is summed in the order of the words' appearance.
    """
    idf = _idf_by_count(size)[counts]
    mean = np.add.accumulate(idf)[-1] / len(counts)
    return np.where(idf < 0, epsilon * mean, idf)


@lru_cache(maxsize=1024)
def _idf_by_count(size: int) -> np.ndarray:
    """The idf of a word by the number of documents that hold it, from 0 to ``size``.

    math.log, as in rank_bm25: np.log can differ from it in the last bit.
    """
    return np.array([math.log(size - n + 0.5) - math.log(n + 0.5) for n in range(size + 1)])


#: A run of at most this many is finished by insertion sort, which is stable.
SHORT = 16


@dataclass(frozen=True)
class Ranking:
    """The order of one profile.

    Attributes:
        order: positions in the profile, best first, each once.
        scores: the score of each item in the profile's own order; None if the ranker gives none.
        notes: anything unusual, for the row's report.
    """

    order: Sequence[int]
    scores: Sequence[float] | None = None
    notes: tuple[str, ...] = ()


class Ranker(Protocol):
    """What every ranker has."""

    @property
    def needs_query(self) -> bool:
        """Whether the sample's query decides the order."""

    @property
    def needs_dates(self) -> bool:
        """Whether the items' dates decide the order; only the time-based configs have dates."""

    @property
    def scored(self) -> bool:
        """Whether its rankings have scores."""

    def rank(self, samples: Sequence[Sample]) -> list[Ranking]:
        """All items of each sample's profile, best first."""


def check_ranker(ranker: Any) -> Ranker:
    """``ranker``; ValueError for anything else than a retriever."""
    missing = [name for name in ("needs_query", "needs_dates", "scored", "rank") if not hasattr(ranker, name)]
    if missing or isinstance(ranker, type):
        lacking = f"{short(ranker)} without {', '.join(missing)}"
        found = lacking if missing else f"the class {ranker.__qualname__} itself"
        raise ValueError(f"expected a retriever's name or an object with the attributes of a Ranker, found {found}")
    return ranker


def rank(ranker: Ranker, samples: Sequence[Sample]) -> list[Ranking]:
    """What ``ranker.rank(samples)`` gives, checked unless the ranker is in this package.

    Raises:
        ValueError: no list of rankings, not one per sample, not every item of a profile once, or not one score per
            item; the message names the sample.
    """
    rankings = ranker.rank(samples)
    if type(ranker).__module__.startswith(f"{__package__}."):
        return rankings
    name = type(ranker).__qualname__
    if not isinstance(rankings, Iterable):
        raise ValueError(f"{name}: expected a list with a ranking for each sample, found {short(rankings)}")
    rankings = list(rankings)
    if len(rankings) != len(samples):
        raise ValueError(f"{name}: expected a ranking for each of {len(samples)} samples, found {len(rankings)}")
    for sample, ranking in zip(samples, rankings, strict=True):
        trouble = _trouble(ranking, sample.size, ranker.scored)
        if trouble:
            raise ValueError(f"{name}: sample {short(sample.id)}: {trouble}")
    return rankings


def _trouble(ranking: object, size: int, scored: bool) -> str:
    """What is wrong with a ranking of ``size`` items; empty if nothing is."""
    if not isinstance(ranking, Ranking):
        return f"expected a Ranking, found {short(ranking)}"
    try:
        positions = sorted(map(operator.index, ranking.order))
    except TypeError:  # no whole numbers
        positions = []
    if positions != list(range(size)):
        return f"expected the positions of all {size} items, each once, found {short(ranking.order)}"
    if scored != (ranking.scores is not None):
        return f"expected {'scores' if scored else 'no scores'}, as its 'scored' says, found {short(ranking.scores)}"
    if scored and not (len(ranking.scores) == size and np.isfinite(ranking.scores).all()):
        return f"expected a finite score for each of {size} items, found {short(ranking.scores)}"
    return ""


def by_score(scores: np.ndarray, notes: tuple[str, ...] = (), rules: str = "fixed") -> Ranking:
    """The highest score first.

    Of equal scores, the later item comes first, or with ``rules="official"`` the one that numpy 1.24 puts first.

    >>> by_score(np.array([0.0, 2.0, 0.0])).order
    [1, 2, 0]
    """
    order = np.argsort(scores, kind="stable")
    ranked = scores[order] if rules == "official" and len(scores) > SHORT else scores[:0]
    found = official_order(scores.tolist()) if (ranked[1:] == ranked[:-1]).any() else order.tolist()
    return Ranking(found[::-1], scores.tolist(), notes)


def official_order(values: Sequence[float]) -> list[int]:
    """Positions by value, the lowest first, as ``np.argsort`` of numpy 1.24 gives them for finite values.

    Of two parts the smaller one is sorted at once, however deep. The other one waits, and if the depth is used up by
    then, heapsort sorts it.

    >>> official_order([0.0] * 20)[::-1][:4]
    [19, 18, 1, 2]
    """
    order = list(range(len(values)))
    waiting = [(0, len(values) - 1, 2 * (len(values).bit_length() - 1))]
    while waiting:
        first, last, depth = waiting.pop()
        if depth < 0:
            order[first : last + 1] = _heapsort(values, order[first : last + 1])
            continue
        while last - first >= SHORT:
            depth -= 1
            middle = _partition(values, order, first, last)
            below, above = (first, middle - 1), (middle + 1, last)
            (first, last), later = (below, above) if middle - first < last - middle else (above, below)
            waiting.append((*later, depth))
        order[first : last + 1] = sorted(order[first : last + 1], key=values.__getitem__)
    return order


def _partition(values: Sequence[float], order: list[int], first: int, last: int) -> int:
    """Put the median of three in its final place, nothing higher before it and nothing lower after it; return it."""
    middle = first + (last - first) // 2
    for low, high in ((first, middle), (middle, last), (first, middle)):
        if values[order[high]] < values[order[low]]:
            order[low], order[high] = order[high], order[low]
    pivot = values[order[middle]]
    order[middle], order[last - 1] = order[last - 1], order[middle]
    left, right = first + 1, last - 2
    while True:
        while values[order[left]] < pivot:
            left += 1
        while pivot < values[order[right]]:
            right -= 1
        if left >= right:
            break
        order[left], order[right] = order[right], order[left]
        left, right = left + 1, right - 1
    order[left], order[last - 1] = order[last - 1], order[left]
    return left


def _heapsort(values: Sequence[float], run: list[int]) -> list[int]:
    """The run by value. Each step moves the top of the heap behind it, and the heap's last entry sinks from the top."""
    for top in reversed(range(len(run) // 2)):
        _sink(values, run, top, len(run))
    for size in reversed(range(1, len(run))):
        run[0], run[size] = run[size], run[0]
        _sink(values, run, 0, size)
    return run


def _sink(values: Sequence[float], heap: list[int], top: int, size: int) -> None:
    """Let the entry at ``top`` sink until no child is higher; of equal children the first moves up."""
    while (child := 2 * top + 1) < size:
        if child + 1 < size and values[heap[child]] < values[heap[child + 1]]:
            child += 1
        if values[heap[top]] >= values[heap[child]]:
            return
        heap[top], heap[child] = heap[child], heap[top]
        top = child
