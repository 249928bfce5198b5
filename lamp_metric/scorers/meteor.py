"""METEOR as in evaluate's module ``meteor``: nltk's ``word_tokenize`` and ``single_meteor_score`` with its defaults."""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from lamp_dataset.lazy import require


def meteor(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
    """The METEOR of each sample, 0 to 1; FileNotFoundError if nltk has no WordNet or no sentence splitter."""
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

    for name, ask in (("punkt_tab", lambda: tokenize("a")), ("wordnet", lambda: wordnet.ensure_loaded())):
        try:
            ask()
        except LookupError:
            raise FileNotFoundError(
                f"meteor needs nltk's data wordnet and punkt_tab, and nltk finds no {name}; get it by "
                f"python -m nltk.downloader {name}"
            ) from None
    return tokenize, single_meteor_score, wordnet.get_version()
