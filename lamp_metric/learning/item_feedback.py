"""Feedback: how much each item of a profile, alone in the prompt, helps a model. ``{"SAMPLE": {"ITEM": 0.31, …}, …}``.

The ids of the answers are those of :func:`lamp_dataset.item_prompts`; they may hold hyphens, and are split where a
sample and its item are known.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from lamp_dataset.formats.ids import check_unique
from lamp_dataset.formats.json_file import read_json
from lamp_dataset.formats.json_list import JsonList
from lamp_dataset.formats.texts import counted, short
from lamp_dataset.personalize.retrieval.samples import positions_by_id, read_samples
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.learning.single_scores import SingleScores
from lamp_metric.predictions.answer_extraction import answers_in
from lamp_metric.predictions.inputs import as_text, is_number
from lamp_metric.predictions.scored_samples import check_references

if TYPE_CHECKING:
    import datasets

#: The key of the score without any item.
BARE = ""
_SHAPE = '{"SAMPLE": {"ITEM": 0.31, …}, …}'


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
            ``{"rouge-1": 0.31}``. All of a sample follow each other.
        score: by default the task's first score, as in that script; or another, see :func:`lamp_metric.reward`.
        extract_answers: use what :func:`lamp_metric.extract_answer` finds in an answer.
        partial: whether answers may be missing.
        turned: whether errors become (w - error) / w, where w is the largest error that the gold allows.

    Raises:
        ValueError: an id belongs to no sample and item, or to several; a sample's answers are in two places, or one is
            there twice; an answer cannot be scored, a gold is withheld, or answers are missing.
    """
    scores, pairs = SingleScores(task, [score or get_task(task).scores[0]]), _Pairs(get_task(task), rows)
    counts: dict[str, int] = {}
    for sample_id, found in groupby(((*pairs.resolve(name), value) for name, value in answers), lambda one: one[0]):
        items = [(item_id, value) for _, item_id, value in found]
        check_unique([item_id for item_id, _ in items], f"the answers of sample {short(sample_id)}")
        if sample_id in counts:
            raise ValueError(f"sample {short(sample_id)}: its answers are in two places; expected one after the other")
        counts[sample_id], said, golds = len(items), dict(items), [pairs.gold(sample_id)] * len(items)
        values = _values(scores, sample_id, said, golds, extract_answers)
        values = scores.turned(values, golds) if turned else values
        yield sample_id, dict(zip(said, values[scores.keys[0]], strict=True))
    if not partial:
        pairs.check_complete(counts)


def _values(
    scores: SingleScores, sample_id: str, said: Mapping[str, Any], golds: list[str], extract: bool
) -> dict[str, list[float]]:
    """The scores of one sample's answers, or those that the benchmark's script gave, which spells MAE as mae."""
    [key], task = scores.keys, scores.task
    if all(isinstance(value, Mapping) for value in said.values()):
        given = [{name.casefold(): number for name, number in value.items()} for value in said.values()]
        if not all(is_number(one.get(key.casefold())) for one in given):
            raise ValueError(f"sample {short(sample_id)}: expected the score {key!r} of each item, found {short(said)}")
        return {key: [float(one[key.casefold()]) for one in given]}
    texts = [as_text(value, task, f"answer {short(f'{sample_id}-{item_id}')}") for item_id, value in said.items()]
    return scores.values(answers_in(task, texts) if extract else texts, golds)


class _Pairs:
    """The samples of a split and the items of their profiles, looked up when they are asked for."""

    def __init__(self, task: Task, rows: datasets.Dataset) -> None:
        self._task, self._rows = task, rows.with_format("arrow")
        self._places = {sample_id: place for place, sample_id in enumerate(rows["id"])}
        self.items = lru_cache(64)(self._items)

    def _items(self, sample_id: str) -> Mapping[str, int]:
        place = self._places[sample_id]
        return positions_by_id(read_samples(self._task, self._rows[place : place + 1], "official")[0])

    def gold(self, sample_id: str) -> str:
        found = self._rows[self._places[sample_id]]["output"][0].as_py()
        if found is None:
            raise ValueError(f"sample {short(sample_id)}: no gold to score the answers by: it is withheld")
        check_references(self._task, [found], "gold", [sample_id])
        return found

    def resolve(self, name: str) -> tuple[str, str]:
        """Sample and item of an id."""
        cuts = [place for place, character in enumerate(name) if character == "-"]
        found = [(name[:cut], name[cut + 1 :]) for cut in cuts if name[:cut] in self._places]
        known = [(sample_id, item_id) for sample_id, item_id in found if item_id in self.items(sample_id)]
        known += [(name, BARE)] if name in self._places else []
        if len(known) != 1:
            what = f"{known[0]} and {known[1]}" if known else "no such sample of the split with such an item"
            raise ValueError(f"answer {short(name)}: expected the id SAMPLE-ITEM or SAMPLE, found {what}")
        return known[0]

    def check_complete(self, counts: Mapping[str, int]) -> None:
        """ValueError if a sample has fewer answers than others, although its profile has the items."""
        most, lacking = max(counts.values(), default=0), []
        for sample_id in self._places:
            number = counts.get(sample_id, 0)
            wanted = number if number == most else min(most, len(self.items(sample_id)) + 1)
            lacking += [f"{short(sample_id)} ({number} of {wanted})"] if number < wanted else []
        if lacking:
            named = ", ".join(lacking[:3]) + ", …" * (len(lacking) > 3)
            raise ValueError(f"answers of {counted(len(lacking), 'samples')} are missing: {named}")


def read_answers(path: str | os.PathLike) -> Iterator[tuple[str, Any]]:
    """Pairs of id and output of a file in the official format, one at a time."""
    with open(path, "rb") as file:
        for number, entry in enumerate(JsonList(file, str(path), ("output",)).rows()):
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
        rows: of one split. Feedback on samples of another must not be used for it, least of all on those of a test.

    Returns:
        Sample id -> item id -> score, higher is better; the key ``""`` is the score without any item.

    Raises:
        ValueError: it has another shape, or samples that are not among the rows; the message names one.
        OSError: it cannot be read.
    """
    found, known = read_json(path), set(rows["id"])
    for sample_id, values in found.items() if isinstance(found, dict) else [("", None)]:
        if not isinstance(values, dict) or not all(is_number(one) and math.isfinite(one) for one in values.values()):
            raise ValueError(f"{path}: expected feedback {_SHAPE}, found {short(values)} for {short(sample_id)}")
        if sample_id not in known:
            raise ValueError(f"{path}: sample {short(sample_id)} is not in the split; is it feedback on another split?")
    return found
