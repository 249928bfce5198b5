"""From files of predictions, users and profiles to the report's folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from lamp_dataset.task import Task
from lamp_metric.by_user.excerpts import excerpts
from lamp_metric.by_user.frame import MEANS, Frame
from lamp_metric.by_user.profiles import Profile
from lamp_metric.by_user.report_folder import write_folder
from lamp_metric.by_user.summary import summarize
from lamp_metric.measuring import ScoredSamples
from lamp_metric.options import Resampling
from lamp_metric.predictions.joining import JoinedOutputs


def make_report(
    output: str | os.PathLike[str],
    systems: Mapping[str, Sequence[ScoredSamples]],
    joined: Mapping[str, JoinedOutputs],
    profiles: Mapping[str, Profile],
    key: str,
    resampling: Resampling,
    *,
    extract_answers: bool = False,
) -> dict[str, Any]:
    """Write the report.

    Args:
        output: the folder.
        systems: system -> runs, scored with users; the baseline is the first.
        joined: system -> golds and outputs, of the first run, for the page.
        profiles: sample id -> what was kept of the row.
        key: the score that the sections by user are about, see :func:`check_score`.
        resampling: for all intervals and tests.
        extract_answers: whether answers were extracted, for the signature.

    Returns:
        The numbers, see :func:`~lamp_metric.by_user.summary.summarize`.

    Raises:
        ValueError: ``output`` holds something else.
        OSError: the folder cannot be written.
    """
    kept = [profiles[sample_id] for sample_id in next(iter(systems.values()))[0].ids]
    frame = Frame(systems, [profile.size for profile in kept], [profile.nearness for profile in kept])
    summary = summarize(frame, key, resampling, extract_answers=extract_answers)
    write_folder(output, frame, summary, excerpts(summary, joined, profiles))
    return summary


def check_score(task: Task, key: str | None) -> str:
    """The score that sections by user can be about: ``key``, or the task's first.

    Raises:
        ValueError: users have no such score.
    """
    allowed = [name for name in task.scores if name in MEANS]
    if key is not None and key not in allowed:
        raise ValueError(f"score: expected {' or '.join(allowed)}, which the users of {task.name} have, found {key!r}")
    return key or allowed[0]
