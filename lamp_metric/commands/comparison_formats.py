"""A comparison as text, Markdown, LaTeX, JSON or CSV, with published results as extra rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lamp_dataset.tasks import get_task
from lamp_metric.commands.shared import interval, table, to_json
from lamp_metric.csv_text import csv_text
from lamp_metric.published import PUBLISHED, PublishedScores
from lamp_metric.scorers import scorer_of
from lamp_metric.statistics.contrasts import Comparison, Contrast

#: What marks a row of another split or setting, and why.
MARK = "†"
WHY = f"{MARK} published for another split or setting, or for a split that is not known: other samples, no comparison"


@dataclass(frozen=True)
class PublishedRow:
    """A published result alongside the systems.

    Attributes:
        result: what its source says.
        comparable: whether it is of the same setting and split.
    """

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

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        facts = {key: getattr(self.result, key) for key in ("system", "source", "config", "split", "retriever", "k")}
        return facts | {"scores": dict(self.scores), "comparable": self.comparable}


def published_rows(config: str, split: str | None) -> list[PublishedRow]:
    """The published results on the task of ``config``, in both settings.

    ``split``: what the systems are compared on; None: not known, and no result is comparable.
    """
    task = get_task(config)
    same_task = (result for result in PUBLISHED if get_task(result.config).base == task.base)
    return [PublishedRow(row, (row.config, row.split) == (task.name, split)) for row in same_task]


#: What LaTeX takes for something else -> how to write it.
_LATEX = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}
)


def as_text(found: Comparison, published: Sequence[PublishedRow] = ()) -> str:
    """For a terminal: a line for each system and score."""
    several = any(system.spread for system in found.systems.values())
    rows = [["system", "score", "value", *(["± seeds"] if several else []), "difference", "interval", "p", "p (Holm)"]]
    rows[0] += ["won/tied/lost", "detectable"]
    for name, system in found.systems.items():
        for place, (key, value) in enumerate(system.scores.items()):
            spread = [f"{system.spread[key]:.4f}" if system.spread else ""] if several else []
            contrast = found.contrasts.get(name, {}).get(key)
            rows.append([name if place == 0 else "", key, f"{value:.4f}", *spread, *_cells(contrast)])
    for row in published:
        for place, (key, value) in enumerate(row.scores.items()):
            rows.append([row.marked if place == 0 else "", key, f"{value:.4f}", *[""] * (len(rows[0]) - 3)])
    numeric = [place for place, title in enumerate(rows[0]) if title not in ("system", "score", "interval")]
    units = "samples" if found.users is None else "users"
    columns = f"difference: to {found.baseline}. won/tied/lost: {units}. detectable: with 80% power."
    return "\n".join([table(rows, numeric), "", columns, "", *_why(published), found.signature])


def _cells(contrast: Contrast | None) -> list[str]:
    if contrast is None:
        return [""] * 6
    p = (f"{contrast.p_value:.4f}", f"{contrast.p_holm:.4f}")
    return [f"{contrast.difference:+.4f}", interval(contrast.difference_ci), *p, won(contrast), detectable(contrast)]


def won(contrast: Contrast) -> str:
    """Wins, ties and losses; "" for a score that no sample has by itself."""
    return "" if contrast.wins is None else f"{contrast.wins}/{contrast.ties}/{contrast.losses}"


def detectable(contrast: Contrast) -> str:
    """The smallest difference that the data would probably have shown; "" if the differences do not vary."""
    return "" if contrast.detectable is None else f"{contrast.detectable:.4f}"


def as_markdown(found: Comparison, published: Sequence[PublishedRow] = ()) -> str:
    """A Markdown table: a line for each system, the better direction next to each score."""
    keys = list(found.systems[found.baseline].scores)
    header = ["system"]
    for key in keys:
        header += [f"{key} {'↑' if _higher(found, key) else '↓'}", f"difference to {found.baseline}", "p (Holm)"]
    rows = [header, ["---", *["---:"] * (len(header) - 1)]]
    for name in found.systems:
        cells = [name]
        for key in keys:
            contrast = found.contrasts.get(name, {}).get(key)
            cells += [_value(found, name, key, "{} ± {}"), *_difference(contrast, "{} {}")]
        rows.append(cells)
    rows += [[row.marked, *_published_cells(row, keys)] for row in published]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([*lines, "", *_why(published), f"`{found.signature}`"])


def _published_cells(row: PublishedRow, keys: Sequence[str]) -> list[str]:
    """Score, and nothing for difference and p, for each key."""
    return [cell for key in keys for cell in (f"{row.scores[key]:.3f}" if key in row.scores else "", "", "")]


def _why(published: Sequence[PublishedRow]) -> list[str]:
    """What the mark means, if a row has it."""
    return [] if all(row.comparable for row in published) else [WHY, ""]


def _higher(found: Comparison, key: str) -> bool:
    return scorer_of(get_task(found.task)).higher_is_better[key]


def _value(found: Comparison, name: str, key: str, with_spread: str) -> str:
    system = found.systems[name]
    value = f"{system.scores[key]:.3f}"
    return with_spread.format(value, f"{system.spread[key]:.3f}") if system.spread else value


def _difference(contrast: Contrast | None, pattern: str) -> list[str]:
    """Difference with interval, and Holm's p."""
    if contrast is None:
        return ["", ""]
    low, high = contrast.difference_ci
    return [pattern.format(f"{contrast.difference:+.3f}", f"[{low:+.3f}, {high:+.3f}]"), _p(contrast.p_holm)]


