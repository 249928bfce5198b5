"""Retrieval judged without a model: how near the outputs of the retrieved items come to the gold, for each k.

Or judged by feedback: how much the retrieved items help a model, each alone in its prompt.
Per-sample figures of several rankers side by side, their means, and intervals with users as clusters.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, combinations
from typing import Any

import numpy as np

from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.retrieval.ranking import Ranker, rank
from lamp_dataset.personalize.retrieval.samples import Sample, read_samples
from lamp_dataset.personalize.row_forms import tables
from lamp_dataset.personalize.users.inference import UserFinder
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.scorers import scorer_of
from lamp_metric.signature import Resampling
from lamp_metric.statistics.resampling import mean_intervals

#: Figure of two rankers -> what it says, averaged over samples.
OVERLAP = {"overlap": "share of the top k that two rankers have in common"}
#: Figure of retrieval judged by feedback -> what it says. Only items with feedback are ranked and counted.
BY_FEEDBACK = {
    "nDCG": "nDCG of the top k; an item's gain is its score, or 0 if that is negative, over log2(1 + rank)",
    "precision": "share of the top k that score more than no item",
    "score": "mean score of the top k, each alone in the prompt",
    "attained": "share of the gain from no item to the best item: ratio of the mean gains",
}
#: A judge's findings: key -> the value for the first item, the first two items, and so on.
Found = Iterable[tuple[tuple[str, ...], Sequence[float]]]
#: What the figure "score" has in place of a ranker.
NO_ITEM, BEST_ITEM = "no item", "best item"


@dataclass(frozen=True)
class JudgedRetrieval:
    """The figures of each sample.

    Attributes:
        ks: numbers of retrieved items, ascending.
        values: (figure, ranker, or both rankers of an overlap) -> samples × ``ks``.
        users: the user of each sample.
        figures: figure -> what it says, averaged over samples.
        divisors: for figures that are ratios of sums, each sample's part in the divisor.
    """

    ks: tuple[int, ...]
    values: Mapping[tuple[str, ...], np.ndarray]
    users: list[str]
    figures: Mapping[str, str]
    divisors: Mapping[str, np.ndarray]

    def means(self, resampling: Resampling) -> list[dict]:
        """A record for each figure, ranker and k: ``figure``, ``retrievers``, ``k``, ``value`` and ``interval``.

        The interval is a percentile bootstrap interval that draws users, below 30 users Student's; None for one user.
        The value of a ratio is None where its divisor is not above 0.
        """
        return [
            {"figure": figure, "retrievers": names, "k": k, **self._mean(column, self.divisors.get(figure), resampling)}
            for (figure, *names), found in self.values.items()
            for k, column in zip(self.ks, found.T, strict=True)
        ]

    def _mean(self, column: np.ndarray, by: np.ndarray | None, resampling: Resampling) -> dict[str, Any]:
        total = len(column) if by is None else by.sum()
        if total <= 0:
            return {"value": None, "interval": None}
        several = len(set(self.users)) > 1
        ends = mean_intervals([column.tolist()], self.users, resampling, by)[0] if several else [math.nan]
        return {
            "value": float(column.mean() if by is None else column.sum() / total),
            "interval": ends if all(map(math.isfinite, ends)) else None,
        }


def judge_retrieval(
    task: str | Task,
    rows: Any,
    rankers: Mapping[str, Ranker],
    ks: Iterable[int],
    rules: str = "official",
    use_date: bool = False,
    feedback: Mapping[str, Mapping[str, float]] | None = None,
) -> JudgedRetrieval:
    """Rank each profile with each ranker and compare the outputs of the best items with the sample's gold.

    Fewer than k items are compared where a profile is smaller. An empty profile counts as 0 everywhere.

    With feedback, the best items are instead judged by how much they help a model. Items without feedback are left out
    of the rankings, since nothing is known of them, and so are samples without any.

    Args:
        task: config of the rows, such as ``"LaMP_3"``.
        rows: rows of one split with their golds: a ``datasets.Dataset`` or ``IterableDataset``, or an Arrow table.
        rankers: by the names that the figures get. One of your own has the four names of
            :class:`~lamp_dataset.personalize.retrieval.ranking.Ranker`; ``make_ranker("bm25")`` in
            :mod:`lamp_dataset.personalize.retrieval.rankers` makes one by name.
        ks: numbers of items, from 1.
        rules: for the query, see :func:`~lamp_dataset.personalize.retrieval.queries.find_query`.
        use_date: whether documents end with their dates.
        feedback: sample id -> item id -> score, as :func:`lamp_metric.read_feedback` gives it.

    Raises:
        ValueError: there is no such config, its profile items hold no outputs, golds are withheld, there are no rows
            or others than expected, or feedback is on an item that is not in the profile.
    """
    task, ks = get_task(task), tuple(sorted(set(ks)))
    if feedback is None:
        check_output_field(task)
        judge, named = partial(_by_gold, task, ks[-1]), {**scorer_of(task).figures, **OVERLAP}
    else:
        judge, named = partial(_by_feedback, feedback, all("" in some for some in feedback.values())), BY_FEEDBACK
    users, kept = UserFinder(), []
    values: dict[tuple[str, ...], list[list[float]]] = {}
    for batch in tables(rows):
        if "output" not in batch.column_names:
            found = ", ".join(batch.column_names)
            raise ValueError(f"expected a data set or an Arrow table with the column 'output', found {found}")
        users.add(batch)
        samples = read_samples(task, batch, rules, use_date)
        orders = {name: [ranking.order for ranking in rank(ranker, samples)] for name, ranker in rankers.items()}
        for place, (sample, gold) in enumerate(zip(samples, batch["output"].to_pylist(), strict=True)):
            found = dict(judge(sample, gold, {name: order[place] for name, order in orders.items()}))
            kept.append(bool(found))
            for key, column in found.items():
                values.setdefault(key, []).append([column[min(k, len(column)) - 1] if column else 0.0 for k in ks])
    if not values:
        which = "no sample of these rows has feedback" if kept else "no rows to judge retrieval on"
        raise ValueError(f"{task.name}: {which}")
    by_figure = sorted(values, key=lambda key: list(named).index(key[0]))  # keeps the rankers in their order
    columns = {key: np.array(values[key]) for key in by_figure}
    whose = [user for user, has in zip(users.users(), kept, strict=True) if has]
    best, none = (columns.get(("score", name)) for name in (BEST_ITEM, NO_ITEM))
    divisors = {} if none is None else {"attained": (best - none)[:, 0]}
    return JudgedRetrieval(ks, columns, whose, named, divisors)


def check_output_field(task: Task) -> None:
    """ValueError if no field of the task's profile items holds outputs."""
    if task.output_field is None:
        what = "labels" if task.labels else "outputs"
        found = f"profile items of {task.name} have no {what}, only {', '.join(task.profile_fields)}"
        raise ValueError(f"{found}: nothing in them to compare with the gold")


