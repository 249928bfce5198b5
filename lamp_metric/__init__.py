"""The scores of the LaMP benchmark, exact and repeatable.

After ``import lamp_metric``, ``evaluate.load("lamp_metric", …)`` finds the metric from any directory.
"""

from lamp_metric.comparison import compare
from lamp_metric.predictions.answers import extract_answer
from lamp_metric.predictions.writing import write_predictions
from lamp_metric.registration import register
from lamp_metric.scoring import score, signature_of
from lamp_metric.trainer import best_tokens, compute_metrics

__all__ = ["best_tokens", "compare", "compute_metrics", "extract_answer", "score", "signature_of", "write_predictions"]

register()
