"""What the report needs of each row of a questions file, which is read only once, in constant memory.

It is the size of the profile and the similarity of its nearest item: whether the input copies an item of the user's.
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

#: An input at least as similar to an item of its profile is a near copy.
NEAR = 0.9
#: A less similar item is not checked for being an exact copy: one of its two fields would have to be the input, and the
#: other longer than twice the input.
_MAYBE = 0.5
#: Characters that do not count at the ends of a word.
_MARKS = string.punctuation + "“”‘’„«»…–—"


@dataclass(frozen=True)
class Profile:
    """What is kept of one row.

    ``size`` is the number of items, ``similarity`` that of the nearest. ``copy`` is "exact" if the input is an item of
    the profile or one of its texts, except for case and white space, "near" from :data:`NEAR` on, or "". ``text`` is
    the input's query, for the page; "" for a gated task.
    """

    size: int
    similarity: float
    copy: str = ""
    text: str = ""


def profiles_of(samples: Sequence[Sample]) -> list[Profile]:
    """The profile of each sample; its query is compared with the texts of the items that retrieval searches."""
    kept = []
    found = similarities([(sample.documents, sample.query.text) for sample in samples])
    for sample, values in zip(samples, found, strict=True):
        best, exact = float(values.max(initial=0)), _is_item(sample, np.flatnonzero(values >= _MAYBE))
        copy = "exact" if exact else "near" if best >= NEAR else ""
        kept.append(Profile(sample.size, best, copy, "" if sample.task.gated else sample.query.text))
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
    """For documents and their query, the word overlap F1 of each document: twice the shared words over all words.

    This is ROUGE-1 with another definition of a word, which Arrow finds fast, in all scripts: text between white space,
    in lower case, without punctuation at its ends. A repeated word counts as often as both sides have it.

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
    """The numbers of all words, end to end; the position of each one's text; and how many distinct words there are."""
    plain = pc.all(pc.string_is_ascii(texts)).as_py()
    # Of white space at the end of the last text, Arrow reads one byte too many: it may become a word.
    texts = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    split = (pc.ascii_split_whitespace if plain else pc.utf8_split_whitespace)(texts)
    encoded = split.flatten().dictionary_encode()
    owners = np.repeat(np.arange(len(texts)), pc.list_value_length(split).to_numpy())
    trimmed = pc.utf8_trim(encoded.dictionary, characters=_MARKS).dictionary_encode()
    kept = pc.not_equal(trimmed, "").to_numpy(zero_copy_only=False)
    numbers = encoded.indices.to_numpy()
    inside = kept[numbers]
    return trimmed.indices.to_numpy()[numbers[inside]].astype(np.int64), owners[inside], len(trimmed.dictionary)


#: Rows are collected until their texts have this many characters: one by one, Arrow's calls would take most time.
_TOGETHER = 100_000


class Profiles:
    """Keeps a :class:`Profile` of each row of ``task`` that it is called with."""

    def __init__(self, task: Task) -> None:
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
            self.by_id()

    def by_id(self) -> dict[str, Profile]:
        """Sample id -> profile, of all rows so far."""
        if self._waiting:
            profiles = profiles_of(self._waiting)
            self._found |= {sample.id: profile for sample, profile in zip(self._waiting, profiles, strict=True)}
            self._waiting, self._characters = [], 0
        return self._found
