"""Scores as rewards for reinforcement learning, in the form that TRL calls: a function of a batch of completions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lamp_dataset.formats.texts import short
from lamp_dataset.task import Task
from lamp_metric.learning.single_scores import SingleScores
from lamp_metric.predictions.answer_extraction import answers_in
from lamp_metric.predictions.inputs import as_list, as_texts, is_number
from lamp_metric.predictions.scored_samples import check_references
from lamp_metric.scorers import scorer_of


def reward(
    task: str | Task,
    score: str | None = None,
    *,
    weights: Mapping[str, float] | None = None,
    target: str = "target",
    extract_answers: bool = False,
) -> Reward:
    """A function that rewards completions by their scores, as ``trl.GRPOTrainer(reward_funcs=…)`` takes it.

    More is always better. A rating gets 1 - error / (largest error on the scale), from 0 to 1; other errors are
    negated. An answer that cannot be used (not a label, not a number, no word) gets the least: 0, or for a negated
    error what its scorer says. It can be pickled, and called by several threads at once.

    Args:
        task: config name.
        score: one of the task's scores that a single sample has, by default its first; or a measure, see ``also`` of
            :func:`lamp_metric.score`.
        weights: instead of ``score``: score -> its weight in the sum, above 0.
        target: the column of the golds.
        extract_answers: use what :func:`lamp_metric.extract_answer` finds in a completion.

    Raises:
        ValueError: the task or a score is unknown, or a weight is not a number above 0.

    >>> reward("LaMP_3")(completions=["4", [{"role": "assistant", "content": "5"}], "?"], target=["5", "5", "3"])
    [0.75, 1.0, 0.0]
    """
    if weights is not None and (score is not None or not weights):
        raise ValueError("expected a score, or instead of it the weights of one or more")
    found = dict(weights) if weights is not None else {score: 1.0}
    for key, weight in found.items():
        if not is_number(weight) or not 0 < weight < math.inf:
            raise ValueError(f"weights: expected numbers above 0, found {short(weight)} for {short(key)}")
    return Reward(task, found, target, extract_answers)


class Reward:
    """What :func:`reward` returns. Its ``__name__`` is what trainers log."""

    def __init__(self, task: str | Task, weights: Mapping[str | None, float], target: str, extract: bool) -> None:
        """``weights``: None stands for the task's first score."""
        first = SingleScores(task, []).task.scores[0]
        self._weights = {key or first: float(weight) for key, weight in weights.items()}
        self._scores = SingleScores(task, self._weights)
        self._target, self._extract = target, extract
        self.__name__ = "+".join(self._weights)

    def __call__(self, completions: Sequence[Any], prompts: Any = None, **columns: Any) -> list[float]:
        """The reward of each completion.

        Args:
            completions: texts, or lists of chat messages, the last of which has the answer.
            prompts: are not used.
            columns: the golds' column, one gold for each completion; others are not used.

        Raises:
            ValueError: there is no column of golds, it has another length, or a gold is withheld or not the task's.
        """
        task, golds = self._scores.task, self._golds(columns, len(completions))
        texts = as_texts([_said(completion) for completion in completions], task, "completion")
        texts = answers_in(task, texts) if self._extract else texts
        found = self._scores.turned(self._scores.values(texts, golds))
        usable = scorer_of(task).is_usable
        totals = [0.0] * len(texts)
        for key, weight in self._weights.items():
            totals = [total + weight * value for total, value in zip(totals, found[key], strict=True)]
        return [total if usable(task, text) else min(total, 0.0) for text, total in zip(texts, totals, strict=True)]

    def _golds(self, columns: Mapping[str, Any], n: int) -> list[str]:
        if columns.get(self._target) is None or len(columns[self._target]) != n:
            found = ", ".join(columns) or "none"
            raise ValueError(f"expected a gold for each of {n} completions as {self._target!r}, found columns: {found}")
        golds = as_texts(as_list(columns[self._target], self._target), self._scores.task, "gold")
        check_references(self._scores.task, golds, "gold", None)
        return golds


def _said(completion: Any) -> Any:
    """The text of a completion: itself, or the content of the last of its messages."""
    if isinstance(completion, Sequence) and not isinstance(completion, str):
        last = completion[-1] if completion else {"content": ""}
        return last["content"] if isinstance(last, Mapping) and "content" in last else completion
    return completion
