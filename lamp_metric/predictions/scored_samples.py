"""Samples scored one by one, of one answer, several, or values from elsewhere: what all figures are computed from."""

import csv
import json
import math
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lamp_dataset.formats.task_of_file import other_task, tasks_with_label
from lamp_dataset.formats.texts import check_same_ids, check_unique, short
from lamp_dataset.task import Task
from lamp_metric.measures import together
from lamp_metric.measures.measure import Column, Together
from lamp_metric.predictions.answer_extraction import WrappedAnswers, answers_in, extract_answer
from lamp_metric.predictions.reading import (
    SIDES,
    JoinedOutputs,
    as_list,
    as_texts,
    check_ids,
    is_finite,
    join_by_id,
    record_of,
    user_names,
    where,
)
from lamp_metric.scorers import Statistics, scorer_of
from lamp_metric.scorers.wrappers import CUT_OFF, wrapper_of

#: In the name of a run, what stands between the file and the number of the answer to each sample.
ANSWER = ": answer "


@dataclass(frozen=True)
class ScoredSamples:
    """The samples of one task, scored one by one and together.

    Attributes:
        task: their task; None for values computed elsewhere, of no known task.
        scorer: the scorer of the task's kind, with the measures beside it.
        statistics: name -> one number per sample.
        scores: result key -> score of all samples.
        ids: their ids, or their positions "0", "1", … if they have none.
        users: the user of each sample; None: resampling draws and swaps samples, not users.
        unusable: id and text of the predictions that cannot be used: not a label, not a number, no word.
        wrapped: id and text of the predictions that look wrapped, if answers were not extracted.
        name: what messages call the predictions; "" where there are no others.
        predictions: the texts that were scored, before answers were extracted.
        references: the golds.
        answers: how many answers to each sample there were, of which these are one.
    """

    task: Task | None
    scorer: Together
    statistics: Statistics
    scores: Mapping[str, float]
    ids: Sequence[str]
    users: Sequence[str] | None = None
    unusable: Sequence[tuple[str, str]] = ()
    wrapped: Sequence[tuple[str, str]] = ()
    name: str = ""
    predictions: Sequence[str] = ()
    references: Sequence[str] = ()
    answers: int = 1

    @property
    def n(self) -> int:
        """The number of samples."""
        return len(self.ids)

    @property
    def n_users(self) -> int | None:
        """The number of users; None if they are not known."""
        return len(set(self.users)) if self.users is not None else None

    @property
    def keys(self) -> list[str]:
        """The result keys."""
        return list(self.scorer.higher_is_better)

    def values(self, key: str) -> list[float] | None:
        """Each sample's part in the score ``key``: the score is their mean, or for RMSE the root of it.

        None for a score that no sample has by itself: macro F1.
        """
        statistic = self.scorer.shown.get(key)
        return self.statistics[statistic] if statistic is not None else None

    def per_sample(self) -> dict[str, dict[str, float]]:
        """Id -> the statistics that make sense for a single sample."""
        shown = list(self.scorer.shown.values())
        rows = zip(*(self.statistics[key] for key in shown), strict=True)
        return {sample_id: dict(zip(shown, row, strict=True)) for sample_id, row in zip(self.ids, rows, strict=True)}


def measure(
    task: Task,
    predictions: Iterable[Any],
    references: Iterable[Any],
    ids: Iterable[str] | None = None,
    *,
    users: Iterable[Any] | None = None,
    extract_answers: bool = False,
    also: Iterable[str] = (),
    sides: tuple[str, str] = ("prediction", "reference"),
) -> ScoredSamples:
    """Score each sample; arguments and errors as for :func:`lamp_metric.score`. Messages call the lists ``sides``."""
    measured = together(task, also)
    names, predictions, references = _lists(predictions, references, ids, sides)
    said = predicted = as_texts(predictions, task, sides[0], names)
    golds = as_texts(references, task, sides[1], names)
    check_references(task, golds, sides[1], names)
    whose = user_names(users, len(golds), names) if users is not None else None
    if extract_answers:
        predicted = answers_in(task, said)
    scorer, statistics = measured.scorer, measured.statistics(task, predicted, golds)
    scores = measured.scores(task, predicted, golds, statistics)
    names = names or [str(position) for position in range(len(golds))]
    pairs = list(zip(names, said, strict=True))
    unusable = [pair for pair, text in zip(pairs, predicted, strict=True) if not scorer.is_usable(task, text)]
    wrapped = [] if extract_answers else [pair for pair in pairs if scorer.wrapper(pair[1]) is not None]
    name = sides[0].removesuffix("prediction").removesuffix(": ")
    return ScoredSamples(task, measured, statistics, scores, names, whose, unusable, wrapped, name, said, golds)


