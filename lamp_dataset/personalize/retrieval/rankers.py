"""The rankers: which items of a profile come first. One signature, one table, :data:`RANKERS`.

A ranker holds its options and has a method ``rank``, which takes samples and returns one :class:`Ranking` for each,
with every item. Ties go to the later item, except for BM25 under official rules, see :func:`by_score`.
"""

import dataclasses
import hashlib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from lamp_dataset.formats.lists import read_rankings
from lamp_dataset.formats.texts import is_whole, short
from lamp_dataset.personalize.dates import day_of
from lamp_dataset.personalize.prompt_options import PromptOptions, RetrieverOptions
from lamp_dataset.personalize.retrieval.dense import Dense
from lamp_dataset.personalize.retrieval.ranking import (
    Ranker,
    Ranking,
    Tokenize,
    bm25_scores,
    by_score,
    check_ranker,
    rank,
)
from lamp_dataset.personalize.retrieval.samples import Sample, positions_by_id


class _OneByOne:
    """Ranks one sample after the other, without query, dates and scores unless a subclass says otherwise."""

    needs_query: ClassVar[bool] = False
    needs_dates: ClassVar[bool] = False
    scored: ClassVar[bool] = False

    def rank(self, samples: Sequence[Sample]) -> list[Ranking]:
        return [self._rank(sample) for sample in samples]

    def _rank(self, sample: Sample) -> Ranking:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class BM25(_OneByOne):
    """Words in common, weighted by rarity: the official ``rank_bm25``, see :func:`bm25_scores`."""

    k1: float = RetrieverOptions.k1
    b: float = RetrieverOptions.b
    epsilon: float = RetrieverOptions.epsilon
    tokenize: Tokenize | None = None
    needs_query: ClassVar[bool] = True
    scored: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Raise ValueError for an option out of range."""
        if self.tokenize is not None and not callable(self.tokenize):
            raise ValueError(f"bm25: expected a function as tokenize, found {short(self.tokenize)}")
        if not (0 < self.k1 < math.inf and 0 <= self.b <= 1 and 0 <= self.epsilon < math.inf):
            found = f"k1={self.k1}, b={self.b}, epsilon={self.epsilon}"
            raise ValueError(f"bm25: expected k1 above 0, b from 0 to 1 and epsilon from 0, all finite, found {found}")

    def _rank(self, sample: Sample) -> Ranking:
        scores = bm25_scores(sample.texts, sample.query.text, **vars(self))
        return by_score(scores, rules=sample.query.rules)


@dataclass(frozen=True)
class Recency(_OneByOne):
    """The newest first; for equal dates, the later in the profile first. Items without a date count as the oldest.

    Where profiles are stored by time, the last item is the newest, whatever its date.

    Raises:
        ValueError: a date that :func:`~lamp_dataset.personalize.dates.day_of` refuses.
    """

    needs_dates: ClassVar[bool] = True

    def _rank(self, sample: Sample) -> Ranking:
        if sample.task.stored_by_time:
            return Ranking(list(range(sample.size))[::-1])
        dates = sample.column("date")
        days = [day_of(date, f"sample {short(sample.id)}, item {n}") for n, date in enumerate(dates)]
        undated = days.count(None)
        notes = (f"{undated} of {len(dates)} items have no date and count as the oldest",) if undated else ()
        return Ranking(sorted(range(len(days)), key=lambda n: days[n] or ())[::-1], notes=notes)


@dataclass(frozen=True)
class Random(_OneByOne):
    """A random order that depends only on the seed and the sample's id, not on k, batches or processes."""

    seed: int = RetrieverOptions.seed

    def __post_init__(self) -> None:
        """Raise ValueError for a seed that is not a whole number."""
        if not is_whole(self.seed):
            raise ValueError(f"random: expected a whole number as seed, found {short(self.seed)}")

    def _rank(self, sample: Sample) -> Ranking:
        """Positions are sorted by a hash: the same on every version of Python."""
        digests = [hashlib.blake2b(f"{self.seed}\0{sample.id}\0{n}".encode()).digest() for n in range(sample.size)]
        return Ranking(sorted(range(sample.size), key=digests.__getitem__))


@dataclass(frozen=True)
class First(_OneByOne):
    """The order in which the profile is stored."""

    def _rank(self, sample: Sample) -> Ranking:
        return Ranking(list(range(sample.size)))


