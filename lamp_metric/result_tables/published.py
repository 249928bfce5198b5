"""Published results for comparison, as their sources print them, read from ``published.csv``."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lamp_dataset.tasks import get_task

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
#: What marks a row of another split or setting, and why.
MARK = "†"
WHY = f"{MARK} published for a different or unknown set of samples: not comparable"


@dataclass(frozen=True)
class PublishedScores:
    """The scores of one system on one config. None is what the source does not say.

    Attributes:
        source: key of :data:`SOURCES`.
        config: config name.
        split: ``"test"`` or ``"validation"``. No public golds exist for test.
        system: the model and how it was trained.
        retriever: its name in the source; ``"none"`` for no profile.
        k: number of retrieved items; 0 for no profile.
        max_input_tokens: the budget of the prompt.
        scores: result key -> score. Some sources give only one of the task's two.
        note: what else matters, or "".
        comparable: whether the setting and the split are those of the systems next to which the row is shown.
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
    comparable: bool = False

    @property
    def label(self) -> str:
        """System and retriever in a few words, for a row of a table."""
        how = "no profile" if self.retriever == "none" else self.retriever
        return self.system if how is None else f"{self.system}, {how}"

    @property
    def marked(self) -> str:
        """Label, source, config and split, with the mark if the row is not comparable."""
        name = f"{self.label} ({self.source}: {self.config}, {self.split})"
        return name if self.comparable else f"{name} {MARK}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        facts = {key: getattr(self, key) for key in ("system", "source", "config", "split", "retriever", "k")}
        return facts | {"scores": dict(self.scores), "comparable": self.comparable}


def _row(cells: Mapping[str, str]) -> PublishedScores:
    words = (cells[name] for name in ("source", "config", "split", "system"))
    k, tokens = (int(cells[name]) if cells[name] else None for name in ("k", "max_input_tokens"))
    scores = {key: float(cells[key]) for key in get_task(cells["config"]).scores if cells[key]}
    return PublishedScores(*words, cells["retriever"] or None, k, tokens, MappingProxyType(scores), cells["note"])


#: The published results, in the order of the file: 154 rows, by source.
PUBLISHED: tuple[PublishedScores, ...] = tuple(
    map(_row, csv.DictReader(Path(__file__).with_name("published.csv").read_text(encoding="utf-8").splitlines()))
)


def published_rows(config: str, split: str | None) -> list[PublishedScores]:
    """The published results on the task of ``config``, in both settings.

    ``split``: on which the systems are compared; None if it is not known or only a part: then no result is comparable.
    """
    task = get_task(config)
    same_task = (result for result in PUBLISHED if get_task(result.config).base == task.base)
    return [replace(row, comparable=(row.config, row.split) == (task.name, split)) for row in same_task]
