"""What a measure beside the benchmark's scores is, one object with its own statistics, and how it joins a scorer."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

from lamp_dataset.formats.texts import short
from lamp_dataset.task import Task
from lamp_metric.scorers import Scorer
from lamp_metric.scorers.scorer import Scores, Statistics

#: The kinds whose answers are texts.
TEXTS = ("generation", "long-generation")


class Measure(ABC):
    """A measure. Subclass it, fill in the attributes, and pass an instance to :func:`lamp_metric.register_measure`.

    Predictions and references are strings; for ratings they are numbers, a prediction that is not a number being the
    farther end of the scale, as in the benchmark's scores.

    Attributes:
        name: its key in the results.
        kinds: the kinds of task that it fits, other packages' kinds with the same answers included: "generation" stands
            for texts, "ordinal" for numbers on a scale. Empty: it fits all.
        higher_is_better: False for an error.
        of_samples: whether the score is the mean of the statistic called ``name``, so that each sample has a score.
        signature: how the figure is made: library, version and settings.
    """

    name: str
    kinds: tuple[str, ...] = ()
    higher_is_better: bool = True
    of_samples: bool = False
    signature: str = ""

    @abstractmethod
    def statistics(self, predictions: Sequence[Any], references: Sequence[Any]) -> Statistics:
        """What each sample contributes: statistic -> one number per sample."""

    @abstractmethod
    def aggregate(self, sums: Mapping[str, Any], n: Any) -> Any:
        """The score of resamples, an array; ``sums``: statistic -> array of its sums, ``n``: numbers of samples."""

    def score(self, statistics: Statistics) -> float:
        """The score of all samples, from exactly rounded sums."""
        import numpy as np

        sums = {name: np.array([math.fsum(values)]) for name, values in statistics.items()}
        return float(self.aggregate(sums, len(next(iter(statistics.values()))))[0])


class Mean(Measure):
    """A measure that each sample has by itself: the mean over samples."""

    of_samples = True

    @abstractmethod
    def values(self, predictions: Sequence[Any], references: Sequence[Any]) -> list[float]:
        """The measure of each sample."""

    def statistics(self, predictions: Sequence[Any], references: Sequence[Any]) -> Statistics:
        return {self.name: self.values(predictions, references)}

    def aggregate(self, sums: Mapping[str, Any], n: Any) -> Any:
        return sums[self.name] / n


class Column(Mean):
    """The mean of values that were computed elsewhere."""

    def __init__(self, name: str, higher_is_better: bool, signature: str = "") -> None:
        self.name, self.higher_is_better, self.signature = name, higher_is_better, signature

    def values(self, predictions: Sequence[Any], references: Sequence[Any]) -> list[float]:
        raise ValueError(f"{self.name}: values that were computed elsewhere cannot be computed here")


class FunctionMeasure(Mean):
    """The mean of what somebody's function ``(predictions, references) -> list of floats`` returns.

    Its ``name``, ``module:name``, is the key in the results.
    """

    def __init__(self, name: str, function: Callable[[list, list], Any]) -> None:
        self.name, self._function = name, function

    def values(self, predictions: Sequence[Any], references: Sequence[Any]) -> list[float]:
        found, n = list(self._function(list(predictions), list(references))), len(references)
        if len(found) != n:
            raise ValueError(f"{self.name}: expected a number for each of {n} samples, found {len(found)}")
        for place, value in enumerate(found):
            if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value):
                raise ValueError(f"{self.name}: expected a finite number for sample {place}, found {short(value)}")
        return [float(value) for value in found]


class Together(Scores):
    """A task's scores and measures beside them, as one: the keys of the task first.

    ``scorer``: the task's, or None for the measures alone; ``left_out``: scores of the task that it lacks.
    """

    def __init__(self, scorer: Scorer | None, measures: Sequence[Measure], left_out: str = "") -> None:
        self.scorer, self.measures, self.left_out = scorer, tuple(measures), left_out
        of_samples = {measure.name: measure.name for measure in measures if measure.of_samples}
        own = dict(scorer.higher_is_better) if scorer else {}
        for measure in measures:
            if measure.name in own:
                raise ValueError(f"{measure.name} is one of the scores of a {scorer.kind} task already")
        self.higher_is_better = own | {measure.name: measure.higher_is_better for measure in measures}
        self.shown = {**(scorer.shown if scorer else {}), **of_samples}
        self.means = (*(scorer.means if scorer else ()), *of_samples)

    @property
    def signed(self) -> dict[str, Any]:
        """For the signature: which scores are means, the measures beside them, and those that are left out."""
        names = [f"{one.name}({one.signature})" if one.signature else one.name for one in self.measures]
        keys = {"keys": list(self.higher_is_better), "means": self.means}
        return {**keys, "also": ",".join(names) or None, "without": self.left_out or None}

    def statistics(self, task: Task, predictions: Sequence[str], references: Sequence[str]) -> dict[str, list[float]]:
        """What each sample contributes: statistic -> one number per sample."""
        found = dict(self.scorer.sample_statistics(task, predictions, references))
        pairs = self.scorer.as_values(task, predictions, references)
        for measure in self.measures:
            for name, values in measure.statistics(*pairs).items():
                found[name if name == measure.name else f"{measure.name}{_MARK}{name}"] = values
        return found

    def scores(
        self, task: Task, predictions: Sequence[str], references: Sequence[str], statistics: Statistics
    ) -> dict[str, float]:
        """Result key -> score of all samples."""
        rest, own = self._parted(statistics)
        scores = self.scorer.scores(task, predictions, references, rest)
        return scores | {measure.name: measure.score(own[measure.name]) for measure in self.measures}

    def aggregate(self, task: Task | None, sums: Mapping[str, Any], n: Any) -> dict[str, Any]:
        rest, own = self._parted(sums)
        found = self.scorer.aggregate(task, rest, n) if self.scorer else {}
        return found | {measure.name: measure.aggregate(own[measure.name], n) for measure in self.measures}

    def _parted(self, columns: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """The statistics of the task's scores, and those of each measure."""
        rest, own = {}, {measure.name: {} for measure in self.measures}
        for name, column in columns.items():
            measure, _, statistic = name.partition(_MARK)
            if measure in own:
                own[measure][statistic or name] = column
            else:
                rest[name] = column
        return rest, own


#: Between the name of a measure and that of its statistic, unless they are the same.
_MARK = " / "
