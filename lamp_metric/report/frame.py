"""All that the report knows of each sample and each user: who, how large a profile, how near an item, which scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lamp_dataset.task import Task
from lamp_metric.predictions.scored_samples import ScoredSamples
from lamp_metric.report.profile_similarity import Profile
from lamp_metric.statistics.bootstrap import numbered
from lamp_metric.statistics.contrasts import sample_values


@dataclass(frozen=True)
class Frame:
    """Samples, their users and the systems that were scored on them.

    Attributes:
        systems: name -> runs, each scored on the same samples in the same order, with users. The first is the baseline.
        profiles: of each sample.
    """

    systems: Mapping[str, Sequence[ScoredSamples]]
    profiles: Sequence[Profile]

    @property
    def samples(self) -> ScoredSamples:
        """The first run of the baseline, for what all runs share: task, ids, users."""
        return self.systems[self.baseline][0]

    @property
    def task(self) -> Task:
        """The task."""
        return self.samples.task

    @property
    def baseline(self) -> str:
        """The name of the system that all others are compared with."""
        return next(iter(self.systems))

    @property
    def others(self) -> list[str]:
        """The names of the other systems."""
        return list(self.systems)[1:]

    @property
    def keys(self) -> list[str]:
        """The scores that are means over samples. Macro F1 and RMSE say little or nothing of a single user."""
        return list(self.samples.scorer.means)

    @cached_property
    def users(self) -> list[str]:
        """The user of each sample."""
        return list(self.samples.users)

    @cached_property
    def sizes(self) -> np.ndarray:
        """The number of profile items of each sample."""
        return np.array([profile.size for profile in self.profiles])

    @cached_property
    def similarity(self) -> np.ndarray:
        """The similarity of each sample's nearest item."""
        return np.array([profile.similarity for profile in self.profiles])

    @cached_property
    def names(self) -> list[str]:
        """The users, in the order of their first sample."""
        return numbered(self.users)[0]

    @cached_property
    def _numbers(self) -> np.ndarray:
        return np.array(numbered(self.users)[1])

    @cached_property
    def counts(self) -> np.ndarray:
        """The number of samples of each user."""
        return np.bincount(self._numbers)

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

    def only(self, kept: np.ndarray) -> Frame:
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
