"""The rankers: which items of a profile come first. One signature, one table, :data:`RANKERS`.

A ranker is a value (its options) with a method ``rank``: it takes samples and returns one :class:`Ranking` per sample,
with every item ranked. Ties go to the later item. That is the official order for profiles of up to 16 items; for larger
ones the official order depends on the version of numpy and on the processor.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import numbers
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.retrieval.bm25 import EPSILON, K1, B, Tokenize, bm25_scores
from lamp_dataset.personalize.retrieval.dense import Dense
from lamp_dataset.personalize.retrieval.fusion import RRF
from lamp_dataset.personalize.retrieval.ranking import Ranker, Ranking, by_score
from lamp_dataset.personalize.retrieval.samples import Sample


@dataclass(frozen=True, kw_only=True)
class BM25:
    """Words in common, weighted by rarity: the official ``rank_bm25``, see :func:`bm25_scores`."""

    k1: float = K1
    b: float = B
    epsilon: float = EPSILON
    tokenize: Tokenize | None = None
    needs_query: ClassVar[bool] = True
    needs_dates: ClassVar[bool] = False
    scored: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Raise ValueError for an option out of range."""
        if self.tokenize is not None and not callable(self.tokenize):
            raise ValueError(f"bm25: expected a function as tokenize, found {short(self.tokenize)}")
        if not (0 < self.k1 < math.inf and 0 <= self.b <= 1 and 0 <= self.epsilon < math.inf):
            found = f"k1={self.k1}, b={self.b}, epsilon={self.epsilon}"
            raise ValueError(f"bm25: expected k1 above 0, b from 0 to 1 and epsilon from 0, all finite, found {found}")

    def rank(self, samples: Sequence[Sample]) -> list[Ranking]:
        """See :class:`Ranker`."""
        options = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return [by_score(bm25_scores(sample.texts, sample.query.text, **options)) for sample in samples]


@dataclass(frozen=True)
class Recency:
    """The newest first; for equal dates, the later in the profile first. Items without a date count as the oldest."""

    needs_query: ClassVar[bool] = False
    needs_dates: ClassVar[bool] = True
    scored: ClassVar[bool] = False

    def rank(self, samples: Sequence[Sample]) -> list[Ranking]:
        """See :class:`Ranker`; ValueError for a date that is neither a year nor ``YYYY-MM-DD``."""
        return [self._rank(sample) for sample in samples]

    @staticmethod
    def _rank(sample: Sample) -> Ranking:
        dates = sample.column("date")
        keys = [_date_key(date, sample.id, position) for position, date in enumerate(dates)]
        undated = sum(date in _NO_DATE for date in dates)
        notes = (f"{undated} of {len(dates)} items have no date and count as the oldest",) if undated else ()
        return Ranking(sorted(range(len(keys)), key=keys.__getitem__)[::-1], notes=notes)


_NO_DATE = (None, "")


def _date_key(date: object, sample_id: str, position: int) -> tuple[int, ...]:
    try:
        return () if date in _NO_DATE else tuple(map(int, str(date).split("-")))
    except ValueError:
        message = (
            f"sample {short(sample_id)}, item {position}: expected a date like 2013 or 2013-05-29, found {short(date)}"
        )
        raise ValueError(message) from None


@dataclass(frozen=True)
class Random:
    """A random order that depends only on the seed and the sample's id, not on k, batches or processes."""

    seed: int = 0
    needs_query: ClassVar[bool] = False
    needs_dates: ClassVar[bool] = False
    scored: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Raise ValueError for a seed that is not a whole number."""
        if not isinstance(self.seed, numbers.Integral) or isinstance(self.seed, bool):
            raise ValueError(f"random: expected a whole number as seed, found {short(self.seed)}")

    def rank(self, samples: Sequence[Sample]) -> list[Ranking]:
        """See :class:`Ranker`. Positions are sorted by a hash: the same on every version of Python."""
        return [Ranking(sorted(range(sample.size), key=self._key(sample.id))) for sample in samples]

    def _key(self, sample_id: str) -> Callable[[int], bytes]:
        start = hashlib.blake2b(f"{self.seed}\0{sample_id}\0".encode())

        def key(position: int) -> bytes:
            state = start.copy()
            state.update(str(position).encode())
            return state.digest()

        return key


@dataclass(frozen=True)
class First:
    """The order in which the profile is stored."""

    needs_query: ClassVar[bool] = False
    needs_dates: ClassVar[bool] = False
    scored: ClassVar[bool] = False

    def rank(self, samples: Sequence[Sample]) -> list[Ranking]:
        """See :class:`Ranker`."""
        return [Ranking(list(range(sample.size))) for sample in samples]


#: Name -> ranker.
RANKERS: Mapping[str, Callable[..., Ranker]] = MappingProxyType(
    {"bm25": BM25, "recency": Recency, "random": Random, "first": First, "dense": Dense, "rrf": RRF}
)


#: Deprecated name of an option -> its name today.
RENAMED: Mapping[str, str] = MappingProxyType({"of": "rankers", "remember": "cache_size"})


def make_ranker(name: str, **options: Any) -> Ranker:
    """The ranker ``name`` of :data:`RANKERS` with its options.

    For ``"rrf"``, ``rankers`` names the rankers to fuse (``["bm25", "recency"]``); each takes the options it knows.
    The old names in :data:`RENAMED` still work, with a FutureWarning.

    Raises:
        ValueError: an unknown ranker or option, or a value out of range; the message lists what is known.
    """
    options, known = _renamed(options), _options(name)
    if name != "rrf":
        _refuse_unknown(name, options, known)
        return _build(name, options)
    parts = options.get("rankers") or ()
    if isinstance(parts, str) or len(parts) < 2 or name in parts:
        expected = "expected two or more other rankers as 'rankers', like ['bm25', 'recency']"
        raise ValueError(f"rrf: {expected}, found {short(parts)}")
    _refuse_unknown(name, options, known.union(*map(_options, parts)))
    rankers = tuple(make_ranker(part, **{k: v for k, v in options.items() if k in _options(part)}) for part in parts)
    return _build(name, {k: v for k, v in options.items() if k in known} | {"rankers": rankers})


def _renamed(options: Mapping[str, Any]) -> dict[str, Any]:
    for old in RENAMED.keys() & options.keys():
        new = RENAMED[old]
        if new in options:
            raise ValueError(f"found both {new!r} and {old!r}, its old name: leave out {old!r}")
        warnings.warn(f"the option {old!r} is now called {new!r}", FutureWarning, stacklevel=5)
    return {RENAMED.get(name, name): value for name, value in options.items()}


def _options(name: str) -> set[str]:
    if name not in RANKERS:
        raise ValueError(f"no retriever named {short(name)}; known: {', '.join(RANKERS)}")
    return {field.name for field in dataclasses.fields(RANKERS[name]) if field.init}


def _refuse_unknown(name: str, options: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(options) - known)
    if unknown:
        raise ValueError(f"{name}: unknown option {short(unknown[0])}; known: {', '.join(sorted(known)) or 'none'}")


def _build(name: str, options: Mapping[str, Any]) -> Ranker:
    try:
        return RANKERS[name](**options)
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from None
