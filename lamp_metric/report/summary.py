"""Every number of the report, in one plain dict: what ``summary.json`` holds and the page shows."""

import re
from statistics import median
from typing import Any

import numpy as np

from lamp_metric.report.gains import Frame, binned, spearman
from lamp_metric.result_tables.comparison_table import Comparison, System
from lamp_metric.signature import Resampling
from lamp_metric.statistics.compare_systems import compare_systems

#: How many of the users who gain most, and of those who lose most, the report shows.
EXTREMES = 10
#: Names of systems that differ in the number of retrieved items: "k4" or "k=4".
NAME_OF_K = re.compile(r"k=?(\d+)")


def summarize(frame: Frame, key: str, resampling: Resampling, **signed: Any) -> dict[str, Any]:
    """The numbers of the report; bins, correlations and extreme users are about the score ``key`` of ``frame.keys``."""
    compared = compare_systems(frame.systems, frame.baseline, resampling, **signed)
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
        **{
            f"by_{name}": {"spearman": correlations[name], "bins": binned(frame, trait, key, resampling)}
            for name, trait in traits.items()
        },
        "copies": _copies(frame, resampling),
        "by_k": _by_k(compared, key),
        "extremes": {system: _extremes(frame, system, key) for system in frame.others},
        "unusable": {name: found.unusable for name, found in compared.systems.items()},
        "notes": compared.notes,
        "signature": compared.signature,
    }


def _system(frame: Frame, name: str, found: System) -> dict[str, Any]:
    """Result key -> the score of all samples, its interval, and the mean of the users' scores, if users have it."""
    return {
        key: {
            "over_samples": score,
            "over_samples_ci": found.intervals[key],
            "over_users": float(frame.by_user(frame.values(name, key)).mean()) if key in frame.keys else None,
        }
        for key, score in found.scores.items()
    }


def _contrasts(frame: Frame, compared: Comparison) -> dict[str, dict[str, dict[str, Any]]]:
    """System -> result key -> the contrast with the baseline, its sign such that a positive gain is better."""
    sign = frame.samples.scorer.sign
    return {
        name: {
            key: {
                "gain": sign(key) * found.difference + 0.0,  # never -0.0
                "gain_ci": sorted(sign(key) * bound + 0.0 for bound in found.difference_ci),
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