def measure_joined(joined: JoinedOutputs, *, extract_answers: bool = False, also: Iterable[str] = ()) -> ScoredSamples:
    """Score the samples of two joined files, see :func:`measure`."""
    options = {"users": joined.users, "extract_answers": extract_answers, "also": also, "sides": joined.names}
    found = measure(joined.task, joined.predictions, joined.references, joined.ids, **options)
    return replace(found, answers=joined.answers)


def _lists(
    predictions: Iterable[Any], references: Iterable[Any], ids: Iterable[str] | None, sides: tuple[str, str]
) -> tuple[list[str] | None, list, list]:
    """Ids, predictions and references as lists of the same length; records are joined by id."""
    predictions, references = as_list(predictions, "predictions"), as_list(references, "references")
    if ids is not None:
        ids = as_list(ids, "ids")
    elif references and isinstance(references[0], Mapping):
        pairs = (
            [record_of(value, position, side) for position, value in enumerate(values)]
            for values, side in zip((predictions, references), sides, strict=True)
        )
        ids, predictions, references = join_by_id(*pairs, SIDES)
    for name, values in (("predictions", predictions), ("ids", ids)):
        if values is not None and len(values) != len(references):
            raise ValueError(f"expected as many {name} as references, found {len(values)} and {len(references)}")
    if not references:
        raise ValueError("nothing to score: no predictions, no references")
    if any(isinstance(sample_id, str) for sample_id in ids or ()):
        check_ids(ids)
    check_unique(ids or (), "ids")
    return ids, predictions, references


def check_references(task: Task, references: Sequence[str], side: str, ids: Sequence[str] | None) -> None:
    """Reject references that no sample of the task can have; equal ones are looked at once."""
    is_valid = scorer_of(task).is_valid_reference
    wrong = {text for text in set(references) if not is_valid(task, text) or task.is_stub(text)}
    if not wrong:
        return
    position = next(place for place, text in enumerate(references) if text in wrong)
    text, place = references[position], f"{side} of {where(ids, position)}"
    if not is_valid(task, text):
        raise ValueError(
            f"{place}: {short(text)} is not a label of {task.name}{tasks_with_label(text)}; "
            f"labels: {', '.join(task.labels)}. Are golds and predictions swapped?"
        )
    raise ValueError(
        f"{place}: {short(text)} is a file name in place of the text; scores against it mean nothing. "
        "Build the files first: avocado-builder build --help"
    )


def remarks(runs: Sequence[ScoredSamples], option: str) -> list[str]:
    """Lines on predictions that cannot be used or look wrapped, and on golds that look like predictions, if any.

    Each says how many there are, one example, and what would help: of predictions that cannot be used for each file, of
    those that look wrapped for all. ``option``: what extracts answers, as the reader would write it.
    """
    by_file: dict[str, list[ScoredSamples]] = {}
    for samples in runs:  # of a file with several answers, each is a run
        by_file.setdefault(samples.name.partition(ANSWER)[0], []).append(samples)
    lines, wrapped = [], WrappedAnswers(runs[0].task)
    for name, some in by_file.items():
        line = _unusable_line(some, option)
        lines += [f"{name}: {line}" if name else line] if line else []
        for samples in some:
            wrapped.look(samples.wrapped, name, samples.n - len(samples.wrapped))
    lines += filter(None, [wrapped.line(option)])
    first, task = runs[0], runs[0].task
    golds = sum(not scorer_of(task).is_usable(task, text) for text in first.references) if task else 0
    if golds > max(len(samples.unusable) for samples in runs):
        lines.append(f"{golds} of {first.n} golds cannot be used: are golds and predictions swapped?")
    return lines


