"""Several answers to each sample: as runs whose scores are averaged, or one of them, the majority's or the best."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from lamp_dataset.formats.texts import short
from lamp_metric.predictions.answer_extraction import answers_in
from lamp_metric.predictions.joining import JoinedOutputs
from lamp_metric.predictions.reading import where
from lamp_metric.predictions.scored_samples import ANSWER, ScoredSamples, measure
from lamp_metric.scorers import scorer_of


def split(joined: JoinedOutputs) -> list[JoinedOutputs]:
    """A run for each answer of a file whose outputs are lists; another file is one run."""
    runs = answers_of(joined.predictions, joined.names[0], joined.ids)
    if len(runs) == 1 and runs[0] is joined.predictions:
        return [joined]
    file, golds = joined.names[0].rpartition(": ")[0], joined.names[1]
    return [
        replace(joined, predictions=run, names=(f"{file}{ANSWER}{number}", golds), answers=len(runs))
        for number, run in enumerate(runs, 1)
    ]


def answers_of(predictions: list, side: str, ids: Sequence[str] | None) -> list[list]:
    """For predictions that are lists of equally many answers, the list of first ones, of second ones, and so on.

    For others, a list of these predictions alone. ``side`` and ``ids`` are for messages.
    """
    numbers = [len(value) if isinstance(value, (list, tuple)) else None for value in predictions]
    if not any(number is not None for number in numbers):
        return [predictions]
    n = numbers[0]
    wrong = next((place for place, number in enumerate(numbers) if not number or number != n), None)
    if wrong is not None:
        wanted = f"a list of {n} answers, as for the first sample" if n and wrong else "a list of answers"
        raise ValueError(f"{side} of {where(ids, wrong)}: expected {wanted}, found {short(predictions[wrong])}")
    return list(map(list, zip(*predictions, strict=True)))


def choose(
    runs: Sequence[ScoredSamples], rule: str, *, extract_answers: bool = False, also: Iterable[str] = ()
) -> Sequence[ScoredSamples]:
    """For ``"mean"`` all runs; for a rule in :data:`RULES` one run, which has one of their answers to each sample."""
    if rule == "mean" or len(runs) == 1:
        return runs
    first = runs[0]
    places = RULES[rule](runs, extract_answers)
    chosen = [runs[place].predictions[sample] for sample, place in enumerate(places)]
    sides = (f"{first.name.rpartition(': ')[0] or first.name}: {rule} of {len(runs)}: prediction", "reference")
    options = {"users": first.users, "extract_answers": extract_answers, "also": also, "sides": sides}
    return [replace(measure(first.task, chosen, first.references, first.ids, **options), answers=len(runs))]


def _best(runs: Sequence[ScoredSamples], extract_answers: bool) -> list[int]:
    """For each sample, the run whose answer is nearest to the gold by the task's first score; the first of equals."""
    key = runs[0].task.scores[0]
    sign = runs[0].scorer.sign(key)
    columns = zip(*(samples.values(key) for samples in runs), strict=True)
    return [max(range(len(runs)), key=lambda place: sign * values[place]) for values in columns]


def _majority(runs: Sequence[ScoredSamples], extract_answers: bool) -> list[int]:
    """For each sample, the first run that gives the most frequent answer; only what can be used has a vote."""
    task = runs[0].task
    if not task.labels:
        raise ValueError(f"majority: {task.name} has no labels to vote on; best and mean take texts")
    answers = [answers_in(task, run.predictions) if extract_answers else run.predictions for run in runs]
    scorer, places = scorer_of(task), []
    for said in zip(*answers, strict=True):
        ballots = [scorer.read(text) if scorer.is_usable(task, text) else None for text in said]
        counts = Counter(ballot for ballot in ballots if ballot is not None)
        places.append(ballots.index(max(counts, key=counts.get)) if counts else 0)
    return places


#: Rule -> for each sample the position of the run whose answer counts.
RULES: Mapping[str, Callable[[Sequence[ScoredSamples], bool], list[int]]] = {"best": _best, "majority": _majority}
#: Rule -> how a signature names it.
SIGNED: Mapping[str, str] = {"best": "best by gold (head-room, not a score)", "majority": "majority"}
