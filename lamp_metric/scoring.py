"""Scores of plain lists."""

from collections.abc import Iterable
from typing import Any

from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.measures import chosen, together
from lamp_metric.predictions.scored_samples import measure, warn_of_remarks
from lamp_metric.signature import Resampling, signature


def score(
    task: str | Task,
    predictions: Iterable[Any],
    references: Iterable[Any],
    *,
    ids: Iterable[str] | None = None,
    users: Iterable[Any] | None = None,
    confidence_level: float | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    per_sample: bool = False,
    extract_answers: bool = False,
    also: Iterable[str] = (),
    without: Iterable[str] = (),
) -> dict[str, Any]:
    """The benchmark's scores of one task, from two lists in the same order.

    Args:
        task: config name, such as ``"LaMP_4"``; a ``_time`` config is scored like its user-based counterpart.
        predictions: strings, or also numbers if the task has labels. White space at both ends is ignored.
        references: the golds; if the task has labels, each must be one of them. Both sides may also be records
            ``{"id": …, "output": …}``, or tables with these columns, in any order: they are joined by id.
        ids: names of the samples, for messages and ``per_sample``; by default their positions "0", "1", …
        users: the user of each sample, in the order of ``references``, see :func:`lamp_dataset.users_of`. The intervals
            then draw users, each with all their samples: samples of one user are alike, and intervals that draw samples
            are too narrow.
        confidence_level: such as 0.95; adds ``"<key>_ci": [low, high]``, the percentile bootstrap interval; of
            means over fewer than 30 samples (or users), Student's t.
        n_resamples: number of bootstrap resamples.
        seed: of their generator (numpy's PCG64).
        per_sample: adds ``"per_sample"``: id -> ``correct`` (classes), ``absolute_error`` and ``squared_error``
            (ratings), ``rouge-1`` and ``rouge-L`` (texts).
        extract_answers: use what :func:`lamp_metric.extract_answer` finds. Not part of the official scores.
        also: measures beside the benchmark's scores: for texts ``rouge-2``, ``rouge-Lsum``, ``bleu``, ``chrf`` and
            ``meteor``, for ratings ``accuracy`` and ``pearson``; what :func:`lamp_metric.register_measure` added; or
            ``"module:name"``, a function ``(predictions, references) -> list of floats``, whose mean is taken.
        without: scores to leave out, which can only be ``meteor`` of long texts; the signature says so.

    Returns:
        ``accuracy`` and ``f1``, ``MAE`` and ``RMSE``, or ``rouge-1`` and ``rouge-L`` (of long texts, ``meteor``, too),
        and whatever else was requested.

    Warns:
        UserWarning: predictions cannot be used (not a label, not a number, no word), or look wrapped as by a chat
            model; with their number.

    Raises:
        ValueError: the task is unknown, there is nothing to score, the lists differ in length, an id is a duplicate, a
            value has the wrong type, a gold is not a label of the task, a sample has no user, all samples are one
            user's, a measure does not fit the task, or an option is out of range. The message names the sample.
        ImportError: a measure's library is missing: ``pip install 'lamp-hf[measures]'``.
        FileNotFoundError: nltk's data for ``meteor`` are missing; the message says how to get them.

    Where the scores differ from the official script's is listed in the manual, on the page about scoring.

    >>> score("LaMP_3", ["4", "no idea"], ["5", "2"])
    {'MAE': 2.0, 'RMSE': 2.23606797749979}
    """
    task = get_task(task)
    resampling = Resampling.on_demand(confidence_level, n_resamples, seed)
    samples = measure(
        task, predictions, references, ids, users=users, extract_answers=extract_answers, also=chosen(also, without)
    )
    warn_of_remarks([samples])
    result: dict[str, Any] = dict(samples.scores)
    if resampling is not None:
        from lamp_metric.statistics.resampling import intervals  # needs numpy

        result |= {f"{key}_ci": interval for key, interval in intervals(samples, resampling).items()}
    if per_sample:
        result["per_sample"] = samples.per_sample()
    return result


def signature_of(
    task: str | Task,
    n: int,
    *,
    confidence_level: float | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    extract_answers: bool = False,
    users: int | None = None,
    also: Iterable[str] = (),
    without: Iterable[str] = (),
) -> str:
    """One line that says how :func:`score` makes the scores of ``n`` samples with these options.

    The options are those of ``score``. Without a ``confidence_level``, those of resampling and the users do not matter.

    Args:
        task: config name.
        n: number of samples.
        users: number of users, if ``score`` was given users.

    Raises:
        ValueError: the task or a measure is unknown, or an option is out of range.
        ImportError, FileNotFoundError: as for ``score``.
    """
    task = get_task(task)
    resampling = Resampling.on_demand(confidence_level, n_resamples, seed)
    measured = together(task, chosen(also, without))
    return signature(task.name, n, resampling, users, extracted=extract_answers, **measured.signed)
