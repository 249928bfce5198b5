"""What the report needs of each row of a questions file, taken while the file is read once, in flat memory.

That is the size of the profile, and how near its nearest item is: whether the input is a copy of an own item.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamp_dataset.personalize.retrieval.queries import find_query
from lamp_dataset.personalize.retrieval.samples import PlainSample
from lamp_dataset.task import Task

#: An input at least as similar to an own item as this is called a near copy.
NEAR = 0.9
#: An item less similar than this is not looked at for exact copies: one of its two fields would have to be the input,
#: and the other longer than twice the input.
_MAYBE = 0.5
#: What does not count at the ends of a word.
_MARKS = string.punctuation + "“”‘’„«»…–—"


@dataclass(frozen=True)
class Nearness:
    """How near the nearest own item of one sample is.

    Attributes:
        similarity: 0 to 1, see :func:`similarities`; 0 if the profile is empty.
        copy: "exact" if the input is an own item or one of its texts, but for case and white space; "near" if it is at
            least :data:`NEAR` similar to one; "" otherwise.
    """

    similarity: float
    copy: str = ""


def nearest(sample: PlainSample) -> Nearness:
    """How near the nearest item of the sample's profile is to its query, by the texts that retrieval searches."""
    if not sample.size:
        return Nearness(0.0)
    found = similarities(sample.documents, sample.query.text)
    best = float(found.max())
    if _is_item(sample, np.flatnonzero(found >= _MAYBE)):
        return Nearness(best, "exact")
    return Nearness(best, "near" if best >= NEAR else "")


def _is_item(sample: PlainSample, candidates: np.ndarray) -> bool:
    """Whether the input is one of these items, or one of their texts."""
    wanted = _plain(sample.query.text)
    for item in sample.items(candidates):
        texts = [item[field] or "" for field in sample.task.document_fields]
        if wanted and wanted in map(_plain, [*texts, " ".join(texts)]):
            return True
    return False


def _plain(text: Any) -> str:
    return " ".join(str(text).split()).casefold()


def similarities(documents: Sequence[str], query: str) -> np.ndarray:
    """The word overlap F1 of each document with ``query``: twice the words they share over the words of both.

    This is ROUGE-1 with another idea of a word, which Arrow finds fast and which knows all scripts: text between white
    space, in lower case, without punctuation at its ends. A repeated word counts as often as both sides have it.

    >>> similarities(["A fine day.", "rain"], "a day of rain").round(2).tolist()
    [0.57, 0.4]
    """
    words, owners, vocabulary = _words(pa.array([*documents, query], pa.large_string()))
    size = len(documents)
    lengths = np.bincount(owners, minlength=size + 1)
    of_query = words[len(words) - lengths[-1] :]
    wanted = pc.value_counts(vocabulary.take(pa.array(of_query)))
    if not len(wanted):
        return np.zeros(size)
    places = pc.index_in(vocabulary, value_set=wanted.field("values")).fill_null(-1).to_numpy()[words]
    hits = np.flatnonzero(places >= 0)
    cells = places[hits] * (size + 1) + owners[hits]
    counts = np.bincount(cells, minlength=len(wanted) * (size + 1)).reshape(len(wanted), size + 1)
    shared = np.minimum(counts, wanted.field("counts").to_numpy()[:, None]).sum(axis=0)
    return (2 * shared / (lengths + lengths[-1]))[:-1]


def _words(texts: pa.Array) -> tuple[np.ndarray, np.ndarray, pa.Array]:
    """Word numbers of all texts, end to end; for each the position of its text; and the words by their numbers."""
    plain = pc.all(pc.string_is_ascii(texts)).as_py()
    split = (pc.ascii_split_whitespace if plain else pc.utf8_split_whitespace)(pc.utf8_lower(texts))
    encoded = split.flatten().dictionary_encode()
    owners = np.repeat(np.arange(len(texts)), pc.list_value_length(split).to_numpy())
    vocabulary = pc.utf8_trim(encoded.dictionary, characters=_MARKS)
    kept = pc.not_equal(vocabulary, "").to_numpy(zero_copy_only=False)
    numbers = encoded.indices.to_numpy()
    if kept.all():
        return numbers, owners, vocabulary
    return numbers[kept[numbers]], owners[kept[numbers]], vocabulary


@dataclass(frozen=True)
class Profile:
    """What is kept of one row.

    Attributes:
        size: number of items.
        nearness: of the nearest item.
        text: the input's query, for the page; "" for a gated task.
    """

    size: int
    nearness: Nearness
    text: str


@dataclass(frozen=True)
class Profiles:
    """Keeps a :class:`Profile` of each row of ``task`` that it is called with, by sample id."""

    task: Task
    by_id: dict[str, Profile] = field(default_factory=dict)

    def __call__(self, row: Mapping[str, Any]) -> None:
        """Look at one row."""
        query = find_query(self.task, row["input"], "fixed")
        near = nearest(PlainSample(self.task, row["id"], row["input"], query, row["profile"]))
        self.by_id[row["id"]] = Profile(len(row["profile"]), near, "" if self.task.gated else query.text)
