"""How each kind of task is scored: one module per kind, one table, :data:`SCORERS`.

A scorer gives the scores as the library that the benchmark uses computes them, and the statistics of each sample, whose
sums give the same scores. So the score of any resample, macro F1 and RMSE included, is computed from weighted sums.

Each module has

* ``sample_statistics(task, predictions, references)``: name -> one number per sample;
* ``scores(task, predictions, references, statistics)``: result key -> score;
* ``aggregate(task, sums, n)``: result key -> the scores of resamples, an array, from arrays of the sums of their
  statistics, one entry per resample; ``n`` is the number of samples in all of them, or an array of their numbers;
* ``is_usable(task, prediction)``: whether it can be an answer at all;
* ``is_valid_reference(task, reference)``: whether a sample of the task can have this reference;
* ``UNUSABLE``: what a prediction is that cannot be used, and how it counts, for messages;
* ``SHOWN``: the statistics that make sense for a single sample, those of the first result key first;
* ``HIGHER_IS_BETTER``: False for errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from lamp_metric.scorers import classification, ordinal, text

Statistics = Mapping[str, list[float]]

#: Kind of task -> scorer.
SCORERS: Mapping[str, ModuleType] = MappingProxyType(
    {"classification": classification, "ordinal": ordinal, "generation": text}
)
