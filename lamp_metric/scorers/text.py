"""ROUGE-1 and ROUGE-L F-measure without stemming, and METEOR of long texts.

``rouge_score`` decides what a word is and what the F-measure is. Only its table of subsequences, whose time and memory
grow with the product of both lengths, is replaced: bit operations count the longest common subsequence. The tests
compare thousands of random pairs with ``RougeScorer``.

The score is the mean, the same in every run. The official script reports the median of 1,000 bootstrap means drawn
without a seed: on 1,925 to 2,500 samples, two of its runs differ by 2.1e-4 in the median and 1.5e-3 at most, and the
mean lies within their range.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from itertools import accumulate
from typing import Any

from lamp_dataset.lazy import require
from lamp_dataset.personalize.retrieval.queries import find_query
from lamp_dataset.task import Task
from lamp_metric.scorers.scorer import Finding, Row, Scorer, Statistics
from lamp_metric.scorers.wrappers import unwrap, wrapper_of


def longest_common_subsequence(a: Sequence[str], b: Sequence[str]) -> int:
    """The length of the longest common subsequence.

    Hyyrö 2004: one bit per token of the shorter text, one step per token of the longer one.

    >>> longest_common_subsequence("a b c d".split(), "b x d a".split())
    2
    """
    shorter, longer = (a, b) if len(a) <= len(b) else (b, a)
    places: dict[str, int] = {}
    for place, token in enumerate(shorter):
        places[token] = places.get(token, 0) | 1 << place
    row = every = (1 << len(shorter)) - 1
    for token in longer:
        if token in places:
            match = row & places[token]
            row = (row + match | row - match) & every
    return len(shorter) - row.bit_count()


def meteor(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
    """The METEOR of each sample, 0 to 1, as in evaluate's module ``meteor``: by nltk with its defaults.

    FileNotFoundError if nltk has no WordNet or no sentence splitter.
    """
    tokenize, score, _ = _nltk()
    pairs = zip(predictions, references, strict=True)
    return [float(score(tokenize(gold), tokenize(text), alpha=0.9, beta=3, gamma=0.5)) for text, gold in pairs]


def meteor_signature() -> str:
    """The library, the version of WordNet, and nltk's defaults, which evaluate passes."""
    return f"nltk {version('nltk')}|wordnet:{_nltk()[2]}|alpha:0.9|beta:3|gamma:0.5"


@cache
def _nltk() -> tuple[Callable, Callable, Any]:
    """The tokenizer, METEOR, and the version of WordNet."""
    tokenize = require("nltk", "measures").word_tokenize
    from nltk.corpus import wordnet
    from nltk.translate.meteor_score import single_meteor_score

    missing = []
    for name, ask in (("punkt_tab", lambda: tokenize("a")), ("wordnet", lambda: wordnet.ensure_loaded())):
        try:
            ask()
        except LookupError:
            missing.append(name)
    if missing:
        raise FileNotFoundError(
            f"meteor needs nltk's data wordnet and punkt_tab, and nltk finds no {' and no '.join(missing)}; get it "
            f"by python -m nltk.downloader {' '.join(missing)}"
        )
    return tokenize, single_meteor_score, wordnet.get_version()


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
        from rouge_score.scoring import fmeasure  # takes a second to import
        from rouge_score.tokenizers import DefaultTokenizer

        tokenize = DefaultTokenizer(use_stemmer=False).tokenize
        found: dict[str, list[float]] = {"rouge-1": [], "rouge-L": []}
        for prediction, reference in zip(predictions, references, strict=True):
            a, b = tokenize(prediction), tokenize(reference)
            shared = (Counter(a) & Counter(b)).total(), longest_common_subsequence(a, b)
            for values, count in zip(found.values(), shared, strict=True):
                values.append(fmeasure(count / max(len(a), 1), count / max(len(b), 1)))
        return found

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

    def trivial_baseline(self, task: Task, golds: Sequence[str]) -> tuple[str, Callable[[Row], str]]:
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
