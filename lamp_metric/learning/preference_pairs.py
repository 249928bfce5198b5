"""Pairs of a better and a worse answer to one prompt, for training by preferences (DPO and its like)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lamp_dataset.task import Task
from lamp_metric.learning.rewards import SingleScores
from lamp_metric.predictions.answer_extraction import answers_in
from lamp_metric.predictions.reading import is_finite


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
) -> Iterator[dict[str, Any]]:
    """Rows of ``prompt``, ``chosen`` and ``rejected``, as ``trl.DPOTrainer`` takes them.

    Args:
        task: config name.
        prompts: of the samples: texts, or lists of chat messages; then both answers are such lists, too.
        answers: the answers to each.
        references: their golds.
        score: by default the task's first; see :func:`lamp_metric.reward`.
        gold: prefer the gold to each answer, instead of better answers to worse ones.
        margin: the least difference of the scores, 0 or more; equal ones make no pair. An error counts as
            (w - error) / w, where w is the largest error that the gold allows.
        max_pairs: of each sample, those with the largest differences; by default all.
        extract_answers: score what :func:`lamp_metric.extract_answer` finds in an answer.

    Raises:
        ValueError: an answer cannot be scored, a gold is withheld or not the task's, or an option is out of range.
    """
    scores = SingleScores(task, [score])
    if not is_finite(margin) or margin < 0 or (max_pairs is not None and max_pairs < 1):
        raise ValueError(f"expected a margin of 0 or more and at least 1 pair, found {margin!r} and {max_pairs!r}")
    for place, (prompt, said, reference) in enumerate(zip(prompts, answers, references, strict=True)):
        texts, golds = scores.read(said, [reference] * len(said), f"answer to prompt {place}")
        texts = list(dict.fromkeys([*golds[:1], *texts] if gold else texts))
        golds = golds[:1] * len(texts)
        found = answers_in(scores.task, texts) if extract_answers else texts
        [values] = scores.turned(scores.values(found, golds), golds).values()
        rated = list(zip(texts, values, strict=True))
        best = rated[:1] if gold else rated
        pairs = [(a - b, one, other) for one, a in best for other, b in rated if a > b and a - b >= margin]
        for _, one, other in sorted(pairs, key=lambda pair: -pair[0])[:max_pairs]:
            yield {"prompt": prompt, "chosen": _answer(one, prompt), "rejected": _answer(other, prompt)}


def _answer(text: str, prompt: Any) -> Any:
    return text if isinstance(prompt, str) else [{"role": "assistant", "content": text}]