def _p(value: float) -> str:
    return "<.001" if value < 0.001 else f"{value:.3f}"


def as_latex(found: Comparison, published: Sequence[PublishedRow] = ()) -> str:
    """A table for a paper, with the package booktabs: a line for each system, the best score of each column in bold."""
    keys = list(found.systems[found.baseline].scores)
    arrows = {key: r"$\uparrow$" if _higher(found, key) else r"$\downarrow$" for key in keys}
    head = " & ".join(f"{key.translate(_LATEX)} {arrows[key]} & $\\Delta$ & $p$" for key in keys)
    lines = [
        "% \\usepackage{booktabs}",
        f"% {found.signature}",
        f"% Delta: difference to {found.baseline}, with its {_level(found)} interval; p: Holm-corrected",
        f"\\begin{{tabular}}{{l{'rrr' * len(keys)}}}",
        "\\toprule",
        f"System & {head} \\\\",
        "\\midrule",
        *(_latex_line(found, name, keys) for name in found.systems),
        *(["\\midrule"] if published else []),
        *(_latex_published(row, keys) for row in published),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines)


def _level(found: Comparison) -> str:
    """The confidence level, which the signature holds."""
    parts = dict(part.split(":", 1) for part in found.signature.split("|"))
    return f"{100 * float(parts['confidence']):g} %"


def _latex_line(found: Comparison, name: str, keys: list[str]) -> str:
    cells = [name.translate(_LATEX)]
    for key in keys:
        best = (max if _higher(found, key) else min)(system.scores[key] for system in found.systems.values())
        value = _value(found, name, key, "{} $\\pm$ {}")
        bold = found.systems[name].scores[key] == best
        difference, p = _difference(found.contrasts.get(name, {}).get(key), "${}$ {{\\small ${}$}}")
        cells += [f"\\textbf{{{value}}}" if bold else value, difference, f"${p}$" if p else ""]
    return " & ".join(cells) + r" \\"


def _latex_published(row: PublishedRow, keys: Sequence[str]) -> str:
    name = row.marked.translate(_LATEX).replace(f" {MARK}", r"$^\dagger$")
    return " & ".join([name, *_published_cells(row, keys)]) + r" \\"


def as_csv(found: Comparison, published: Sequence[PublishedRow] = ()) -> str:
    """A line for each system and score, with all digits; empty where a figure does not exist."""
    names = [name for name in Contrast.__dataclass_fields__ if name != "difference_ci"]
    header = ["system", "score", "value", "low", "high", "runs", "spread", "unusable"]
    rows: list[list[Any]] = [[*header, *names, "difference_low", "difference_high"]]
    for name, system in found.systems.items():
        for key, value in system.scores.items():
            contrast = found.contrasts.get(name, {}).get(key)
            cells = [getattr(contrast, field, None) for field in names]
            bounds = contrast.difference_ci if contrast is not None else [None, None]
            spread = system.spread[key] if system.spread else None
            facts = [value, *system.intervals[key], system.runs, spread, system.unusable]
            rows.append([name, key, *facts, *cells, *bounds])
    for row in published:
        for key, value in row.scores.items():
            rows.append([row.marked, key, value, *[""] * (len(header) + len(names) - 1)])
    return csv_text(rows).rstrip("\n")


def as_json(found: Comparison, published: Sequence[PublishedRow] = ()) -> str:
    """All figures."""
    extra = {"published": [row.as_dict() for row in published]} if published else {}
    return to_json(found.as_dict() | extra)


#: Name of the format -> comparison and published results -> text.
FORMATS: Mapping[str, Callable[[Comparison, Sequence[PublishedRow]], str]] = MappingProxyType(
    {"text": as_text, "markdown": as_markdown, "latex": as_latex, "json": as_json, "csv": as_csv}
)
