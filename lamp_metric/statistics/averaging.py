"""Means of users' own scores, in place of scores over all samples."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from lamp_metric.measures.measure import Column, Together
from lamp_metric.predictions.measuring import ScoredSamples
from lamp_metric.statistics.resampling import Units, aggregate, numbered, to_matrix


def users_as_samples(samples: ScoredSamples) -> ScoredSamples:
    """Each user as one sample, whose parts in the scores are the user's own scores.

    Scores that no sample has by itself are left out: macro F1, since a user's samples lack most labels, and corpus
    scores. The RMSE is the mean of the users'.

    Raises:
        ValueError: the users are not known.
    """
    if samples.users is None:
        raise ValueError("means of users' means need the user of each sample: pass users, --data-dir or --questions")
    names, units = numbered(samples.users)[0], Units.of(samples.n, samples.users)
    found = aggregate(samples, units.sums(to_matrix(samples)), units.sizes)
    columns = {key: np.asarray(found[key]).tolist() for key in samples.scorer.shown}
    measured = Together(None, [Column(key, samples.scorer.higher_is_better[key]) for key in columns])
    scores = {key: math.fsum(values) / len(names) for key, values in columns.items()}
    return replace(samples, statistics=columns, scores=scores, ids=names, users=names, measured=measured)
