"""No silent score: how many predictions could not be used, in one line."""

from __future__ import annotations

import warnings

from lamp_dataset.formats.recognition import other_task
from lamp_dataset.formats.texts import short
from lamp_metric.measuring import ScoredSamples
from lamp_metric.predictions.answers import extract_answer


def unusable_line(samples: ScoredSamples, option: str, name: str = "") -> str | None:
    """How many predictions cannot be used, an example, the task that they look like, and whether
    looking for answers in them would help.

    Args:
        samples: scored samples.
        option: what looks for labels and ratings in sentences, as the reader would write it.
        name: what to call the system or file, if there are several.

    Returns:
        One line; None if all predictions can be used.
    """
    found, task = samples.unusable, samples.task
    if not found:
        return None
    sample_id, text = found[0]
    line = (
        f"{f'{name}: ' if name else ''}{len(found)} of {samples.n} predictions cannot be used for {task.name} "
        f"({samples.scorer.unusable}), such as sample {short(sample_id)}: {short(text)}"
    )
    likely = other_task([text for _, text in found], task, samples.n)
    line += f"; they look like {likely.name}" if likely else ""
    rescued = sum(extract_answer(task, text) is not None for _, text in found) if task.labels else 0
    return f"{line}; {option} would find an answer in {rescued} of them" if rescued else line


def warn_of_unusable(samples: ScoredSamples, name: str = "") -> None:
    """Warn if predictions cannot be used; to be called by a public function, whose caller the warning names."""
    line = unusable_line(samples, "extract_answers=True", name)
    if line is not None:
        warnings.warn(line, stacklevel=3)
