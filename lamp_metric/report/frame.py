"""All that the report knows of each sample and each user: who, how large a profile, how near an item, which scores."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lamp_metric.predictions.scored_samples import ScoredSamples
from lamp_metric.report.profile_similarity import Profile
from lamp_metric.statistics.bootstrap import numbered
from lamp_metric.statistics.contrasts import sample_values


class Frame:
    """Samples, their users and the systems that were scored on them.

    ``systems``: name -> runs, scored on the same samples with users, the baseline first; ``samples`` is its first run,
    for what all share. ``keys`` are the scores that are means over samples: macro F1 and RMSE say little or nothing of
    a single user. ``users`` has the user of each sample, ``names`` each user once, ``counts`` their numbers of samples.
    """

    def __init__(self, systems: Mapping[str, Sequence[ScoredSamples]], profiles: Sequence[Profile]) -> None:
        self.systems, self.profiles = systems, profiles
        self.baseline, *self.others = systems
        self.samples = systems[self.baseline][0]
        self.task, self.keys, self.users = self.samples.task, self.samples.scorer.means, list(self.samples.users)
        self.names, numbers = numbered(self.users)
        self._numbers = np.array(numbers)
        self.counts = np.bincount(self._numbers)
        self.sizes = np.array([profile.size for profile in profiles])
        self.similarity = np.array([profile.similarity for profile in profiles])

    def by_user(self, values: Sequence[float]) -> np.ndarray:
        """The mean of each user's ``values``, one per sample."""
        return np.bincount(self._numbers, weights=np.asarray(values, float)) / self.counts

    def values(self, system: str, key: str) -> np.ndarray:
        """A score of each sample, the mean over the system's runs."""
        return np.array(sample_values(self.systems[system], key))

    def gains(self, system: str, key: str) -> np.ndarray:
        """How much better than the baseline each sample is: positive is better, for errors, too."""
        sign = self.samples.scorer.sign(key)
        return sign * (self.values(system, key) - self.values(self.baseline, key))

    def only(self, kept: np.ndarray) -> "Frame":
        """The samples for which ``kept`` is True."""
        positions = np.flatnonzero(kept)
        systems = {name: [_only(run, positions) for run in runs] for name, runs in self.systems.items()}
        return Frame(systems, [self.profiles[place] for place in positions])


def _only(run: ScoredSamples, positions: np.ndarray) -> ScoredSamples:
    statistics = {name: [values[place] for place in positions] for name, values in run.statistics.items()}
    sums = {name: np.array([np.sum(values)]) for name, values in statistics.items()}
    scores = run.scorer.aggregate(run.task, sums, len(positions))
    return replace(
        run,
        statistics=statistics,
        scores={key: float(value[0]) for key, value in scores.items()},
        ids=[run.ids[place] for place in positions],
        users=[run.users[place] for place in positions],
    )
