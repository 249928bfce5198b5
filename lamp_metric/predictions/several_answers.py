"""Several answers to each sample: as runs whose scores are averaged, or one of them, the majority's or the best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lamp_dataset.formats.texts import short
from lamp_dataset.task import Task
from lamp_metric.predictions.answer_extraction import answers_in
from lamp_metric.predictions.inputs import as_texts
from lamp_metric.predictions.joining import JoinedOutputs
from lamp_metric.predictions.scored_samples import measure_joined
from lamp_metric.scorers import scorer_of


def split(joined: JoinedOutputs) -> list[JoinedOutputs]:
    """A run for each answer of a file whose outputs are lists; another file is one run.

    Raises:
        ValueError: samples have different numbers of answers, or none; the message names the first.
    """
    numbers = [len(value) if isinstance(value, list) else None for value in joined.predictions]
    n = numbers[0]
    if n is None and not any(numbers):
        return [joined]
    wrong = next((place for place, number in enumerate(numbers) if not number or number != n), None)
    if wrong is not None:
        wanted = f"a list of {n} answers, as for the first sample" if n and wrong else "a list of answers"
        found = short(joined.predictions[wrong])
        raise ValueError(f"{joined.names[0]} of sample {short(joined.ids[wrong])}: expected {wanted}, found {found}")
    runs = enumerate(zip(*joined.predictions, strict=True), 1)
    return [_run(joined, list(run), f"answer {number}") for number, run in runs]


def _run(joined: JoinedOutputs, predictions: list, what: str) -> JoinedOutputs:
    file = joined.names[0].rpartition(": ")[0]
    return replace(joined, predictions=predictions, names=(f"{file}: {what}", joined.names[1]))


def choose(runs: Sequence[JoinedOutputs], rule: str, *, extract_answers: bool = False) -> list[JoinedOutputs]:
    """The runs to score: for ``"mean"`` all, for a rule in :data:`RULES` one, which has a run's answer to each sample.

    Raises:
        ValueError: the task has no labels to vote on, or an answer cannot be scored.
    """
    if rule == "mean" or len(runs) == 1:
        return list(runs)
    places = RULES[rule](runs, extract_answers)
    chosen = [runs[place].predictions[sample] for sample, place in enumerate(places)]
    return [_run(runs[0], chosen, f"{rule} of {len(runs)}")]


def _best(runs: Sequence[JoinedOutputs], extract_answers: bool) -> list[int]:
    """For each sample, the run whose answer is nearest to the gold by the task's first score; the first of equals."""
    scored = [measure_joined(run, extract_answers=extract_answers) for run in runs]
    key = runs[0].task.scores[0]
    sign = scorer_of(runs[0].task).sign(key)
    columns = zip(*(samples.values(key) for samples in scored), strict=True)
    return [max(range(len(runs)), key=lambda place: sign * values[place]) for values in columns]


def _majority(runs: Sequence[JoinedOutputs], extract_answers: bool) -> list[int]:
    """For each sample, the first run that gives the most frequent answer; only what can be used has a vote."""
    task = runs[0].task
    if not task.labels:
        raise ValueError(f"majority: {task.name} has no labels to vote on; best and mean take texts")
    texts = [as_texts(run.predictions, task, run.names[0], run.ids) for run in runs]
    answers = [answers_in(task, said) if extract_answers else said for said in texts]
    return [_vote([_ballot(task, text) for text in said]) for said in zip(*answers, strict=True)]


def _ballot(task: Task, text: str) -> Any:
    """What the text votes for: equal labels and ratings are one vote; None if it cannot be used."""
    scorer = scorer_of(task)
    return scorer.read(text) if scorer.is_usable(task, text) else None


def _vote(ballots: Sequence[Any]) -> int:
    counts = Counter(ballot for ballot in ballots if ballot is not None)
    return ballots.index(max(counts, key=counts.get)) if counts else 0


#: Rule -> for each sample the position of the run whose answer counts.
RULES: Mapping[str, Callable[[Sequence[JoinedOutputs], bool], list[int]]] = {"best": _best, "majority": _majority}
#: Rule -> how a signature names it.
SIGNED: Mapping[str, str] = {"best": "best by gold (head-room, not a score)", "majority": "majority"}
