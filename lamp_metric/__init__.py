"""The scores of the LaMP benchmark, exact and repeatable."""

from lamp_metric.answers import extract_answer
from lamp_metric.comparison import compare
from lamp_metric.scoring import score

__all__ = ["compare", "extract_answer", "score"]
