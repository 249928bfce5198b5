"""The scores of the LaMP benchmark, exact and repeatable.

After ``import lamp_metric``, ``evaluate.load("lamp_metric", …)`` finds the metric from any directory.
"""

from typing import TYPE_CHECKING

from lamp_dataset.lazy import lazy_exports
from lamp_dataset.version import __version__ as __version__
from lamp_metric.evaluate_internals import patch_evaluate

if TYPE_CHECKING:
    from lamp_metric.asking.address import is_local
    from lamp_metric.asking.ask_rows import ask_all, ask_here
    from lamp_metric.asking.journal import Journal
    from lamp_metric.asking.own_files import content_digest, own_content, own_folder
    from lamp_metric.asking.server import Server
    from lamp_metric.judged_retrieval import judge_retrieval
    from lamp_metric.learning.item_feedback import item_feedback, read_feedback
    from lamp_metric.learning.preference_pairs import preferences
    from lamp_metric.learning.rewards import reward
    from lamp_metric.measures import Measure, register_measure
    from lamp_metric.predictions.answer_extraction import extract_answer
    from lamp_metric.predictions.trivial_baselines import baseline
    from lamp_metric.predictions.writing import write_predictions
    from lamp_metric.result_tables.published import PUBLISHED, published_rows
    from lamp_metric.scorers import Scorer, register
    from lamp_metric.scoring import score, signature_of
    from lamp_metric.statistics.comparing import compare, compare_values
    from lamp_metric.statistics.comparison import Comparison
    from lamp_metric.statistics.resampling import Resampling
    from lamp_metric.trainer import best_tokens, compute_metrics
else:  # their modules need scikit-learn, rouge_score or numpy
    __getattr__, __dir__ = lazy_exports(__name__)

__all__ = [
    "PUBLISHED",
    "Comparison",
    "Journal",
    "Measure",
    "Resampling",
    "Scorer",
    "Server",
    "ask_all",
    "ask_here",
    "baseline",
    "best_tokens",
    "compare",
    "compare_values",
    "compute_metrics",
    "content_digest",
    "extract_answer",
    "is_local",
    "item_feedback",
    "judge_retrieval",
    "own_content",
    "own_folder",
    "preferences",
    "published_rows",
    "read_feedback",
    "register",
    "register_measure",
    "reward",
    "score",
    "signature_of",
    "write_predictions",
]

patch_evaluate()
