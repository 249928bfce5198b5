"""ROUGE-1 and ROUGE-L F-measure without stemming. Plain values in, numbers out.

``rouge_score`` decides what a word is and what the F-measure is. Only its table of subsequences is replaced, which
takes time and memory proportional to the product of both lengths: the length of the longest common subsequence is
counted with bit operations. The tests compare thousands of random pairs with ``RougeScorer`` for equality.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

from lamp_dataset.personalize.retrieval.queries import find_query
from lamp_dataset.task import Task
from lamp_metric.scorers.meteor import meteor
from lamp_metric.scorers.scorer import Finding, Row, Scorer, Statistics
from lamp_metric.scorers.wrappers import unwrap, wrapper_of

#: Tokens of the shorter text that are compared at a time: bounds the memory when both texts are long.
BLOCK = 16_384


def common_words(a: Sequence[str], b: Sequence[str]) -> int:
    """The number of tokens that ``a`` and ``b`` share; a repeated token counts as often as both sides have it."""
    return (Counter(a) & Counter(b)).total()


def longest_common_subsequence(a: Sequence[str], b: Sequence[str]) -> int:
    """The length of the longest common subsequence.

    Hyyrö 2004: one bit per token of the shorter text, one step per token of the longer one.

    >>> longest_common_subsequence("a b c d".split(), "b x d a".split())
    2
    """
    shorter, longer = (a, b) if len(a) <= len(b) else (b, a)
    carries = [0] * len(longer)
    return sum(_block(shorter[start : start + BLOCK], longer, carries) for start in range(0, len(shorter), BLOCK))


def _block(tokens: Sequence[str], others: Sequence[str], carries: list[int]) -> int:
    """What ``tokens`` add to the length. ``carries``, one bit per token of ``others``, goes on to the next block."""
    places: dict[str, int] = {}
    bit = 1
    for token in tokens:
        places[token] = places.get(token, 0) | bit
        bit <<= 1
    row = every = bit - 1
    for step, token in enumerate(others):
        if token in places or carries[step]:
            match = row & places.get(token, 0)
            total = row + match + carries[step]
            carries[step] = total >> len(tokens)
            row = (total | row - match) & every
    return len(tokens) - row.bit_count()


@cache
def _rouge_score() -> tuple[Any, Any]:
    """The tokenizer and the F-measure of ``rouge_score``, which takes a second to import."""
    from rouge_score.scoring import fmeasure
    from rouge_score.tokenizers import DefaultTokenizer

    return DefaultTokenizer(use_stemmer=False).tokenize, fmeasure


class Text(Scorer):
    """Any text; ROUGE counts its words."""

    kind = "generation"
    higher_is_better = {"rouge-1": True, "rouge-L": True}
    shown = {"rouge-1": "rouge-1", "rouge-L": "rouge-L"}
    means = ("rouge-1", "rouge-L")
    unusable = "no word that ROUGE counts (a-z, 0-9): scores 0"
    figures = {
        "best rouge-1": "ROUGE-1 of the best of the top k outputs against the gold",
        "best rouge-L": "ROUGE-L of the best of the top k outputs against the gold",
    }

    def is_usable(self, task: Task, text: str) -> bool:
        """Whether ROUGE sees a word: a-z or 0-9 after lower-casing. The tokenizer's answer, without ``rouge_score``."""
        return any("a" <= character <= "z" or "0" <= character <= "9" for character in text.lower())

    def is_valid_reference(self, task: Task, text: str) -> bool:
        return True

    def sample_statistics(self, task: Task, predictions: Sequence[str], references: Sequence[str]) -> Statistics:
        """``"rouge-1"`` and ``"rouge-L"`` of each sample, 0 to 1.

        A side without a word (empty, punctuation only, a script other than Latin) scores 0, even against itself.
        """
        tokenize, f_measure = _rouge_score()
        ones, longest = [], []
        for prediction, reference in zip(predictions, references, strict=True):
            a, b = tokenize(prediction), tokenize(reference)
            for values, count in ((ones, common_words), (longest, longest_common_subsequence)):
                shared = count(a, b)
                values.append(f_measure(shared / max(len(a), 1), shared / max(len(b), 1)))
        return {"rouge-1": ones, "rouge-L": longest}

    def scores(
        self, task: Task, predictions: Sequence[str], references: Sequence[str], statistics: Statistics
    ) -> dict[str, float]:
        """The mean of each statistic, from an exactly rounded sum.

        The mean is the same in every run. The official script reports the median of 1,000 bootstrap means drawn
        without a seed: on 1,925 to 2,500 samples two of its runs differ by 2.1e-4 in the median, by 1.5e-3 at most,
        and the mean lies within the range of the runs.
        """
        return {key: math.fsum(values) / len(values) for key, values in statistics.items()}

    def aggregate(self, task: Task, sums: Mapping[str, Any], n: Any) -> dict[str, Any]:
        return {key: total / n for key, total in sums.items()}

    def findings(self, task: Task, texts: Sequence[tuple[str, str]]) -> list[Finding]:
        silent = [(sample_id, text) for sample_id, text in texts if not self.is_usable(task, text)]
        stubs = [(sample_id, text) for sample_id, text in texts if task.is_stub(text)]
        unbuilt = " in place of a text, as in files that have not been built yet"
        return [
            Finding(silent, "output has", "outputs have", " no word that ROUGE counts (a-z, 0-9)"),
            Finding(stubs, "output is a file name", "outputs are file names", unbuilt),
        ]

    def baseline(self, task: Task, golds: Sequence[str]) -> tuple[str, Callable[[Row], str]]:
        """The output of the first profile item; where items have none, the text of the input."""
        field = task.output_field
        if field is not None:
            return f"{field} of the first profile item", lambda row: row["profile"][0][field] if row["profile"] else ""
        return "text of the input", lambda row: find_query(task, row["input"]).text

    def find_answer(self, task: Task, text: str) -> str | None:
        """The text without what a chat model puts around it; None if nothing is left."""
        found = unwrap(text)
        return found if found.strip() else None

    def wrapper(self, text: str) -> str | None:
        return wrapper_of(text)

    def judge(self, task: Task, gold: str, outputs: Sequence[str]) -> dict[str, list[float]]:
        """The best score among the first k outputs."""
        scores = self.sample_statistics(task, outputs, [gold] * len(outputs))
        return {f"best {key}": list(accumulate(values, max)) for key, values in scores.items()}


class LongText(Text):
    """A long text: ROUGE, and METEOR, which needs WordNet and can be left out."""

    kind = "long-generation"
    higher_is_better = {"rouge-1": True, "rouge-L": True, "meteor": True}
    shown = {key: key for key in higher_is_better}
    means = tuple(higher_is_better)
    less = {"meteor": Text()}

    def sample_statistics(self, task: Task, predictions: Sequence[str], references: Sequence[str]) -> Statistics:
        """``"rouge-1"``, ``"rouge-L"`` and ``"meteor"`` of each sample; FileNotFoundError without WordNet."""
        sides = ([text.strip() for text in side] for side in (predictions, references))
        try:
            return {**super().sample_statistics(task, predictions, references), "meteor": meteor(*sides)}
        except (FileNotFoundError, ImportError) as error:
            how = '--without meteor, in Python without=["meteor"]'
            raise type(error)(f"{error}; or leave METEOR out: {how}") from None

    def judge(self, task: Task, gold: str, outputs: Sequence[str]) -> dict[str, list[float]]:
        """The best ROUGE among the first k outputs."""
        return self.less["meteor"].judge(task, gold, outputs)
