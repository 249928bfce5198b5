"""Find the answer in what a chat model says. Opt-in, and never part of the official scores."""

from collections import Counter
from collections.abc import Iterable, Sequence

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


class WrappedAnswers:
    """Counts answers that look wrapped, by file and by kind, and keeps one of them as an example."""

    def __init__(self, task: Task | None) -> None:
        self._task = task
        self._files: dict[str, list[int]] = {}
        self._kinds: Counter[str] = Counter()
        self._example = ""

    def look(self, answers: Iterable[tuple[str, str]], file: str = "", n: int = 0) -> None:
        """Take in ids and texts of a file, and ``n`` more texts that do not look wrapped."""
        counts = self._files.setdefault(file, [0, 0])
        counts[1] += n
        for sample_id, text in answers:
            counts[1] += 1
            kind = scorer_of(self._task).wrapper(text)
            if kind is not None:
                counts[0] += 1
                self._kinds[kind] += 1
                self._example = self._example or f"such as sample {short(sample_id)}: {short(text)}"

    @property
    def number(self) -> int:
        """How many look wrapped."""
        return self._kinds.total()

    def line(self, option: str) -> str | None:
        """One line: how many look wrapped, an example, and the option that takes that off; None if none does."""
        if not self._kinds:
            return None
        counts = {file: f"{found} of {n}" for file, (found, n) in self._files.items() if found}
        if len(counts) > 1:
            subject = ", ".join(f"{file} {count}" for file, count in counts.items())
        else:
            subject = ": ".join(filter(None, next(iter(counts.items()))))
        kinds = ", ".join(f"{kind} {count}" for kind, count in self._kinds.most_common())
        return f"{subject} answers look wrapped ({kinds}), {self._example}; {option} takes that off"