@dataclass(frozen=True, kw_only=True)
class RRF:
    """Reciprocal rank fusion (Cormack et al. 2009): the sum of 1 / (c + rank) over rankers."""

    rankers: tuple[Ranker, ...]
    c: float = RetrieverOptions.c
    scored: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Raise ValueError for fewer than two rankers, or a constant out of range."""
        if len(self.rankers) < 2 or not 0 <= self.c < math.inf:
            found = f"found {len(self.rankers)} and c={self.c}"
            raise ValueError(f"rrf: expected two rankers or more and a finite c from 0, {found}")

    needs_query = property(lambda self: any(ranker.needs_query for ranker in self.rankers))
    needs_dates = property(lambda self: any(ranker.needs_dates for ranker in self.rankers))

    def rank(self, samples: Sequence[Sample]) -> list[Ranking]:
        """See :class:`Ranker`."""
        fused = []
        for rankings in zip(*(rank(ranker, samples) for ranker in self.rankers), strict=True):
            scores = np.zeros(len(rankings[0].order))
            for ranking in rankings:
                scores[np.array(ranking.order, np.int64)] += 1 / (self.c + 1 + np.arange(len(scores)))
            fused.append(by_score(scores, tuple(note for ranking in rankings for note in ranking.notes)))
        return fused


_ELSEWHERE = "; made from another split or config?"


class RankingFile(_OneByOne):
    """A ranking file, ``{sample id: [item id, ... best first]}``, as the official script and ours write it.

    It may name only some of a profile's items; the others are not retrieved. An unknown sample or item is a ValueError.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        """Read the file; OSError if it cannot be read, ValueError if it is not a ranking file."""
        found = read_rankings(path)
        self.path, self.digest, self._by_id = found.name, found.sha256, found.by_id

    def __repr__(self) -> str:
        """The path."""
        return f"RankingFile({self.path!r})"

    def __getstate__(self) -> dict[str, str]:
        """Path and digest: the content is read again where the ranker is unpickled, and caches see a change of it."""
        return {"path": self.path, "digest": self.digest}

    def __setstate__(self, state: dict[str, str]) -> None:
        """Read the file again; ValueError if it has changed since."""
        self.__init__(state["path"])
        if self.digest != state["digest"]:
            raise ValueError(f"{self.path}: the ranking file has changed while it was in use; start again")

    def _rank(self, sample: Sample) -> Ranking:
        if sample.id not in self._by_id:
            raise ValueError(f"{self.path}: no ranking of sample {short(sample.id)}{_ELSEWHERE}")
        positions = positions_by_id(sample)
        ranked = list(dict.fromkeys(self._by_id[sample.id]))
        unknown = [item_id for item_id in ranked if item_id not in positions]
        if unknown:
            lacks = f"which its profile of {sample.size} items lacks ({len(unknown)} such)"
            where = f"{self.path}: sample {short(sample.id)}"
            raise ValueError(f"{where} names item {short(unknown[0])}, {lacks}{_ELSEWHERE}")
        return Ranking([positions[item_id] for item_id in ranked])


#: Name -> ranker.
RANKERS: Mapping[str, Callable[..., Ranker]] = MappingProxyType(
    {"bm25": BM25, "recency": Recency, "random": Random, "first": First, "dense": Dense, "rrf": RRF}
)


def choose_ranker(asked: PromptOptions) -> Ranker:
    """The ranker that the options describe: a ranking file, the caller's own, or what :func:`make_ranker` makes."""
    if asked.ranking is not None:
        return RankingFile(asked.ranking)
    retriever = "bm25" if asked.retriever is None else asked.retriever
    if isinstance(retriever, str):
        return make_ranker(retriever, **(asked.retriever_options or {}))
    return check_ranker(retriever)


def make_ranker(name: str, **options: Any) -> Ranker:
    """The ranker ``name`` of :data:`RANKERS`, or ``module:Class`` of one's own, with its options.

    For ``"rrf"``, ``rankers`` names the rankers to fuse (``["bm25", "recency"]``); each takes the options it knows.

    Raises:
        ValueError: an unknown ranker or option, a value out of range, or a class of something else; the message lists
            what is known.
        ImportError, OSError: a module or a file cannot be loaded.
    """
    module, own, attribute = name.partition(":")
    try:
        made = getattr(import_module(module), attribute) if own else RANKERS.get(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ImportError(f"cannot load the retriever {short(name)}: {error}") from error
    given = options if own else _known_options(name, options)
    try:
        return check_ranker(made(**given))
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from error


def _known_options(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of one of :data:`RANKERS`; for ``"rrf"``, with the rankers to fuse in place of their names."""
    fused = options.get("rankers") or ()
    if name == "rrf" and (isinstance(fused, str) or len(fused) < 2 or name in fused):
        expected = "expected two or more other rankers as 'rankers', like ['bm25', 'recency']"
        raise ValueError(f"rrf: {expected}, found {short(fused)}")
    known = options_of(name, fused)
    for option in sorted(options.keys() - known):
        takers = " or ".join(ranker for ranker in RANKERS if option in options_of(ranker))
        hint = f", which {takers} takes" if takers else ""
        raise ValueError(f"{name}: unknown option {short(option)}{hint}; known: {', '.join(sorted(known)) or 'none'}")
    given, *others = (
        {option: value for option, value in options.items() if option in options_of(ranker)}
        for ranker in (name, *(fused if name == "rrf" else ()))
    )
    made = tuple(make_ranker(ranker, **some) for ranker, some in zip(fused, others, strict=False))
    return {**given, "rankers": made} if others else given


def options_of(name: str, fused: Sequence[str] = ()) -> set[str]:
    """The options that the ranker ``name`` takes; for ``"rrf"``, also those of the rankers that it fuses.

    ValueError if there is none of the name.
    """
    if name not in RANKERS:
        raise ValueError(f"no retriever named {short(name)}; known: {', '.join(RANKERS)}")
    own = {field.name for field in dataclasses.fields(RANKERS[name]) if field.init}
    return own.union(*map(options_of, fused)) if name == "rrf" else own