def _unusable_line(runs: Sequence[ScoredSamples], option: str) -> str | None:
    """How many predictions cannot be used, an example, and the task that they look like."""
    found, task, n = [pair for run in runs for pair in run.unusable], runs[0].task, sum(run.n for run in runs)
    if not found:
        return None
    sample_id, text = found[0]
    line = (
        f"{len(found)} of {n} predictions cannot be used for {task.name} "
        f"({scorer_of(task).unusable}), such as sample {short(sample_id)}: {short(text)}"
    )
    likely = other_task([text for _, text in found], task, n)
    line += f"; they look like {likely.name}" if likely else ""
    endless = sum(wrapper_of(text) == CUT_OFF for _, text in found)
    line += f"; {CUT_OFF} (no </think>): {endless}" if endless else ""
    rescued = sum(extract_answer(task, text) is not None for _, text in found) if task.labels else 0
    return f"{line}; {option} would find an answer in {rescued} of them" if rescued else line


def warn_of_remarks(runs: Sequence[ScoredSamples]) -> None:
    """Warn of what is remarkable; to be called by a public function, whose caller the warning names."""
    for line in remarks(runs, "extract_answers=True"):
        warnings.warn(line, stacklevel=3)


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


#: The key of the values in results.
VALUE = "value"


def read_values(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Id -> value, from JSON ``{id: number}``, from lines ``{"id": …, "value": …}``, or from CSV with these columns."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig").strip()
        if text.startswith("{"):
            pairs = list(_of_json(text))
        else:
            pairs = [(row["id"], float(row["value"])) for row in csv.DictReader(text.splitlines(), strict=True)]
        if not pairs:
            raise ValueError("no values")
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error):
        raise ValueError(
            f'{path}: expected JSON {{"id": number, …}}, lines {{"id": …, "value": number}}, or CSV with the header '
            "id,value and a number in each line"
        ) from None
    check_unique([sample_id for sample_id, _ in pairs], str(path))
    return dict(pairs)


def _of_json(text: str) -> Iterator[tuple[str, Any]]:
    try:
        objects = [json.loads(text, object_pairs_hook=list)]
    except json.JSONDecodeError:
        objects = [json.loads(line, object_pairs_hook=list) for line in text.splitlines() if line.strip()]
    for pairs in objects:
        record = dict(pairs)
        if record.keys() >= {"id", "value"}:
            yield str(record["id"]), record["value"]
        else:
            yield from pairs


def samples_of_values(
    name: str,
    values: Mapping[str, Any],
    ids: Sequence[str],
    users: Sequence[Any] | None,
    higher_is_better: bool,
    task: Task | None = None,
) -> ScoredSamples:
    """Samples scored by given values alone, id -> number; messages call these ``name``. ``users``: one for each id."""
    check_same_ids(values, ids, (name, "the samples"))
    for sample_id in ids:
        value = values[sample_id]
        if not is_finite(value) or abs(value) > 1e100:  # sums and squares of larger ones overflow
            raise ValueError(f"{name}: expected a number for sample {short(sample_id)}, at most 1e100, found {value!r}")
    column = [float(values[sample_id]) for sample_id in ids]
    measured = Together(None, [Column(VALUE, higher_is_better, f"better:{'higher' if higher_is_better else 'lower'}")])
    mean = {VALUE: math.fsum(column) / len(column)}
    whose = None if users is None else user_names(users, len(ids), ids)
    return ScoredSamples(task, measured, {VALUE: column}, mean, ids, whose)


def with_values(samples: ScoredSamples, given: ScoredSamples) -> ScoredSamples:
    """Scored samples with given values of the same samples beside their scores."""
    beside = samples.scorer
    return replace(
        samples,
        statistics={**samples.statistics, **given.statistics},
        scores={**samples.scores, **given.scores},
        scorer=Together(beside.scorer, [*beside.measures, *given.scorer.measures], beside.left_out),
    )
