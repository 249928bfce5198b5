"""Find the answer in what a chat model says. Opt-in, and never part of the official scores."""

from collections import Counter
from collections.abc import Sequence

from lamp_dataset.formats.texts import short
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.scorers import scorer_of


def extract_answer(task: str | Task, text: str) -> str | None:
    """The label, rating or text that a chat model gives as its answer.

    **Labels and ratings**: if the text announces an answer ("the answer is", "rating:" and the like), the first label
    after the last announcement counts; otherwise the only label in the text does. Case does not matter. If labels
    overlap, the longer one counts: "dark comedy" is not "comedy". Ratings may have decimals; "out of 5", "/5" and "1 to
    5" name the scale.

    **Texts**: what surrounds the whole answer is taken off: a label ("Title:", "Headline:", "Subject:", "Paraphrase:",
    "Here is a headline:" and the like), quotation marks, asterisks, a code fence, a JSON object with one text.

    Reasoning in ``<think>…</think>`` is skipped. If it never ends, there is no answer.

    Args:
        task: config name.
        text: what the model said.

    Returns:
        The label as the benchmark spells it, or the rating in digits; None if there is none, or if there are several
        and none is announced. For a text, what is left, unchanged if it has no wrapper; None if nothing is left.

    Raises:
        ValueError: the task is unknown.

    >>> extract_answer("LaMP_1", "Both fit, but the answer is [1].")
    '[1]'
    >>> extract_answer("LaMP_2", "It is a Dark Comedy.")
    'dark comedy'
    >>> extract_answer("LaMP_3", "I would give this 4 out of 5 stars.")
    '4'
    >>> extract_answer("LaMP_3", "Somewhere between 2 and 4.") is None
    True
    >>> extract_answer("LaMP_4", 'Here is a headline: "Rain, Again"')
    'Rain, Again'
    """
    task = get_task(task)
    return scorer_of(task).find_answer(task, text)


def answers_in(task: Task, texts: Sequence[str]) -> list[str]:
    """The answer in each text. Without one, the text stays as it is if the task has labels, and is empty otherwise."""
    return [extract_answer(task, text) or (text if task.labels else "") for text in texts]


def wrapped_line(task: Task, wrapped: Sequence[tuple[str, str]], n: int, option: str) -> str | None:
    """One line: how many of ``n`` answers look wrapped, by kind, an example, and the option that takes that off.

    ``wrapped``: id and text of those that do; None if there are none.
    """
    if not wrapped:
        return None
    kinds = Counter(map(scorer_of(task).wrapper, (text for _, text in wrapped)))
    counts = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    sample_id, text = wrapped[0]
    example = f"such as sample {short(sample_id)}: {short(text)}"
    return f"{len(wrapped)} of {n} answers look wrapped ({counts}), {example}; {option} takes that off"
