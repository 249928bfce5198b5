"""Who gains from the profile: what is known of each row, gains by user and trait, and every number of the report."""

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array

from lamp_dataset.personalize.retrieval.queries import find_query
from lamp_dataset.personalize.retrieval.samples import Sample
from lamp_dataset.task import Task
from lamp_metric.predictions.scored_samples import ScoredSamples
from lamp_metric.result_tables.comparison_table import Comparison, Contrast, System
from lamp_metric.signature import Resampling
from lamp_metric.statistics.compare_systems import compare_systems, sample_values
from lamp_metric.statistics.resampling import Units, mean_intervals, percentile_interval, unit_weights

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


#: At most so many bins, and no more than one for so many users.
BINS, USERS_PER_BIN = 5, 4


class Frame:
    """Samples, their users and the systems that were scored on them.

    ``systems``: name -> runs, scored on the same samples with users, the baseline first; ``samples`` is its first run,
    for what all share. ``keys`` are the scores that are means over samples: macro F1 and RMSE say little or nothing
    about a single user. ``users`` are those of the samples, ``names`` all of them, ``counts`` their numbers of samples.
    """

    def __init__(self, systems: Mapping[str, Sequence[ScoredSamples]], profiles: Sequence[Profile]) -> None:
        self.systems, self.profiles = systems, profiles
        self.baseline, *self.others = systems
        self.samples = systems[self.baseline][0]
        self.task, self.keys, self.users = self.samples.task, self.samples.scorer.means, list(self.samples.users)
        self.names, self._units = list(dict.fromkeys(self.users)), Units.of(len(self.users), self.users)
        self.counts = self._units.sizes.astype(int)
        self.sizes = np.array([profile.size for profile in profiles])
        self.similarity = np.array([profile.similarity for profile in profiles])

    def by_user(self, values: Sequence[float]) -> np.ndarray:
        """The mean of each user's ``values``, one per sample."""
        return self._units.means(values)

    def values(self, system: str, key: str) -> np.ndarray:
        """A score of each sample, the mean over the system's runs."""
        return np.array(sample_values(self.systems[system], key))

    def gains(self, system: str, key: str) -> np.ndarray:
        """How much better than the baseline each sample is: positive is better, even for errors."""
        return self.samples.scorer.sign(key) * (self.values(system, key) - self.values(self.baseline, key))

    def only(self, kept: np.ndarray) -> "Frame":
        """The samples for which ``kept`` is True."""
        positions = np.flatnonzero(kept)
        systems = {name: [_only(run, positions) for run in runs] for name, runs in self.systems.items()}
        return Frame(systems, [self.profiles[place] for place in positions])


def _only(run: ScoredSamples, positions: np.ndarray) -> ScoredSamples:
    statistics = {name: [values[place] for place in positions] for name, values in run.statistics.items()}
    ids, users = ([values[place] for place in positions] for values in (run.ids, run.users))
    scores = run.scorer.of_all(run.task, statistics)
    return replace(run, statistics=statistics, scores=scores, ids=ids, users=users)


