"""BLEU and chrF of a corpus, by sacrebleu with its defaults, 0 to 100.

Neither is a mean of sentences: the score of all samples, and of each resample, is computed from their summed counts.

Two private methods of ``sacrebleu.metrics`` are used, here and nowhere else: ``_extract_corpus_statistics``, because
chrF gives its counts in no other way, and ``_compute_score_from_stats``. Checked on sacrebleu 2.4 to 2.6.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lamp_dataset.lazy import require
from lamp_metric.measures.measure import TEXTS, Measure
from lamp_metric.scorers.scorer import Statistics


class Corpus(Measure):
    """A metric of sacrebleu; ``settings`` are the keys of its signature that are shown."""

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


#: ``force`` silences a warning about tokenized text, which LaMP's texts are.
BLEU = Corpus("bleu", "BLEU", ("tok", "smooth"), force=True)
CHRF = Corpus("chrf", "CHRF", ("nc", "nw", "space"))
