"""The scores as the ``compute_metrics`` of transformers' ``Trainer``. Nothing here imports torch."""

from collections.abc import Callable, Iterable
from typing import Any

from lamp_dataset.personalize.prompts.tokens import decode
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.scorers import scorer_of
from lamp_metric.scoring import score

#: The Trainer's label for positions without a token.
PADDING = -100


def compute_metrics(
    task: str | Task,
    tokenizer: Any = None,
    *,
    causal: bool = False,
    extract_answers: bool = False,
    without: Iterable[str] = (),
) -> Callable[[Any], dict[str, float]]:
    """A function for ``Trainer(compute_metrics=…)``.

    It takes what the Trainer passes, an ``EvalPrediction`` or a pair. The predictions can be

    * token ids, samples × tokens, as with ``predict_with_generate=True``;
    * logits, samples × tokens × vocabulary, or a tuple that begins with them; the best token at each position counts;
    * logits of a classification head, samples × labels, if the labels are positions in ``TASKS[name].labels``; or the
      numbers of a regression head, if the task has ratings.

    Tokens at -100 and special tokens are left out. Blanks before punctuation are removed, as in the official runs,
    which used the default of transformers 4. Logits count only where the gold has a token; such scores come from
    teacher forcing and are higher than those of generated text. The golds are decoded by the tokenizer, too; a label
    that it cannot spell is an error.

    Args:
        task: config name.
        tokenizer: has ``batch_decode``; not needed for a classification or regression head.
        causal: True for decoder-only models, whose logits at one position predict the token at the next.
        extract_answers: find labels and ratings in sentences, see :func:`lamp_metric.extract_answer`.
        without: scores to leave out, see :func:`lamp_metric.score`.

    Raises:
        ValueError: the task is unknown. The function that is returned raises it for arrays of another shape and for
            golds that are not labels of the task.

    >>> compute_metrics("LaMP_1")(([[0.1, 2.0], [1.5, 0.3]], [1, 1]))
    {'accuracy': 0.5, 'f1': 0.3333333333333333}
    """
    task = get_task(task)

    def scores(evaluated: Any) -> dict[str, float]:
        predictions, labels = _pair(evaluated)
        if labels.ndim == 1:
            found = scorer_of(task).read_head(task, predictions, labels)
            if found is None:
                wanted = f"{len(task.labels)} logits per sample for the labels of {task.name}"
                raise ValueError(f"compute_metrics: expected {wanted}, found predictions of shape {predictions.shape}")
            texts, golds = found
        else:
            texts = _decoded(_token_ids(predictions, labels, causal), tokenizer)
            golds = _decoded(labels, tokenizer)
        return score(task, texts, golds, extract_answers=extract_answers, without=without)

    return scores


def best_tokens(*, causal: bool = False) -> Callable[[Any, Any], Any]:
    """A function for ``Trainer(preprocess_logits_for_metrics=…)``: keeps only the best token at each position.

    The logits of a whole split are samples × tokens × vocabulary numbers and may not fit into memory. The scores are
    the same as from the logits.

    Args:
        causal: as for :func:`compute_metrics`.
    """
    return lambda logits, labels: _best_tokens(logits[0] if isinstance(logits, tuple) else logits, labels, causal)


def _best_tokens(logits: Any, labels: Any, causal: bool) -> Any:
    """Token ids, or :data:`PADDING` where the gold has no token; for arrays of numpy and tensors of torch."""
    ids = logits.argmax(-1)
    if causal:
        ids, labels = ids[:, :-1], labels[:, 1:]
    ids[labels == PADDING] = PADDING
    return ids


def _pair(evaluated: Any) -> tuple[Any, Any]:
    """Predictions and labels as arrays."""
    import numpy as np

    if hasattr(evaluated, "label_ids"):
        evaluated = evaluated.predictions, evaluated.label_ids
    predictions, labels = evaluated
    predictions = predictions[0] if isinstance(predictions, tuple) else predictions
    if labels is None:
        raise ValueError("compute_metrics: expected labels, found None; does the dataset have a 'labels' column?")
    return np.asarray(predictions), np.asarray(labels)


def _token_ids(predictions: Any, labels: Any, causal: bool) -> Any:
    """Token ids of the predictions, :data:`PADDING` where there is no token."""
    if predictions.ndim == 3 and predictions.shape[:2] == labels.shape:
        return _best_tokens(predictions, labels, causal)
    if predictions.ndim == 2 and predictions.dtype.kind in "iu":
        return predictions
    raise ValueError(
        "compute_metrics: expected token ids (samples × tokens), or logits (samples × tokens × vocabulary) with labels "
        f"for all tokens, found {predictions.dtype} of shape {predictions.shape} and labels of shape {labels.shape}"
    )


def _decoded(ids: Any, tokenizer: Any) -> list[str]:
    if tokenizer is None:
        raise ValueError("compute_metrics: token ids need a tokenizer: compute_metrics(task, tokenizer)")
    # Cleaned up on both sides, as the official scores were made.
    return decode(tokenizer, [row[row != PADDING].tolist() for row in ids])
