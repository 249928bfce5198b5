"""Retrieval judged without a model: how near the outputs of the retrieved items come to the gold, for each k.

Per-sample figures of several rankers side by side, their means, and intervals with users as clusters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.retrieval.ranking import Ranker, rank
from lamp_dataset.personalize.retrieval.samples import read_samples
from lamp_dataset.personalize.row_forms import tables
from lamp_dataset.personalize.users.inference import UserFinder
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.scorers import scorer_of
from lamp_metric.statistics.bootstrap import mean_intervals
from lamp_metric.statistics.resampling import Resampling

#: Figure of two rankers -> what it says, averaged over samples.
OVERLAP: Mapping[str, str] = MappingProxyType({"overlap": "share of the top k that two rankers have in common"})


@dataclass(frozen=True)
class JudgedRetrieval:
    """The figures of each sample.

    Attributes:
        ks: numbers of retrieved items, ascending.
        values: (figure, ranker, or both rankers of an overlap) -> samples × ``ks``.
        users: the user of each sample.
    """

    ks: tuple[int, ...]
    values: Mapping[tuple[str, ...], np.ndarray]
    users: list[str]

    def means(self, resampling: Resampling) -> list[dict]:
        """A record for each figure, ranker and k: ``figure``, ``retrievers``, ``k``, ``value`` and ``interval``.

        The interval is a percentile bootstrap interval that draws users; None for fewer than two users.
        """
        several = len(set(self.users)) > 1
        return [
            {
                "figure": figure,
                "retrievers": list(names),
                "k": k,
                "value": float(column.mean()),
                "interval": mean_intervals([column.tolist()], self.users, resampling)[0] if several else None,
            }
            for (figure, *names), found in self.values.items()
            for k, column in zip(self.ks, found.T, strict=True)
        ]


def judge_retrieval(
    task: str | Task,
    rows: Any,
    rankers: Mapping[str, Ranker],
    ks: Iterable[int],
    rules: str = "official",
    use_date: bool = False,
) -> JudgedRetrieval:
    """Rank each profile with each ranker and compare the outputs that the best items hold with the sample's gold.

    Fewer than k items are compared where a profile is smaller. An empty profile counts as 0 everywhere.

    Args:
        task: config of the rows, such as ``"LaMP_3"``.
        rows: rows of one split with their golds: a ``datasets.Dataset`` or ``IterableDataset``, an Arrow table, or an
            iterable of Arrow tables.
        rankers: by the names that the figures get. One of your own has the four names of
            :class:`~lamp_dataset.personalize.retrieval.ranking.Ranker`; ``make_ranker("bm25")`` in
            :mod:`lamp_dataset.personalize.retrieval.rankers` makes one by name.
        ks: numbers of items, from 1.
        rules: for the query, see :func:`~lamp_dataset.personalize.retrieval.queries.find_query`.
        use_date: whether documents end with their dates.

    Raises:
        ValueError: there is no such config, its profile items hold no outputs, golds are withheld, or there are no rows
            or others than expected.
    """
    task = get_task(task)
    field, chosen = check_output_field(task), tuple(sorted(set(ks)))
    users = UserFinder()
    values: dict[tuple[str, ...], list[list[float]]] = {}
    for batch in _batches(rows):
        users.add(batch)
        samples = read_samples(task, batch, rules, use_date)
        orders = {name: [r.order[: chosen[-1]] for r in rank(ranker, samples)] for name, ranker in rankers.items()}
        for place, (sample, gold) in enumerate(zip(samples, batch["output"].to_pylist(), strict=True)):
            if gold is None:
                raise ValueError(f"sample {short(sample.id)}: no gold to judge the retrieved items by: it is withheld")
            outputs = ["" if output is None else str(output) for output in sample.column(field)]
            tops = {name: list(map(int, order[place])) for name, order in orders.items()}
            for key, found in _figures(task, gold, outputs, tops):
                values.setdefault(key, []).append([_at(found, k) for k in chosen])
    if not values:
        raise ValueError(f"{task.name}: no rows to judge retrieval on")
    figures = list(figures_of(task))
    by_figure = sorted(values, key=lambda key: figures.index(key[0]))  # keeps the rankers in their order
    return JudgedRetrieval(chosen, {key: np.array(values[key]) for key in by_figure}, users.users())


def _batches(rows: Any) -> Iterable[pa.Table]:
    if isinstance(rows, pa.Table) or hasattr(rows, "with_format") or not isinstance(rows, Iterable):
        rows = tables(rows)
    for batch in rows:
        if not isinstance(batch, pa.Table):
            found = f"found {type(rows).__name__} of {type(batch).__name__}"
            raise ValueError(f"expected the rows of one split as a datasets.Dataset or Arrow tables, {found}")
        if "output" not in batch.column_names:
            raise ValueError(f"expected rows with the column 'output', found {', '.join(batch.column_names)}")
        yield batch


def figures_of(task: Task) -> dict[str, str]:
    """Figure -> what it says, averaged over samples; in the order that they are shown."""
    return {**scorer_of(task).figures, **OVERLAP}


def check_output_field(task: Task) -> str:
    """The profile field that holds outputs; ValueError if the task has none."""
    if task.output_field is None:
        what = "labels" if task.labels else "outputs"
        found = f"profile items of {task.name} have no {what}, only {', '.join(task.profile_fields)}"
        raise ValueError(f"{found}: nothing in them to compare with the gold")
    return task.output_field


def _figures(
    task: Task, gold: str, outputs: Sequence[str], tops: Mapping[str, list[int]]
) -> Iterable[tuple[tuple[str, ...], Sequence[float]]]:
    """Key -> the value for the first item, the first two items, and so on."""
    judge = scorer_of(task).judge
    for name, order in tops.items():
        for figure, found in judge(task, gold, [outputs[position] for position in order]).items():
            yield (figure, name), found
    for one, other in combinations(tops, 2):
        yield ("overlap", one, other), _overlap(tops[one], tops[other])


def _overlap(one: Sequence[int], other: Sequence[int]) -> list[float]:
    return [len({*one[:k]} & {*other[:k]}) / k for k in range(1, min(len(one), len(other)) + 1)]


def _at(values: Sequence[float], k: int) -> float:
    return values[min(k, len(values)) - 1] if values else 0.0
