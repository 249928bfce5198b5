"""ROUGE-2 and ROUGE-Lsum by rouge_score, and METEOR by nltk: means over samples, 0 to 1."""

from collections.abc import Sequence
from importlib.metadata import version

from lamp_metric.measures.measure import TEXTS, Mean
from lamp_metric.scorers.meteor import meteor, meteor_signature


class Rouge(Mean):
    """The F-measure of a variant of ROUGE, without stemming; ROUGE-Lsum takes each line as a sentence."""

    kinds = TEXTS

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def signature(self) -> str:
        return f"rouge_score {version('rouge_score')}|stem:no"

    def values(self, predictions: Sequence[str], references: Sequence[str]) -> list[float]:
        from rouge_score.rouge_scorer import RougeScorer

        variant = self.name.replace("-", "")
        scorer, pairs = RougeScorer([variant]), zip(predictions, references, strict=True)
        return [float(scorer.score(gold, text)[variant].fmeasure) for text, gold in pairs]


class Meteor(Mean):
    """METEOR, see :mod:`lamp_metric.scorers.meteor`."""

    name = "meteor"
    kinds = ("generation",)

    @property
    def signature(self) -> str:
        return meteor_signature()

    def values(self, predictions: Sequence[str], references: Sequence[str]) -> list[float]:
        return meteor(predictions, references)