def places(trait: np.ndarray, most: int) -> list[np.ndarray]:
    """Up to ``most`` bins with about the same number of samples, as masks; equal values are never separated.

    >>> [mask.tolist() for mask in places(np.array([1, 1, 9, 1]), 2)]
    [[True, True, False, True], [False, False, True, False]]
    """
    _, bin_values, counts = np.unique(trait, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    bin_of = np.floor(middle * most / len(trait)).astype(int)[bin_values]
    return [bin_of == number for number in np.unique(bin_of)]


def binned(frame: Frame, trait: np.ndarray, key: str, resampling: Resampling) -> list[dict[str, Any]]:
    """The bins of a trait, one value per sample, from low to high.

    Returns:
        For each bin ``"low"``, ``"high"`` and ``"median"`` of the trait, ``"samples"``, ``"users"``,
        ``"scores"``: system -> ``"score"`` and ``"score_ci"``, and ``"gains"``: system -> ``"gain"`` and ``"gain_ci"``.
        Intervals are None where the bin holds a single user.
    """
    most = max(1, min(BINS, len(frame.names) // USERS_PER_BIN))
    return [_bin(frame, trait, mask, key, resampling) for mask in places(trait, most)]


def _bin(frame: Frame, trait: np.ndarray, mask: np.ndarray, key: str, resampling: Resampling) -> dict[str, Any]:
    users = [user for user, inside in zip(frame.users, mask, strict=True) if inside]
    columns = {("score", system): frame.values(system, key)[mask] for system in frame.systems}
    columns |= {("gain", system): frame.gains(system, key)[mask] for system in frame.others}
    several = len(set(users)) > 1
    bounds = mean_intervals(list(columns.values()), users, resampling) if several else [None] * len(columns)
    found: dict[str, dict[str, Any]] = {"score": {}, "gain": {}}
    for (name, system), values, interval in zip(columns, columns.values(), bounds, strict=True):
        found[name][system] = {name: float(values.mean()), f"{name}_ci": interval}
    return {
        "low": trait[mask].min().item(),
        "high": trait[mask].max().item(),
        "median": float(np.median(trait[mask])),
        "samples": len(users),
        "users": len(set(users)),
        "scores": found["score"],
        "gains": found["gain"],
    }


def spearman(
    traits: Mapping[str, np.ndarray], columns: Mapping[str, np.ndarray], resampling: Resampling
) -> dict[str, dict[str, dict[str, Any]]]:
    """The rank correlation of each trait with each column, one value per user; equal values share their mean rank.

    Returns:
        Trait -> column -> ``"rho"`` and ``"rho_ci"``, its percentile bootstrap interval. Both are None if a side is the
        same for all users; resamples in which a side is the same are left out of the interval.
    """
    ranks = [[_ranks(values) for values in side.values()] for side in (traits, columns)]
    n, level = len(next(iter(columns.values()))), resampling.confidence_level
    observed = _rhos(*ranks, np.ones((1, n)))[0]
    drawn = np.concatenate([_rhos(*ranks, weights) for weights in unit_weights(n, resampling)])
    return {
        trait: {name: _correlation(observed[i, j], drawn[:, i, j], level) for j, name in enumerate(columns)}
        for i, trait in enumerate(traits)
    }


def _correlation(rho: float, drawn: np.ndarray, level: float) -> dict[str, Any]:
    if np.isnan(rho):
        return {"rho": None, "rho_ci": None}
    kept = drawn[~np.isnan(drawn)]
    return {"rho": float(rho), "rho_ci": percentile_interval(kept, level) if len(kept) else None}


def _ranks(values: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """How often each user is drawn -> each user's rank less the mean rank, both resamples × users.

    Only ``values`` are sorted, not each resample: who is drawn more often takes up more ranks.
    """
    distinct, group = np.unique(values, return_inverse=True)

    def centered(weights: np.ndarray) -> np.ndarray:
        rows, n = weights.shape
        cells = group + len(distinct) * np.arange(rows)[:, None]
        drawn = np.bincount(cells.ravel(), weights.ravel(), rows * len(distinct)).reshape(rows, len(distinct))
        return np.take(np.cumsum(drawn, axis=1) - drawn / 2 - n / 2, group, axis=1)

    return centered


def _rhos(of_traits: Sequence[Callable], of_columns: Sequence[Callable], weights: np.ndarray) -> np.ndarray:
    """Resamples × traits × columns: the correlations; NaN where a side does not vary. All sums are exact."""
    x, y = ([centered(weights) for centered in side] for side in (of_traits, of_columns))
    spread_x, spread_y = (np.array([np.vecdot(weights * one, one) for one in side]) for side in (x, y))
    both = np.array([[np.vecdot(weighted, one) for one in y] for weighted in (weights * one for one in x)])
    spread = np.sqrt(spread_x[:, None] * spread_y[None])
    return np.divide(both, spread, out=np.full_like(both, np.nan), where=spread > 0).transpose(2, 0, 1)


def shown_rho(found: Mapping[str, Any]) -> str:
    """A correlation and its interval as text.

    >>> shown_rho({"rho": 0.25, "rho_ci": [-0.001, 0.5]})
    '0.25 [0.00, 0.50]'
    """
    numbers = (found["rho"], *(found["rho_ci"] or ()))
    value, *ends = (f"{number:.2f}".replace("-0.00", "0.00") for number in numbers)
    return (f"{value} [{', '.join(ends)}]" if ends else value).replace("-", "−")


#: How many of the users who gain most, and of those who lose most, the report shows.
EXTREMES = 10
#: Names of systems that differ in the number of retrieved items: "k4" or "k=4".
NAME_OF_K = re.compile(r"k=?(\d+)")


def summarize(frame: Frame, key: str, resampling: Resampling, **signed: Any) -> dict[str, Any]:
    """The numbers of the report; bins, correlations and extreme users are about the score ``key`` of ``frame.keys``."""
    compared = compare_systems(frame.systems, frame.baseline, resampling, all_pairs=True, **signed)
    gains = {system: frame.by_user(frame.gains(system, key)) for system in frame.others}
    size = frame.sizes
    traits = {"profile_size": size, "similarity": frame.similarity}
    correlations = spearman({name: frame.by_user(trait) for name, trait in traits.items()}, gains, resampling)
    return {
        "task": frame.task.name,
        "samples": len(frame.users),
        "users": len(frame.names),
        "samples_per_user": {"median": median(frame.counts.tolist()), "max": int(frame.counts.max())},
        "profile_size": {"median": float(np.median(size)), "min": int(size.min()), "max": int(size.max())},
        "baseline": frame.baseline,
        "score": key,
        "higher_is_better": compared.higher_is_better[key],
        "directions": compared.higher_is_better,
        "systems": {name: _system(frame, name, found) for name, found in compared.systems.items()},
        "contrasts": _contrasts(frame, compared),
        "pairs": [pair.as_dict() | _gain(frame, pair.score, pair.contrast) for pair in compared.pairs or ()],
        **{
            f"by_{name}": {"spearman": correlations[name], "bins": binned(frame, trait, key, resampling)}
            for name, trait in traits.items()
        },
        "copies": _copies(frame, resampling),
        "by_k": _by_k(compared, key),
        "extremes": {system: _extremes(frame, system, key) for system in frame.others},
        "runs": {name: found.runs for name, found in compared.systems.items()},
        "unusable": {name: found.unusable for name, found in compared.systems.items()},
        "wrapped": {name: found.wrapped for name, found in compared.systems.items()},
        "notes": compared.notes,
        "signature": compared.signature,
    }


def _system(frame: Frame, name: str, found: System) -> dict[str, Any]:
    """Result key -> the score of all samples, its interval and its standard deviation over runs, the users' mean."""
    return {
        key: {
            "over_samples": score,
            "over_samples_ci": found.intervals[key],
            "spread": found.spread[key] if found.spread else None,
            "over_users": float(frame.by_user(frame.values(name, key)).mean()) if key in frame.keys else None,
        }
        for key, score in found.scores.items()
    }


def _contrasts(frame: Frame, compared: Comparison) -> dict[str, dict[str, dict[str, Any]]]:
    """System -> result key -> the contrast with the baseline, its sign such that a positive gain is better."""
    return {
        name: {
            key: {
                **_gain(frame, key, found),
                "detectable": found.detectable,
                "p_value": found.p_value,
                "p_holm": found.p_holm,
                "users_better": found.wins,
                "users_equal": found.ties,
                "users_worse": found.losses,
            }
            for key, found in of_keys.items()
        }
        for name, of_keys in compared.contrasts.items()
    }


def _gain(frame: Frame, key: str, found: Contrast) -> dict[str, Any]:
    sign = frame.samples.scorer.sign(key)
    bounds = sorted(sign * bound + 0.0 for bound in found.difference_ci)  # never -0.0
    return {"gain": sign * found.difference + 0.0, "gain_ci": bounds}


def _copies(frame: Frame, resampling: Resampling) -> dict[str, Any]:
    """How many inputs copy an item of their profile, and the contrasts without those, None for fewer than two users."""
    kinds = [profile.copy for profile in frame.profiles]
    kept = np.array([not kind for kind in kinds])
    users = {user for user, inside in zip(frame.users, kept, strict=True) if inside}
    found: dict[str, Any] = {kind: kinds.count(kind) for kind in ("exact", "near")}
    found |= {"samples_without": int(kept.sum()), "users_without": len(users)}
    if kept.all():
        return found
    if len(users) < 2:
        return found | {"contrasts_without": None}
    rest = frame.only(kept)
    return found | {"contrasts_without": _contrasts(rest, compare_systems(rest.systems, rest.baseline, resampling))}


def _by_k(compared: Comparison, key: str) -> list[dict[str, Any]]:
    """The systems whose names give the number of retrieved items, in its order; empty if there are fewer than two."""
    found = [
        {"k": int(match[1]), "system": name, "score": system.scores[key], "score_ci": system.intervals[key]}
        for name, system in compared.systems.items()
        if (match := NAME_OF_K.fullmatch(name))
    ]
    return sorted(found, key=lambda entry: entry["k"]) if len(found) > 1 else []


def _extremes(frame: Frame, system: str, key: str) -> dict[str, list[dict[str, Any]]]:
    """The users who gain and lose most, each with the sample that contributes most to it."""
    gains = frame.gains(system, key)
    of_users = frame.by_user(gains)
    order = np.argsort(-of_users, kind="stable")
    best, worst = order[:EXTREMES], order[::-1][:EXTREMES]
    return {
        "gain": [_user(frame, user, of_users[user], gains) for user in best if of_users[user] > 0],
        "lose": [_user(frame, user, of_users[user], gains) for user in worst if of_users[user] < 0],
    }


def _user(frame: Frame, user: int, gain: float, gains: np.ndarray) -> dict[str, Any]:
    own = [place for place, name in enumerate(frame.users) if name == frame.names[user]]
    sample = max(own, key=lambda place: np.sign(gain) * gains[place])
    return {
        "user": frame.names[user],
        "samples": len(own),
        "profile_size": float(frame.sizes[own].mean()),
        "similarity": float(frame.similarity[own].mean()),
        "gain": float(gain),
        "sample": frame.samples.ids[sample],
        "sample_gain": float(gains[sample]),
    }
