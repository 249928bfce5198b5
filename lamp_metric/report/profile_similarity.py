"""What the report needs of each row of a questions file, taken while the file is read once, in flat memory.

That is the size of the profile, and how near its nearest item is: whether the input is a copy of an own item.
"""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array

from lamp_dataset.personalize.retrieval.queries import find_query
from lamp_dataset.personalize.retrieval.samples import Sample
from lamp_dataset.task import Task

#: An input at least as similar to an own item as this is called a near copy.
NEAR = 0.9
#: An item less similar than this is not looked at for exact copies: one of its two fields would have to be the input,
#: and the other longer than twice the input.
_MAYBE = 0.5
#: What does not count at the ends of a word.
_MARKS = string.punctuation + "“”‘’„«»…–—"


@dataclass(frozen=True)
class Profile:
    """What is kept of one row.

    ``size`` counts the items, ``similarity`` is that of the nearest. ``copy`` is "exact" if the input is an own item or
    one of its texts, but for case and white space, "near" from :data:`NEAR` on, or "". ``text``: the input's query, for
    the page; "" for a gated task.
    """

    size: int
    similarity: float
    copy: str = ""
    text: str = ""


def profiles_of(samples: Sequence[Sample]) -> list[Profile]:
    """The profile of each sample; items are compared to its query by the texts that retrieval searches."""
    kept = []
    found = similarities([(sample.documents, sample.query.text) for sample in samples])
    for sample, values in zip(samples, found, strict=True):
        best, exact = float(values.max(initial=0)), _is_item(sample, np.flatnonzero(values >= _MAYBE))
        copy, text = "exact" if exact else "near" if best >= NEAR else "", sample.query.text
        kept.append(Profile(sample.size, best, copy, "" if sample.task.gated else text))
    return kept


def _is_item(sample: Sample, candidates: np.ndarray) -> bool:
    """Whether the input is one of these items, or one of their texts."""
    wanted = _plain(sample.query.text)
    for item in sample.items(candidates):
        texts = [item[field] or "" for field in sample.task.document_fields]
        if wanted and wanted in map(_plain, {*texts, " ".join(texts)}):
            return True
    return False


def _plain(text: Any) -> str:
    return " ".join(str(text).split()).casefold()


def similarities(samples: Sequence[tuple[Sequence[str], str]]) -> list[np.ndarray]:
    """For each pair of documents and query the word overlap F1 of each document: twice the shared words over all words.

    This is ROUGE-1 with another idea of a word, which Arrow finds fast and which knows all scripts: text between white
    space, in lower case, without punctuation at its ends. A repeated word counts as often as both sides have it.

    >>> [found.round(2).tolist() for found in similarities([(["A fine day.", "rain"], "a day of rain"), ([], "x")])]
    [[0.57, 0.4], []]
    """
    sizes = np.array([len(documents) for documents, _ in samples])
    texts = [*chain.from_iterable(documents for documents, _ in samples), *(query for _, query in samples)]
    words, owners, n_words = _words(pa.array(texts, pa.large_string()))
    counts = csr_array((np.ones(len(words)), (owners, words)), (len(texts), n_words))
    size, lengths = sizes.sum(), counts.sum(axis=1)
    query_of = np.repeat(np.arange(size, len(texts)), sizes)
    shared = counts[:size].minimum(counts[query_of]).sum(axis=1)
    both = lengths[:size] + lengths[query_of]
    return np.split(np.divide(2 * shared, both, out=np.zeros(size), where=shared > 0), np.cumsum(sizes)[:-1])


def _words(texts: pa.Array) -> tuple[np.ndarray, np.ndarray, int]:
    """The numbers of all words, end to end; for each the position of its text; and how many words there are."""
    plain = pc.all(pc.string_is_ascii(texts)).as_py()
    split = (pc.ascii_split_whitespace if plain else pc.utf8_split_whitespace)(pc.utf8_lower(texts))
    encoded = split.flatten().dictionary_encode()
    owners = np.repeat(np.arange(len(texts)), pc.list_value_length(split).to_numpy())
    trimmed = pc.utf8_trim(encoded.dictionary, characters=_MARKS).dictionary_encode()
    kept = pc.not_equal(trimmed, "").to_numpy(zero_copy_only=False)
    numbers = encoded.indices.to_numpy()
    inside = kept[numbers]
    return trimmed.indices.to_numpy()[numbers[inside]].astype(np.int64), owners[inside], len(trimmed.dictionary)


#: Rows are looked at together until their texts have so many characters: one by one, Arrow's calls take the time.
_TOGETHER = 100_000


class Profiles:
    """Keeps a :class:`Profile` of each row of ``task`` that it is called with, by sample id."""

    def __init__(self, task: Task) -> None:
        """Begin without rows."""
        self.task = task
        self._found: dict[str, Profile] = {}
        self._waiting: list[Sample] = []
        self._characters = 0

    def __call__(self, row: Mapping[str, Any]) -> None:
        """Look at one row."""
        query = find_query(self.task, row["input"], "fixed")
        sample = Sample(self.task, row["id"], row["input"], query, row["profile"])
        self._waiting.append(sample)
        self._characters += sum(map(len, sample.documents))
        if self._characters >= _TOGETHER:
            self._look()

    @property
    def by_id(self) -> dict[str, Profile]:
        """Sample id -> what was kept of its row."""
        if self._waiting:
            self._look()
        return self._found

    def _look(self) -> None:
        profiles = profiles_of(self._waiting)
        self._found |= {sample.id: profile for sample, profile in zip(self._waiting, profiles, strict=True)}
        self._waiting, self._characters = [], 0
