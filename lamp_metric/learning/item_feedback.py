"""Feedback: how much each item of a profile, alone in the prompt, helps a model. ``{"SAMPLE": {"ITEM": 0.31, …}, …}``.

The ids of the answers are those of :func:`lamp_dataset.item_prompts`; they may hold hyphens, and are split where a
sample and its item are known.
"""

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

import datasets

from lamp_dataset.formats.json_files import JsonList, read_json
from lamp_dataset.formats.task_of_file import is_name_of
from lamp_dataset.formats.texts import check_unique, counted, short
from lamp_dataset.personalize.retrieval.samples import positions_by_id, read_samples
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.learning.rewards_and_preferences import SingleScores
from lamp_metric.predictions.answer_extraction import WrappedAnswers
from lamp_metric.predictions.reading import is_finite

#: The key of the score without any item.
BARE = ""


def item_feedback(
    task: str | Task,
    rows: datasets.Dataset,
    answers: Iterable[tuple[str, Any]],
    *,
    score: str | None = None,
    extract_answers: bool = False,
    partial: bool = False,
    turned: bool = True,
) -> Iterator[tuple[str, dict[str, float]]]:
    """The feedback on the items of each sample, sample by sample in the order of the answers.

    Args:
        task: config of the rows.
        rows: of the split, with their golds.
        answers: pairs of an id and what the model said; or the scores of the benchmark's own script, a mapping such as
            ``{"rouge-1": 0.31}``. Those of a sample follow each other.
        score: by default the task's first score, as in that script; or another, see :func:`lamp_metric.reward`.
        extract_answers: use what :func:`lamp_metric.extract_answer` finds in an answer.
        partial: whether answers may be missing.
        turned: whether errors become (w - error) / w, where w is the largest error that the gold allows.

    Warns:
        UserWarning: after the last answer, if answers look wrapped as by a chat model; with their number.

    Raises:
        ValueError: an id belongs to no sample and item, or to several; a sample's answers are in two places, or one is
            there twice; an answer cannot be scored, a gold is withheld, or answers are missing.
    """
    scores, pairs = SingleScores(task, [score]), _Pairs(get_task(task), rows)
    counts: dict[str, tuple[int, int]] = {}
    wrapped = WrappedAnswers(scores.task)
    resolved = ((*pairs.resolve(name), name, value) for name, value in answers)
    for sample_id, found in groupby(resolved, lambda one: one[0]):
        if sample_id in counts:
            raise ValueError(f"sample {short(sample_id)}: its answers are in two places; expected one after the other")
        _, item_ids, names, said = zip(*found, strict=True)
        check_unique(item_ids, f"the answers of sample {short(sample_id)}")
        given, golds = all(isinstance(value, Mapping) for value in said), [pairs.gold(sample_id)] * len(said)
        texts, golds = scores.read(() if given else said, golds, "answer", names, extract_answers)
        wrapped.look(() if extract_answers else zip(names, texts, strict=False))
        values = _given(scores.keys[0], said, names) if given else scores.values(texts, golds)
        [values] = (scores.turned(values, golds) if turned else values).values()
        counts[sample_id] = (BARE in item_ids, len(item_ids) - (BARE in item_ids))
        yield sample_id, dict(zip(item_ids, values, strict=True))
    if not partial:
        pairs.check_complete(counts)
    if line := wrapped.line("extract_answers=True, or --extract_answers,"):
        warnings.warn(line, stacklevel=2)


def _given(key: str, said: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[float]]:
    """The scores that the benchmark's script gave, which spells MAE as mae."""
    given = [{name.casefold(): number for name, number in one.items()}.get(key.casefold()) for one in said]
    for name, number, scores in zip(names, given, said, strict=True):
        if not is_finite(number):
            raise ValueError(f"answer {short(name)}: expected its score {key!r}, found {short(scores)}")
    return {key: list(map(float, given))}


