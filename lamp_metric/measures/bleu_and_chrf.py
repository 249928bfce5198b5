"""BLEU and chrF of a corpus, by sacrebleu, 0 to 100.

Neither is a mean of sentences: a resample's score is computed from the summed counts of its samples. The counts and the
score of all samples are sacrebleu's own. Its function takes 0.1 ms, too long for the 100,000 resamples of a comparison,
so their scores are computed together; the tests compare them with sacrebleu's on the resampled texts.

Two private methods of ``sacrebleu.metrics`` are used, here and nowhere else: ``_extract_corpus_statistics``, because
chrF gives its counts in no other way, and ``_compute_score_from_stats``. Checked on sacrebleu 2.4 to 2.6.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from lamp_dataset.lazy import require
from lamp_metric.measures.measure import TEXTS, Measure
from lamp_metric.scorers.scorer import Statistics


class Corpus(Measure):
    """A metric of sacrebleu with its defaults."""

    kinds = TEXTS
    settings: tuple[str, ...]  # the keys of sacrebleu's signature that are shown

    @abstractmethod
    def metric(self) -> Any:
        """The metric of sacrebleu."""

    @property
    def signature(self) -> str:
        metric = self.metric()
        metric.num_refs = 1  # sacrebleu sets it when it sees the references
        info = metric.get_signature().info
        return "|".join([f"sacrebleu {info['version']}", *(f"{key}:{info[key]}" for key in self.settings)])

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Statistics:
        counts = self.metric()._extract_corpus_statistics(predictions, [references])
        return {str(place): list(map(float, column)) for place, column in enumerate(zip(*counts, strict=True))}

    def score(self, statistics: Statistics) -> float:
        sums = [int(sum(column)) for column in statistics.values()]
        return float(self.metric()._compute_score_from_stats(sums).score)


class Bleu(Corpus):
    """BLEU-4."""

    name = "bleu"
    settings = ("tok", "smooth")

    def metric(self) -> Any:
        """``force`` only silences a warning about tokenized text, which LaMP's texts are."""
        return require("sacrebleu.metrics", "measures").BLEU(force=True)

    def aggregate(self, sums: Mapping[str, Any], n: Any) -> Any:
        """Brevity penalty times the geometric mean of the precisions; the k-th that is 0 counts as half to the k-th."""
        import numpy as np

        length, wanted, *counts = (np.asarray(column, float) for column in sums.values())
        right, total = np.array(counts[:4]), np.array(counts[4:])
        halved = 0.5 ** np.cumsum(right == 0, axis=0)
        precision = np.where(right == 0, halved, right) / np.maximum(total, 1)
        penalty = np.exp(np.minimum(0, 1 - wanted / np.maximum(length, 1)))
        exists = (total > 0).all(axis=0) & (right > 0).any(axis=0)
        return np.where(exists, 100 * penalty * np.exp(np.log(precision).mean(axis=0)), 0.0)


class Chrf(Corpus):
    """chrF2: characters, no words."""

    name = "chrf"
    settings = ("nc", "nw", "space")

    def metric(self) -> Any:
        return require("sacrebleu.metrics", "measures").CHRF()

    def aggregate(self, sums: Mapping[str, Any], n: Any) -> Any:
        """F2 of precision and recall, each the mean over the orders that occur on both sides."""
        import numpy as np

        ours, theirs, shared = (np.array(list(sums.values())[side::3], float) for side in range(3))
        both = (ours > 0) & (theirs > 0)
        orders = np.maximum(both.sum(axis=0), 1)
        precision, recall = ((shared / np.maximum(side, 1) * both).sum(axis=0) / orders for side in (ours, theirs))
        return 100 * 5 * precision * recall / np.maximum(4 * precision + recall, 1e-300)
