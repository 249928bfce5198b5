"""The scores of single answers, and how to turn errors so that more is better."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lamp_dataset.formats.texts import short
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.measures import together
from lamp_metric.predictions.answer_extraction import answers_in
from lamp_metric.predictions.inputs import as_texts, where
from lamp_metric.predictions.scored_samples import check_references
from lamp_metric.scorers import scorer_of


class SingleScores:
    """Some scores of a task, or measures beside them (``keys``), for single samples.

    A key that is None is the task's first score. ValueError if the task or a measure is unknown, or no sample has the
    score by itself, as with macro F1.
    """

    def __init__(self, task: str | Task, keys: Iterable[str | None]) -> None:
        self.task = get_task(task)
        self.keys = tuple(self.task.scores[0] if key is None else key for key in keys)
        self._scorer = scorer_of(self.task)
        own = self._scorer.higher_is_better
        self._scores = together(self.task, [key for key in self.keys if key not in own])
        wrong = [key for key in self.keys if key not in self._scores.shown]
        if wrong:
            known = ", ".join(self._scores.shown)
            raise ValueError(f"no sample of {self.task.name} has {short(wrong[0])} by itself; expected one of {known}")

    def read(
        self, answers: Iterable[Any], golds: Sequence[Any], side: str, ids: Any = None, extract: bool = False
    ) -> tuple[list[str], list[str]]:
        """Answers, or with ``extract`` what is found in them, and golds as texts; ``side``: what messages call answers.

        ValueError for an answer that cannot be scored, or a gold that is withheld or not the task's.
        """
        if None in golds:
            raise ValueError(f"gold of {where(ids, golds.index(None))}: None, as golds that are withheld are")
        texts, references = as_texts(answers, self.task, side, ids), as_texts(golds, self.task, "gold", ids)
        check_references(self.task, references, "gold", ids)
        return answers_in(self.task, texts) if extract else texts, references

    def values(self, predictions: Sequence[str], references: Sequence[str]) -> dict[str, list[float]]:
        """Key -> the score of each sample by itself; an error is an error."""
        import numpy as np

        statistics = self._scores.statistics(self.task, predictions, references)
        columns = {name: np.asarray(column) for name, column in statistics.items()}
        found = self._scores.aggregate(self.task, columns, 1)
        return {key: np.asarray(found[key], float).tolist() for key in self.keys}

    def turned(
        self, values: Mapping[str, Sequence[float]], references: Sequence[str] | None = None
    ) -> dict[str, list[float]]:
        """The same with more as better.

        An error becomes (w - error) / w: with ``references``, w is the largest error on the scale that each of them
        allows, the rule of the benchmark's code for training retrievers (arXiv 2404.05970). Without, w is the length of
        the scale, and what would be negative is 0. An error without a scale is negated.
        """
        return {key: self._turned(key, column, references) for key, column in values.items()}

    def _turned(self, key: str, column: Sequence[float], references: Sequence[str] | None) -> list[float]:
        if self._scores.higher_is_better[key]:
            return list(column)
        if key not in self._scorer.higher_is_better or self._scorer.largest_error(self.task) is None:
            return [-error for error in column]
        if references is None:
            scale = self._scorer.largest_error(self.task)
            return [max(0.0, 1 - error / scale) for error in column]
        largest = [self._scorer.largest_error(self.task, reference) for reference in references]
        return [(w - error) / w for error, w in zip(column, largest, strict=True)]