class _Pairs:
    """The samples of a split and the items of their profiles, looked up on demand."""

    def __init__(self, task: Task, rows: datasets.Dataset) -> None:
        self._task, self._rows = task, rows.with_format("arrow")
        self._places = {sample_id: place for place, sample_id in enumerate(rows["id"])}
        self.items = lru_cache(64)(self._items)

    def _items(self, sample_id: str) -> Mapping[str, int]:
        place = self._places[sample_id]
        return positions_by_id(read_samples(self._task, self._rows[place : place + 1], "official")[0])

    def gold(self, sample_id: str) -> str | None:
        return self._rows[self._places[sample_id]]["output"][0].as_py()

    def resolve(self, name: str) -> tuple[str, str]:
        """Sample and item of an id."""
        cuts = [place for place, character in enumerate(name) if character == "-"]
        found = [(name[:cut], name[cut + 1 :]) for cut in cuts if name[:cut] in self._places]
        known = [(sample_id, item_id) for sample_id, item_id in found if item_id in self.items(sample_id)]
        known += [(name, BARE)] if name in self._places else []
        if len(known) != 1:
            what = f"{known[0]} and {known[1]}" if known else "no such sample or item; are the answers of this split?"
            raise ValueError(f"answer {short(name)}: expected the id SAMPLE-ITEM or SAMPLE, found {what}")
        return known[0]

    def check_complete(self, counts: Mapping[str, tuple[int, int]]) -> None:
        """ValueError if a sample has fewer answers than others, although its profile has the items.

        ``counts``: how many answers are to prompts without items, which the benchmark's script lacks, and to others.
        """
        bare, most = (max(column) for column in zip(*counts.values() or [(1, 0)], strict=True))
        lacking = []
        for sample_id in self._places:
            found = counts.get(sample_id, (0, 0))
            wanted = bare + (most if found[1] == most else min(most, len(self.items(sample_id))))
            lacking += [f"{short(sample_id)} ({sum(found)} of {wanted})"] if sum(found) < wanted else []
        if lacking:
            named = ", ".join(lacking[:3]) + ", …" * (len(lacking) > 3)
            raise ValueError(f"answers of {counted(len(lacking), 'samples')} are missing: {named}")


def read_answers(path: str | os.PathLike, task: Task) -> Iterator[tuple[str, Any]]:
    """Pairs of id and output of a file in the official format, one at a time; ValueError if it is of another task."""

    def check_task(found: str) -> None:
        if not is_name_of(task, found):
            raise ValueError(f"{path}: expected answers for task {task.official_name!r}, found {short(found)}")

    with open(path, "rb") as file:
        for number, entry in enumerate(JsonList(file, str(path), ("output",), check_task=check_task).rows()):
            if type(entry.get("id")) is not str or "output" not in entry:
                raise ValueError(f"{path}: entry {number}: expected 'id' and 'output', found {short(entry)}")
            yield entry["id"], entry["output"]


def read_official_scores(path: str | os.PathLike) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Pairs of id and scores of a file that the benchmark's own script wrote."""
    found = read_json(path)
    for name, scores in found.items() if isinstance(found, dict) else [("", found)]:
        if not isinstance(scores, dict):
            raise ValueError(f'{path}: expected scores {{"SAMPLE-ITEM": {{"rouge-1": 0.31}}}}, found {short(scores)}')
        yield name, scores


def read_feedback(path: str | os.PathLike, rows: datasets.Dataset) -> dict[str, dict[str, float]]:
    """The feedback in a file, checked against the split that it must be of.

    Args:
        path: of a file that ``lamp-metric feedback`` wrote.
        rows: of one split. Feedback on another split, least of all on a test split, must not be used for it.

    Returns:
        Sample id -> item id -> score, higher is better; the key ``""`` is the score without any item.

    Raises:
        ValueError: it has another shape, or samples that are not among the rows; the message names one.
        OSError: it cannot be read.
    """
    found, known = read_json(path), set(rows["id"])
    for sample_id, values in found.items() if isinstance(found, dict) else [("", None)]:
        if not isinstance(values, dict) or not all(map(is_finite, values.values())):
            shape = '{"SAMPLE": {"ITEM": 0.31, …}, …}'
            raise ValueError(f"{path}: expected feedback {shape}, found {short(values)} for {short(sample_id)}")
        if sample_id not in known:
            raise ValueError(f"{path}: sample {short(sample_id)} is not in the split; is it feedback on another split?")
    return found
