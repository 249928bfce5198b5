"""Systems on the same samples, compared: the figures, and how they look in a terminal, a paper or a program."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from lamp_metric.result_tables.csv_text import csv_text
from lamp_metric.result_tables.published import MARK, WHY, PublishedRow
from lamp_metric.result_tables.text_table import table
from lamp_metric.statistics.systems import Contrast, System, difference_cells, text_cells

#: What LaTeX takes for something else -> how to write it.
_LATEX = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}
)


@dataclass(frozen=True)
class Comparison:
    """Systems on the same samples, each against a baseline.

    The methods ``to_…`` take published results for extra rows, see :func:`lamp_metric.published_rows`.

    Attributes:
        task: config name; None for values computed elsewhere, of no known task.
        n: number of samples.
        users: number of users; None if they are not known, and samples were drawn and swapped.
        baseline: name of the system that the others are compared to.
        systems: name -> its scores.
        contrasts: name -> result key -> contrast; every system but the baseline.
        notes: what limits the conclusions, a line each.
        signature: how the figures were made.
        higher_is_better: result key -> False for an error.
    """

    task: str | None
    n: int
    users: int | None
    baseline: str
    systems: dict[str, System]
    contrasts: dict[str, dict[str, Contrast]]
    notes: list[str]
    signature: str
    higher_is_better: dict[str, bool]

    def as_dict(self) -> dict[str, Any]:
        """All of it as dicts and lists, for JSON."""
        return asdict(self)

    def to_text(self, published: Sequence[PublishedRow] = ()) -> str:
        """For a terminal: a line for each system and score."""
        several = any(system.spread for system in self.systems.values())
        rows = [["system", "score", "value", *(["± seeds"] if several else []), "difference", "interval"]]
        rows[0] += ["p", "p (Holm)", "won/tied/lost", "detectable"]
        for name, system in self.systems.items():
            for place, (key, value) in enumerate(system.scores.items()):
                spread = [f"{system.spread[key]:.4f}" if system.spread else ""] if several else []
                contrast = self.contrasts.get(name, {}).get(key)
                rows.append([name if place == 0 else "", key, f"{value:.4f}", *spread, *text_cells(contrast)])
        for row in published:
            for place, (key, value) in enumerate(row.scores.items()):
                rows.append([row.marked if place == 0 else "", key, f"{value:.4f}", *[""] * (len(rows[0]) - 3)])
        numeric = [place for place, title in enumerate(rows[0]) if title not in ("system", "score", "interval")]
        units = "samples" if self.users is None else "users"
        columns = f"difference: to {self.baseline}. won/tied/lost: {units}. detectable: with 80% power."
        return "\n".join([table(rows, numeric), "", columns, "", *_why(published), self.signature])

    def to_markdown(self, published: Sequence[PublishedRow] = ()) -> str:
        """A Markdown table: a line for each system, the better direction next to each score."""
        keys = list(self.systems[self.baseline].scores)
        header = ["system"]
        for key in keys:
            header += [f"{key} {'↑' if self._higher(key) else '↓'}", f"difference to {self.baseline}", "p (Holm)"]
        rows = [header, ["---", *["---:"] * (len(header) - 1)]]
        for name in self.systems:
            cells = [name]
            for key in keys:
                contrast = self.contrasts.get(name, {}).get(key)
                cells += [self._value(name, key, "{} ± {}"), *difference_cells(contrast, "{} {}")]
            rows.append(cells)
        rows += [[row.marked, *_published_cells(row, keys)] for row in published]
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        return "\n".join([*lines, "", *_why(published), f"`{self.signature}`"])

    def to_latex(self, published: Sequence[PublishedRow] = ()) -> str:
        """A table for a paper, with the package booktabs: a line for each system, the best score of each in bold."""
        keys = list(self.systems[self.baseline].scores)
        arrows = {key: r"$\uparrow$" if self._higher(key) else r"$\downarrow$" for key in keys}
        head = " & ".join(f"{key.translate(_LATEX)} {arrows[key]} & $\\Delta$ & $p$" for key in keys)
        lines = [
            "% \\usepackage{booktabs}",
            f"% {self.signature}",
            f"% Delta: difference to {self.baseline}, with its {self._level()} interval; p: Holm-corrected",
            f"\\begin{{tabular}}{{l{'rrr' * len(keys)}}}",
            "\\toprule",
            f"System & {head} \\\\",
            "\\midrule",
            *(self._latex_line(name, keys) for name in self.systems),
            *(["\\midrule"] if published else []),
            *(_latex_published(row, keys) for row in published),
            "\\bottomrule",
            "\\end{tabular}",
        ]
        return "\n".join(lines)

    def to_json(self, published: Sequence[PublishedRow] = ()) -> str:
        """All figures."""
        extra = {"published": [row.as_dict() for row in published]} if published else {}
        return json.dumps(self.as_dict() | extra, allow_nan=False)

    def to_csv(self, published: Sequence[PublishedRow] = ()) -> str:
        """A line for each system and score, with all digits; empty where a figure does not exist."""
        names = [name for name in Contrast.__dataclass_fields__ if name != "difference_ci"]
        header = ["system", "score", "value", "low", "high", "runs", "spread", "unusable"]
        rows: list[list[Any]] = [[*header, *names, "difference_low", "difference_high"]]
        for name, system in self.systems.items():
            for key, value in system.scores.items():
                contrast = self.contrasts.get(name, {}).get(key)
                cells = [getattr(contrast, field, None) for field in names]
                bounds = contrast.difference_ci if contrast is not None else [None, None]
                spread = system.spread[key] if system.spread else None
                facts = [value, *system.intervals[key], system.runs, spread, system.unusable]
                rows.append([name, key, *facts, *cells, *bounds])
        for row in published:
            for key, value in row.scores.items():
                rows.append([row.marked, key, value, *[""] * (len(header) + len(names) - 1)])
        return csv_text(rows).rstrip("\n")

    def _higher(self, key: str) -> bool:
        return self.higher_is_better[key]

    def _value(self, name: str, key: str, with_spread: str) -> str:
        system = self.systems[name]
        value = f"{system.scores[key]:.3f}"
        return with_spread.format(value, f"{system.spread[key]:.3f}") if system.spread else value

    def _level(self) -> str:
        """The confidence level, which the signature holds."""
        return f"{100 * float(self.signature.partition('|confidence:')[2].partition('|')[0]):g} %"

    def _latex_line(self, name: str, keys: list[str]) -> str:
        cells = [name.translate(_LATEX)]
        for key in keys:
            best = (max if self._higher(key) else min)(system.scores[key] for system in self.systems.values())
            value = self._value(name, key, "{} $\\pm$ {}")
            bold = self.systems[name].scores[key] == best
            difference, p = difference_cells(self.contrasts.get(name, {}).get(key), "${}$ {{\\small ${}$}}")
            cells += [f"\\textbf{{{value}}}" if bold else value, difference, f"${p}$" if p else ""]
        return " & ".join(cells) + r" \\"


def _published_cells(row: PublishedRow, keys: Sequence[str]) -> list[str]:
    """Score, and nothing for difference and p, for each key."""
    return [cell for key in keys for cell in (f"{row.scores[key]:.3f}" if key in row.scores else "", "", "")]


def _why(published: Sequence[PublishedRow]) -> list[str]:
    """What the mark means, if a row has it."""
    return [] if all(row.comparable for row in published) else [WHY, ""]


def _latex_published(row: PublishedRow, keys: Sequence[str]) -> str:
    name = row.marked.translate(_LATEX).replace(f" {MARK}", r"$^\dagger$")
    return " & ".join([name, *_published_cells(row, keys)]) + r" \\"


#: Name of the format -> comparison and published results -> text.
FORMATS: Mapping[str, Callable[[Comparison, Sequence[PublishedRow]], str]] = MappingProxyType(
    {form: getattr(Comparison, f"to_{form}") for form in ("text", "markdown", "latex", "json", "csv")}
)
