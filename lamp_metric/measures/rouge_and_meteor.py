"""ROUGE-2 and ROUGE-Lsum by rouge_score, and METEOR by nltk: means over samples, 0 to 1."""

from collections.abc import Sequence
from importlib.metadata import version

from lamp_metric.measures.measure import TEXTS, Mean
from lamp_metric.scorers.meteor import meteor, meteor_signature


class Rouge(Mean):
    """The F-measure of a variant of ROUGE, without stemming; ROUGE-Lsum takes each line as a sentence."""

    kinds = TEXTS

    def __init__(self, name: str, variant: str) -> None:
        """``variant``: what ``rouge_score`` calls it."""
        self.name, self._variant = name, variant

    @property
    def signature(self) -> str:
        return f"rouge_score {version('rouge_score')}|stem:no"

    def values(self, predictions: Sequence[str], references: Sequence[str]) -> list[float]:
        from rouge_score.rouge_scorer import RougeScorer

        scorer, pairs = RougeScorer([self._variant]), zip(predictions, references, strict=True)
        return [float(scorer.score(gold, text)[self._variant].fmeasure) for text, gold in pairs]


class Meteor(Mean):
    """METEOR as evaluate's module ``meteor`` has it: nltk's ``word_tokenize`` and ``single_meteor_score``."""

    name = "meteor"
    kinds = ("generation",)

    @property
    def signature(self) -> str:
        """Library, version of WordNet, and settings."""
        return meteor_signature()

    def values(self, predictions: Sequence[str], references: Sequence[str]) -> list[float]:
        """The METEOR of each sample; FileNotFoundError if nltk has no WordNet or no sentence splitter."""
        return meteor(predictions, references)
