"""Learning from the scores of single answers: rewards, as TRL calls them, and pairs of a better and a worse answer."""

import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lamp_dataset.formats.texts import short
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.measures import together
from lamp_metric.predictions.answer_extraction import WrappedAnswers, answers_in
from lamp_metric.predictions.reading import as_list, as_texts, is_finite, where
from lamp_metric.predictions.scored_samples import check_references
from lamp_metric.scorers import scorer_of


class SingleScores:
    """Some scores of a task, or measures beside them (``keys``), for single samples.

    A key that is None is the task's first score. ValueError if the task or a measure is unknown, or a single sample has
    no such score, as with macro F1.
    """

    def __init__(self, task: str | Task, keys: Iterable[str | None]) -> None:
        self.task = get_task(task)
        self.keys = tuple(self.task.scores[0] if key is None else key for key in keys)
        self._scorer = scorer_of(self.task)
        self._scores = together(self.task, [key for key in self.keys if key not in self._scorer.higher_is_better])
        for key in self.keys:
            if key not in self._scores.shown:
                known = ", ".join(self._scores.shown)
                raise ValueError(f"no sample of {self.task.name} has {short(key)} by itself; expected one of {known}")

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
        """The same values, but more is always better.

        An error becomes (w - error) / w. With ``references``, w is the largest error on the scale that each of them
        allows, the rule of the benchmark's code for training retrievers (arXiv 2404.05970). Without, w is the length of
        the scale, and what would be negative is 0. An error without a scale is negated.
        """
        found = {}
        for key, column in values.items():
            if self._scores.higher_is_better[key]:
                found[key] = list(column)
            elif key not in self._scorer.higher_is_better or (scale := self._scorer.largest_error(self.task)) is None:
                found[key] = [-error for error in column]
            elif references is None:
                found[key] = [max(0.0, 1 - error / scale) for error in column]
            else:
                largest = (self._scorer.largest_error(self.task, reference) for reference in references)
                found[key] = [(w - error) / w for error, w in zip(column, largest, strict=True)]
        return found


