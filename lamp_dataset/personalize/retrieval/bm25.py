"""BM25 over one user's profile, with the scores of ``rank_bm25.BM25Okapi`` 0.2.2 to the last bit.

The official rankings were made with that package. It gives words in more than half of the documents a
quarter of the mean idf, which is *more* than words in 30-50 % of them get. No faster library does this, so the sum is
computed here, in the same order of operations. Every document is tokenized once for one query, and text is most of the
cost, so for Arrow arrays the splitting and counting of words stays in Arrow.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain, count

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.personalize.prompt_options import RetrieverOptions

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
