"""The scores of the LaMP benchmark, exact and repeatable.

After ``import lamp_metric``, ``evaluate.load("lamp_metric", …)`` finds the metric from any directory.
"""

from typing import TYPE_CHECKING

from lamp_dataset.lazy import lazy_exports
from lamp_dataset.version import __version__ as __version__
from lamp_metric.evaluate_internals import patch_evaluate

if TYPE_CHECKING:
    from lamp_metric.asking.ask_rows import ask_all as ask_all
    from lamp_metric.asking.ask_rows import ask_here as ask_here
    from lamp_metric.asking.connection import is_local as is_local
    from lamp_metric.asking.journal import Journal as Journal
    from lamp_metric.asking.journal import content_digest as content_digest
    from lamp_metric.asking.journal import own_content as own_content
    from lamp_metric.asking.journal import own_folder as own_folder
    from lamp_metric.asking.server import Server as Server
    from lamp_metric.judged_retrieval import judge_retrieval as judge_retrieval
    from lamp_metric.learning.item_feedback import item_feedback as item_feedback
    from lamp_metric.learning.item_feedback import read_feedback as read_feedback
    from lamp_metric.learning.rewards_and_preferences import preferences as preferences
    from lamp_metric.learning.rewards_and_preferences import reward as reward
    from lamp_metric.measures import Measure as Measure
    from lamp_metric.measures import register_measure as register_measure
    from lamp_metric.predictions.answer_extraction import extract_answer as extract_answer
    from lamp_metric.predictions.reading import read_predictions as read_predictions
    from lamp_metric.predictions.reading import write_predictions as write_predictions
    from lamp_metric.predictions.trivial_baselines import baseline as baseline
    from lamp_metric.result_tables.comparison_table import Comparison as Comparison
    from lamp_metric.result_tables.published import PUBLISHED as PUBLISHED
    from lamp_metric.result_tables.published import published_rows as published_rows
    from lamp_metric.scorers import Scorer as Scorer
    from lamp_metric.scorers import register as register
    from lamp_metric.scoring import score as score
    from lamp_metric.scoring import signature_of as signature_of
    from lamp_metric.signature import Resampling as Resampling
    from lamp_metric.statistics.compare_systems import compare as compare
    from lamp_metric.statistics.compare_systems import compare_values as compare_values
    from lamp_metric.trainer import best_tokens as best_tokens
    from lamp_metric.trainer import compute_metrics as compute_metrics
else:  # their modules need scikit-learn, rouge_score or numpy
    __getattr__, __dir__, __all__ = lazy_exports(__name__)

patch_evaluate()