def _by_gold(task: Task, most: int, sample: Sample, gold: str | None, orders: Mapping[str, Sequence[int]]) -> Found:
    """By the outputs of the first ``most`` items."""
    if gold is None:
        raise ValueError(f"sample {short(sample.id)}: no gold to judge the retrieved items by: it is withheld")
    outputs = ["" if output is None else str(output) for output in sample.column(task.output_field)]
    tops = {name: list(map(int, order[:most])) for name, order in orders.items()}
    judge = scorer_of(task).judge
    for name, order in tops.items():
        for figure, found in judge(task, gold, [outputs[position] for position in order]).items():
            yield (figure, name), found
    for one, other in combinations(tops, 2):
        ks = range(1, min(len(tops[one]), len(tops[other])) + 1)
        yield ("overlap", one, other), [len({*tops[one][:k]} & {*tops[other][:k]}) / k for k in ks]


def _by_feedback(
    feedback: Mapping[str, Mapping[str, float]],
    bare: bool,
    sample: Sample,
    gold: str | None,
    orders: Mapping[str, Sequence[int]],
) -> Found:
    """By the scores of the items, of which ``""`` is none at all; nothing for a sample without scores."""
    worths, ids = feedback.get(sample.id, {}), sample.column("id")
    none, items = worths.get(""), {name: one for name, one in worths.items() if name}
    if not items:
        return
    unknown = next((name for name in items if name not in ids), None)
    if unknown is not None:
        raise ValueError(f"sample {short(sample.id)}: feedback on item {short(unknown)}, which is not in its profile")
    for name, order in orders.items():
        ranked = [items[ids[position]] for position in order if ids[position] in items]
        yield ("nDCG", name), ndcg(ranked)
        yield ("score", name), _means(ranked)
        if bare:
            yield ("precision", name), _means([float(one > none) for one in ranked])
            yield ("attained", name), _means([one - none for one in ranked])
    yield ("score", BEST_ITEM), [max(items.values())]
    if bare:
        yield ("score", NO_ITEM), [none]


def ndcg(scores: Sequence[float]) -> list[float]:
    """nDCG of the first, the first two, … of ranked items, all of which are given; 0 where none has a gain.

    Their gains are the scores themselves, negative ones count as 0 (Järvelin and Kekäläinen 2002, with log2(1 + rank)).
    """
    gains = [max(score, 0.0) for score in scores]
    found, best = (
        accumulate(gain / math.log2(rank + 1) for rank, gain in enumerate(order, 1))
        for order in (gains, sorted(gains, reverse=True))
    )
    return [one / ideal if ideal else 0.0 for one, ideal in zip(found, best, strict=True)]


def _means(values: Sequence[float]) -> list[float]:
    return [total / place for place, total in enumerate(accumulate(values), start=1)]
