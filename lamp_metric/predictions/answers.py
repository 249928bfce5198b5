"""Find the label or the rating in a chat model's sentence. Opt-in, and never part of the official scores."""

from __future__ import annotations

from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.scorers import scorer_of


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
    task = get_task(task)
    return scorer_of(task).find_answer(task, text)
