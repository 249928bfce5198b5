"""Values of samples that were computed elsewhere, such as those of a judge: files and mappings of id to number."""

import csv
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lamp_dataset.formats.ids import check_same_ids, check_unique
from lamp_dataset.formats.texts import short
from lamp_dataset.task import Task
from lamp_metric.measures.measure import Column, Together
from lamp_metric.predictions.reading import is_finite, user_names
from lamp_metric.predictions.scored_samples import ScoredSamples

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
        if not is_finite(values[sample_id]):
            raise ValueError(f"{name}: expected a number for sample {short(sample_id)}, found {values[sample_id]!r}")
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
