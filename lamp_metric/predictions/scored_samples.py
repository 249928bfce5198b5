"""Samples scored one by one: what scores, intervals and tests of differences are all computed from."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lamp_dataset.formats.ids import check_unique
from lamp_dataset.formats.task_of_file import other_task, tasks_with_label
from lamp_dataset.formats.texts import short
from lamp_dataset.task import Task
from lamp_metric.measures import Together, together
from lamp_metric.predictions.answer_extraction import WrappedAnswers, answers_in, extract_answer
from lamp_metric.predictions.joining import JoinedOutputs, join_by_id
from lamp_metric.predictions.reading import SIDES, as_list, as_texts, check_ids, record_of, user_names, where
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