def reward(
    task: str | Task,
    score: str | None = None,
    *,
    weights: Mapping[str, float] | None = None,
    target: str = "target",
    extract_answers: bool = False,
) -> Callable[..., list[float]]:
    """A function that rewards completions by their scores, as ``trl.GRPOTrainer(reward_funcs=…)`` takes it.

    Higher is always better. A rating gets 1 - error / (largest error on the scale), from 0 to 1; other errors are
    negated. An answer that cannot be used (not a label, not a number, no word) gets the least: 0, or the negated error
    that its scorer counts. The function can be pickled, and called by several threads at once.

    Args:
        task: config name.
        score: one of the task's scores that a single sample has, by default its first; or a measure, see ``also`` of
            :func:`lamp_metric.score`.
        weights: instead of ``score``: score -> its weight in the sum, above 0.
        target: the column of the golds.
        extract_answers: use what :func:`lamp_metric.extract_answer` finds in a completion.

    Returns:
        A function of ``completions``, texts or lists of chat messages, the last of which has the answer, and of the
        columns of the data as keywords, such as ``target``, one gold for each completion; others are not used. It
        raises a ValueError if the column of golds is missing or has another length, or a gold is withheld or not the
        task's.

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
    scores = SingleScores(task, found)
    found = dict(zip(scores.keys, map(float, found.values()), strict=True))
    return _Reward(scores, found, target, extract_answers)


@dataclass(frozen=True, eq=False)  # may be a key, like any function
class _Reward:  # trainers log the name of what a functools.partial calls instead of its own
    scores: SingleScores
    weights: Mapping[str, float]
    target: str
    extract: bool

    @property
    def __name__(self) -> str:
        return "+".join(self.weights)

    def __call__(self, completions: Sequence[Any], prompts: Any = None, **columns: Any) -> list[float]:
        golds = as_list(columns.get(self.target, ()), self.target)
        if len(golds) != len(completions):
            wanted, found = f"{len(completions)} completions as {self.target!r}", ", ".join(columns) or "none"
            raise ValueError(f"expected a gold for each of {wanted}, found {len(golds)} in the columns: {found}")
        task = self.scores.task
        texts, golds = self.scores.read(map(_said, completions), golds, "completion", extract=self.extract)
        found, usable = self.scores.turned(self.scores.values(texts, golds)), scorer_of(task).is_usable
        weighted = ([weight * value for value in found[key]] for key, weight in self.weights.items())
        totals = map(sum, zip(*weighted, strict=True))
        return [total if usable(task, text) else min(total, 0.0) for text, total in zip(texts, totals, strict=True)]


def _said(completion: Any) -> Any:
    """The text of a completion: itself, or what the last of its messages says, which may be nothing but a tool call.

    What it says may come in parts, of which the texts count.
    """
    if isinstance(completion, str) or not isinstance(completion, Sequence):
        return completion
    last = completion[-1] if completion else {"content": None}
    if isinstance(last, Mapping) and "role" in last and "content" not in last:
        return ""
    if not isinstance(last, Mapping) or "content" not in last:
        return _joined(completion)
    return "" if last["content"] is None else _joined(last["content"])


def _joined(content: Any) -> Any:
    """The texts of a content in parts, ``[{"type": "text", "text": …}, …]``; another content as it is."""
    if isinstance(content, str) or not isinstance(content, Sequence):
        return content
    if not all(isinstance(part, Mapping) and isinstance(part.get("type"), str) for part in content):
        return content
    texts = [part.get("text") for part in content if part["type"] in ("text", "output_text")]
    return "".join(texts) if all(isinstance(text, str) for text in texts) else content


def preferences(
    task: str | Task,
    prompts: Iterable[Any],
    answers: Iterable[Sequence[Any]],
    references: Iterable[str],
    *,
    score: str | None = None,
    gold: bool = False,
    margin: float = 0.0,
    max_pairs: int | None = None,
    extract_answers: bool = False,
    ids: Iterable[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Rows of ``prompt``, ``chosen`` and ``rejected``, as ``trl.DPOTrainer`` takes them.

    Args:
        task: config name.
        prompts: of the samples: texts, or lists of chat messages; then both answers are such lists, too.
        answers: the answers to each.
        references: their golds.
        score: by default the task's first; see :func:`lamp_metric.reward`.
        gold: prefer the gold to each answer, instead of better answers to worse ones.
        margin: the minimum difference of the scores, 0 or more; equal ones make no pair. An error counts as
            (w - error) / w, where w is the largest error that the gold allows.
        max_pairs: of each sample, those with the largest differences; by default all.
        extract_answers: score what :func:`lamp_metric.extract_answer` finds in an answer.
        ids: names of the samples, for messages; by default their positions "0", "1", …

    Warns:
        UserWarning: after the last prompt, if answers look wrapped as by a chat model; with their number.

    Raises:
        ValueError: an answer cannot be scored, a gold is withheld or not the task's, or an option is out of range.
    """
    scores = SingleScores(task, [score])
    wrapped = WrappedAnswers(scores.task)
    if not is_finite(margin) or margin < 0 or (max_pairs is not None and max_pairs < 1):
        raise ValueError(f"expected a margin of 0 or more and at least 1 pair, found {margin!r} and {max_pairs!r}")
    names = map(str, itertools.count()) if ids is None else iter(ids)
    for place, (prompt, said, reference) in enumerate(zip(prompts, answers, references, strict=True)):
        name = next(names)
        texts, golds = scores.read(said, [reference] * len(said), f"answer to prompt {place}")
        wrapped.look(() if extract_answers else ((name, text) for text in texts))
        texts = list(dict.fromkeys([*golds[:1], *texts] if gold else texts))
        golds = golds[:1] * len(texts)
        found = answers_in(scores.task, texts) if extract_answers else texts
        [values] = scores.turned(scores.values(found, golds), golds).values()
        rated = list(zip(texts, values, strict=True))
        best = rated[:1] if gold else rated
        pairs = [(a - b, one, other) for one, a in best for other, b in rated if a > b and a - b >= margin]
        for _, one, other in sorted(pairs, key=lambda pair: -pair[0])[:max_pairs]:
            yield {"prompt": prompt, "chosen": _answer(one, prompt), "rejected": _answer(other, prompt)}
    if line := wrapped.line("extract_answers=True, or --extract_answers,"):
        warnings.warn(line, stacklevel=2)


def _answer(text: str, prompt: Any) -> Any:
    return text if isinstance(prompt, str) else [{"role": "assistant", "content": text}]
