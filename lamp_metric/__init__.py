"""The scores of the LaMP benchmark, exact and repeatable.

After ``import lamp_metric``, ``evaluate.load("lamp_metric", …)`` finds the metric from any directory.
"""

from typing import TYPE_CHECKING

from lamp_dataset.lazy import lazy_exports
from lamp_dataset.version import __version__ as __version__
from lamp_metric.evaluate_internals import patch_evaluate

if TYPE_CHECKING:
    from lamp_metric.measures import Measure, register_measure
    from lamp_metric.predictions.answers import extract_answer
    from lamp_metric.predictions.writing import write_predictions
    from lamp_metric.published import PUBLISHED
    from lamp_metric.scorers import Scorer, register
    from lamp_metric.scoring import score, signature_of
    from lamp_metric.statistics.comparison import compare, compare_values
    from lamp_metric.trainer import best_tokens, compute_metrics
else:  # their modules need scikit-learn, rouge_score or numpy
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "Measure": "measures",
            "PUBLISHED": "published",
            "Scorer": "scorers",
            "best_tokens": "trainer",
            "compare": "statistics.comparison",
            "compare_values": "statistics.comparison",
            "compute_metrics": "trainer",
            "extract_answer": "predictions.answers",
            "register": "scorers",
            "register_measure": "measures",
            "score": "scoring",
            "signature_of": "scoring",
            "write_predictions": "predictions.writing",
        },
    )

__all__ = [
    "PUBLISHED",
    "Measure",
    "Scorer",
    "best_tokens",
    "compare",
    "compare_values",
    "compute_metrics",
    "extract_answer",
    "register",
    "register_measure",
    "score",
    "signature_of",
    "write_predictions",
]

patch_evaluate()
