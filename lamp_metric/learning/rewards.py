"""Scores as rewards for reinforcement learning, in the form that TRL calls: a function of a batch of completions."""

from collections.abc import Mapping, Sequence
from typing import Any

from lamp_dataset.formats.texts import short
from lamp_dataset.task import Task
from lamp_metric.learning.single_scores import SingleScores
from lamp_metric.predictions.inputs import as_list, is_finite
from lamp_metric.scorers import scorer_of


def reward(
    task: str | Task,
    score: str | None = None,
    *,
    weights: Mapping[str, float] | None = None,
    target: str = "target",
    extract_answers: bool = False,
) -> "Reward":
    """A function that rewards completions by their scores, as ``trl.GRPOTrainer(reward_funcs=…)`` takes it.

    Higher is always better. A rating gets 1 - error / (largest error on the scale), from 0 to 1; other errors are
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
        if not is_finite(weight) or weight <= 0:
            raise ValueError(f"weights: expected numbers above 0, found {short(weight)} for {short(key)}")
    return Reward(task, found, target, extract_answers)


class Reward:
    """What :func:`reward` returns. Its ``__name__`` is what trainers log."""

    def __init__(self, task: str | Task, weights: Mapping[str | None, float], target: str, extract: bool) -> None:
        """``weights``: None stands for the task's first score."""
        self._scores = SingleScores(task, weights)
        self._weights = dict(zip(self._scores.keys, map(float, weights.values()), strict=True))
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
        golds = as_list(columns.get(self._target, ()), self._target)
        if len(golds) != len(completions):
            wanted, found = f"{len(completions)} completions as {self._target!r}", ", ".join(columns) or "none"
            raise ValueError(f"expected a gold for each of {wanted}, found {len(golds)} in the columns: {found}")
        scores, task = self._scores, self._scores.task
        texts, golds = scores.read(map(_said, completions), golds, "completion", extract=self._extract)
        found, usable = scores.turned(scores.values(texts, golds)), scorer_of(task).is_usable
        weighted = ([weight * value for value in found[key]] for key, weight in self._weights.items())
        totals = map(sum, zip(*weighted, strict=True))
        return [total if usable(task, text) else min(total, 0.0) for text, total in zip(texts, totals, strict=True)]


def _said(completion: Any) -> Any:
    """The text of a completion: itself, or what the last of its messages says, which may be nothing but a tool call."""
    if isinstance(completion, str) or not isinstance(completion, Sequence):
        return completion
    last = completion[-1] if completion else {"content": None}
    if not isinstance(last, Mapping) or "content" not in last:
        return completion
    return "" if last["content"] is None else last["content"]
