"""Published results to compare with, as their sources print them, read from ``published.csv``."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lamp_dataset.task import KINDS, SPLITS
from lamp_dataset.tasks import get_task

_FILE = Path(__file__).with_name("published.csv")

#: Key of a source -> what it is, in Markdown.
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "L": "the benchmark's leaderboard, [lamp-benchmark.github.io](https://github.com/LaMP-Benchmark/"
        "lamp-benchmark.github.io) at commit 68ffd63, `_data/leaderboard.yaml`, which credits arXiv 2304.11406",
        "R": "Salemi, Kallumadi and Zamani 2024, [arXiv 2404.05970](https://arxiv.org/abs/2404.05970), Table 3",
        "P": "PPlug, [arXiv 2409.11901](https://arxiv.org/abs/2409.11901), Table 1",
        "A": "a third party's note that quotes Tables 2 to 4 of the LaMP paper; secondhand",
    }
)


@dataclass(frozen=True)
class PublishedScores:
    """The scores of one system on one config. None stands for what the source does not say.

    Attributes:
        source: key of :data:`SOURCES`.
        config: config name.
        split: ``"test"`` or ``"validation"``. No public golds exist for test.
        system: the model and how it was trained.
        retriever: as the source calls it; ``"none"`` for no profile.
        k: number of retrieved items, 0 for no profile.
        max_input_tokens: the budget of the prompt.
        scores: result key -> score. Some sources give only one of the task's two.
        note: what else matters, or "".
    """

    source: str
    config: str
    split: str
    system: str
    retriever: str | None
    k: int | None
    max_input_tokens: int | None
    scores: Mapping[str, float]
    note: str = ""

    @property
    def label(self) -> str:
        """System and retriever in a few words, for a row of a table."""
        how = "no profile" if self.retriever == "none" else self.retriever
        return self.system if how is None else f"{self.system}, {how}"


def read_published(lines: Iterable[str], name: str = _FILE.name) -> tuple[PublishedScores, ...]:
    """The rows of a table like ``published.csv``, the header first; messages call the file ``name``."""
    reader = csv.DictReader(lines)
    found = []
    for cells in reader:
        try:
            found.append(_row(cells))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{name}, line {reader.line_num}: {error}") from None
    return tuple(found)


def _row(cells: Mapping[str, str]) -> PublishedScores:
    task = get_task(cells["config"])
    scores = {key: float(cells[key]) for kind in KINDS.values() for key in kind.scores if cells.get(key)}
    problems = (
        (cells["source"] not in SOURCES, f"source: expected one of {', '.join(SOURCES)}, found {cells['source']!r}"),
        (cells["split"] not in SPLITS, f"split: expected one of {', '.join(SPLITS)}, found {cells['split']!r}"),
        (not scores, f"expected a score of {task.name}: {', '.join(task.scores)}"),
        (not set(scores) <= set(task.scores), f"{task.name} has {', '.join(task.scores)}, found {', '.join(scores)}"),
    )
    for wrong, message in problems:
        if wrong:
            raise ValueError(message)
    k, tokens = (int(cells[name]) if cells[name] else None for name in ("k", "max_input_tokens"))
    words = (cells[name] for name in ("source", "config", "split", "system"))
    return PublishedScores(*words, cells["retriever"] or None, k, tokens, MappingProxyType(scores), cells["note"])


#: The published results, in the order of the file: 154 rows, by source.
PUBLISHED: tuple[PublishedScores, ...] = read_published(io.StringIO(_FILE.read_text(encoding="utf-8")))

#: What marks a row of another split or setting, and why.
MARK = "†"
WHY = f"{MARK} published for other samples (split, setting, a part of the split, or not known): no comparison"


@dataclass(frozen=True)
class PublishedRow:
    """A published result alongside the systems; ``comparable``: whether it is of the same setting and split."""

    result: PublishedScores
    comparable: bool

    @property
    def scores(self) -> Mapping[str, float]:
        """Result key -> score."""
        return self.result.scores

    @property
    def marked(self) -> str:
        """System, source, config and split, with the mark if the row is not comparable."""
        name = f"{self.result.label} ({self.result.source}: {self.result.config}, {self.result.split})"
        return name if self.comparable else f"{name} {MARK}"

    @property
    def short(self) -> str:
        """System and source alone."""
        return f"{self.result.label} ({self.result.source})"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        facts = {key: getattr(self.result, key) for key in ("system", "source", "config", "split", "retriever", "k")}
        return facts | {"scores": dict(self.scores), "comparable": self.comparable}


def published_rows(config: str, split: str | None) -> list[PublishedRow]:
    """The published results on the task of ``config``, in both settings.

    ``split``: what the systems are compared on; None: not known, or a part of one, and no result is comparable.
    """
    task = get_task(config)
    same_task = (result for result in PUBLISHED if get_task(result.config).base == task.base)
    return [PublishedRow(row, (row.config, row.split) == (task.name, split)) for row in same_task]
