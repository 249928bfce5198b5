"""The measures that come with the package, each by the library that papers use.

Of texts: ROUGE-2 and ROUGE-Lsum by rouge_score and METEOR by nltk, means over samples, 0 to 1; BLEU and chrF by
sacrebleu, 0 to 100. Of ratings: accuracy after rounding, and Pearson's correlation.
"""

import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from lamp_dataset.lazy import require
from lamp_metric.measures.measure import TEXTS, Mean, Measure
from lamp_metric.scorers.scorer import Statistics
from lamp_metric.scorers.text import meteor, meteor_signature


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
    """METEOR, see :func:`lamp_metric.scorers.text.meteor`."""

    name = "meteor"
    kinds = ("generation",)

    @property
    def signature(self) -> str:
        return meteor_signature()

    def values(self, predictions: Sequence[str], references: Sequence[str]) -> list[float]:
        return meteor(predictions, references)


class Corpus(Measure):
    """A metric of sacrebleu with its defaults; ``settings`` are the keys of its signature that are shown.

    It is not a mean of sentences: the score of all samples, and of each resample, is computed from their summed counts.
    Two private methods of ``sacrebleu.metrics`` are used, here and nowhere else: ``_extract_corpus_statistics``,
    because chrF gives its counts in no other way, and ``_compute_score_from_stats``. Checked on sacrebleu 2.4 to 2.6.
    """

    kinds = TEXTS

    def __init__(self, name: str, metric: str, settings: Sequence[str], **options: bool) -> None:
        self.name, self._metric, self._settings, self._options = name, metric, settings, options

    def _make(self) -> Any:
        return getattr(require("sacrebleu.metrics", "measures"), self._metric)(**self._options)

    @property
    def signature(self) -> str:
        metric = self._make()
        metric.num_refs = 1  # sacrebleu sets it when it sees the references
        info = metric.get_signature().info
        return "|".join([f"sacrebleu {info['version']}", *(f"{key}:{info[key]}" for key in self._settings)])

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Statistics:
        counts = self._make()._extract_corpus_statistics(predictions, [references])
        return {str(place): list(map(float, column)) for place, column in enumerate(zip(*counts, strict=True))}

    def aggregate(self, sums: Mapping[str, Any], n: Any) -> Any:
        import numpy as np

        score, rows = self._make()._compute_score_from_stats, np.array(list(sums.values()), int).T
        return np.array([score(row).score for row in rows.tolist()])


class Accuracy(Mean):
    """The share of ratings that are right after rounding; halves are rounded up."""

    name = "accuracy"
    kinds = ("ordinal",)
    signature = "rounded:half-up"

    def values(self, predictions: Sequence[float], references: Sequence[float]) -> list[float]:
        return [float(math.floor(p + 0.5) == r) for p, r in zip(predictions, references, strict=True)]


class Pearson(Measure):
    """The correlation of ratings with the golds, -1 to 1; 0 where one side is the same for all samples."""

    name = "pearson"
    kinds = ("ordinal",)
    signature = "constant:0"

    def statistics(self, predictions: Sequence[float], references: Sequence[float]) -> Statistics:
        x, y = sides = list(predictions), list(references)
        squares = {2 * name: [value * value for value in side] for name, side in zip("xy", sides, strict=True)}
        return {"x": x, "y": y, **squares, "xy": [a * b for a, b in zip(x, y, strict=True)]}

    def score(self, statistics: Statistics) -> float:
        """The figure of ``scipy.stats.pearsonr``."""
        x, y = statistics["x"], statistics["y"]
        if len(set(x)) == 1 or len(set(y)) == 1:
            return 0.0
        from scipy.stats import pearsonr

        return float(pearsonr(x, y).statistic)

    def aggregate(self, sums: Mapping[str, Any], n: Any) -> Any:
        """The correlation of each resample; a spread that is only rounding counts as none."""
        import numpy as np

        x, y = sums["x"] / n, sums["y"] / n
        spreads = [np.asarray(sums[2 * key] / n - mean * mean) for key, mean in (("x", x), ("y", y))]
        varies = (spreads[0] > 1e-12 * sums["xx"] / n) & (spreads[1] > 1e-12 * sums["yy"] / n)
        scale = np.sqrt(np.where(varies, spreads[0] * spreads[1], 1.0))
        return np.where(varies, np.clip((sums["xy"] / n - x * y) / scale, -1, 1), 0.0)


#: ``force`` silences a warning about tokenized text, which LaMP's texts are.
MEASURES_HERE = (
    Rouge("rouge-2"),
    Rouge("rouge-Lsum"),
    Corpus("bleu", "BLEU", ("tok", "smooth"), force=True),
    Corpus("chrf", "CHRF", ("nc", "nw", "space")),
    Meteor(),
    Accuracy(),
    Pearson(),
)
