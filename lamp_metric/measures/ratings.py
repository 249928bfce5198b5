"""For ratings: accuracy after rounding, and Pearson's correlation."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lamp_metric.measures.measure import Mean, Measure
from lamp_metric.scorers.scorer import Statistics


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
        pairs = list(zip(predictions, references, strict=True))
        return {
            "x": [x for x, _ in pairs],
            "y": [y for _, y in pairs],
            "xx": [x * x for x, _ in pairs],
            "yy": [y * y for _, y in pairs],
            "xy": [x * y for x, y in pairs],
        }

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
