"""Find the label or the rating in a chat model's sentence. Opt-in, and never part of the official scores."""

from __future__ import annotations

import re
from functools import cache

from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task

#: What announces the answer. The last one counts, since models think aloud first.
_CUE = re.compile(
    r"\b(?:answer|tag|category|rating|score|reference|prediction|label)\b[^\n.:]{0,30}?(?:\bis\b|\bwould be\b|:|=)",
    re.I,
)
#: Ways to name the scale, which are not ratings.
_SCALE = re.compile(r"\b1\s*(?:to|through|-|–)\s*5\b|(?:\bout of|/)\s*5\b(?:\.0)?", re.I)
_NUMBER = re.compile(r"(?<![\w.,+–-])[-+]?\d+(?:\.\d+)?(?!\w|[.,–-]\d)")
_WORDS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
_STARS = re.compile(rf"\b({'|'.join(_WORDS)})[ -]stars?\b", re.I)


def extract_answer(task: str | Task, text: str) -> str | None:
    """The label or rating that ``text`` gives as its answer.

    If the text announces an answer ("the answer is", "rating:" and the like), the first label after the last
    announcement counts; otherwise the only label in the text does. Case does not matter. If labels overlap, the longer
    one counts: "dark comedy" is not "comedy". Ratings may have decimals; "out of 5", "/5" and "1 to 5" name the scale.

    Args:
        task: config name of a task with labels.
        text: what the model said.

    Returns:
        The label as the benchmark spells it, or the rating in digits; None if there is none, or if there are several
        and none is announced.

    Raises:
        ValueError: the task is unknown, or it has no labels.

    >>> extract_answer("LaMP_1", "Both fit, but the answer is [1].")
    '[1]'
    >>> extract_answer("LaMP_2", "It is a Dark Comedy.")
    'dark comedy'
    >>> extract_answer("LaMP_3", "I would give this 4 out of 5 stars.")
    '4'
    >>> extract_answer("LaMP_3", "Somewhere between 2 and 4.") is None
    True
    """
    task = get_task(task) if not isinstance(task, Task) else task
    if not task.labels:
        raise ValueError(f"extract_answer: {task.name} has no labels to look for")
    find = _ratings if task.kind == "ordinal" else _labels
    cues = list(_CUE.finditer(text))
    announced = find(task.labels, text[cues[-1].end() :], True) if cues else []
    if announced:
        return announced[0]
    found = dict.fromkeys(find(task.labels, text, False))
    return next(iter(found)) if len(found) == 1 else None


def _labels(labels: tuple[str, ...], text: str, announced: bool) -> list[str]:
    """The labels in ``text``, in order. "1" counts as "[1]" only right after an announcement, or as the whole text."""
    full, bare = _patterns(labels)
    by_folded = {label.casefold(): label for label in labels}
    found = [by_folded[match.group().casefold()] for match in full.finditer(text)]
    if found or bare is None:
        return found
    match = bare.match(text)
    return [f"[{match.group(1)}]"] if match and (announced or match.end() == len(text)) else []


@cache
def _patterns(labels: tuple[str, ...]) -> tuple[re.Pattern, re.Pattern | None]:
    longest_first = sorted(labels, key=len, reverse=True)
    full = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)", re.I)
    cores = [label[1:-1] for label in longest_first if label.startswith("[") and label.endswith("]")]
    bare = re.compile(r"\W*(" + "|".join(map(re.escape, cores)) + r")(?!\w|\.\d)\W*") if cores else None
    return full, bare


def _ratings(labels: tuple[str, ...], text: str, announced: bool) -> list[str]:
    """The numbers in ``text`` on the scale, in order; if there are none, those in words, as in "four stars"."""
    text = _SCALE.sub(" ", text)
    low, high = float(labels[0]), float(labels[-1])
    found = [match.group() for match in _NUMBER.finditer(text) if low <= float(match.group()) <= high]
    return found or [_WORDS[match.group(1).lower()] for match in _STARS.finditer(text)]
