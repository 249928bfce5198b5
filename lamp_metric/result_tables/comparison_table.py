"""What a comparison of systems found, and how it looks in a terminal, a paper or a program."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from lamp_metric.result_tables.published import MARK, SOURCES, WHY, PublishedScores
from lamp_metric.result_tables.text_and_csv import csv_text, interval, table

#: A character with a meaning of its own in LaTeX -> how to write it.
_LATEX = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}
)


@dataclass(frozen=True)
class System:
    """The scores of one system.

    Attributes:
        scores: result key -> score, the mean of the runs' scores.
        intervals: result key -> ``[low, high]``, the percentile bootstrap interval.
        runs: number of runs, such as seeds.
        spread: result key -> standard deviation of the runs' scores (with n - 1); None for a single run.
        unusable: number of predictions, in all runs, that cannot be used.
    """

    scores: dict[str, float]
    intervals: dict[str, list[float]]
    runs: int
    spread: dict[str, float] | None
    unusable: int


@dataclass(frozen=True)
class Contrast:
    """One system against the baseline, in one score.

    Attributes:
        difference: the system's score minus the baseline's.
        difference_ci: its interval ``[low, high]``, paired percentile bootstrap.
        standard_error: standard deviation of the difference on the resamples.
        detectable: the smallest true difference that these data would probably show, see
            :func:`~lamp_metric.statistics.significance.detectable_difference`; None if the differences do not vary.
        p_value: of the two-sided paired randomization test.
        p_holm: p corrected for the number of systems, see :func:`~lamp_metric.statistics.significance.holm`.
        better: name of the system with the better score; None if they are equal.
        wins: number of users (samples if users are not known) whose mean score is better under the system; None for
            macro F1, which no sample has by itself.
        ties: number of those with equal means.
        losses: number of those whose mean is better under the baseline.
    """

    difference: float
    difference_ci: list[float]
    standard_error: float
    detectable: float | None
    p_value: float
    p_holm: float
    better: str | None
    wins: int | None
    ties: int | None
    losses: int | None


#: The columns of CSV.
_COLUMNS = (
    *("system", "score", "value", "low", "high", "runs", "spread", "unusable"),
    *(name for name in Contrast.__dataclass_fields__ if name != "difference_ci"),
    *("difference_low", "difference_high"),
)


@dataclass(frozen=True)
class Comparison:
    """Systems on the same samples, each against a baseline.

    The methods ``to_…`` add published results as rows, see :func:`lamp_metric.published_rows`.

    Attributes:
        task: config name; None for values computed elsewhere without a task.
        n: number of samples.
        users: number of users; None if they are not known, so that samples were drawn and swapped.
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

    def to_text(self, published: Sequence[PublishedScores] = ()) -> str:
        """For a terminal: a line for each system and score."""
        seeds = ["± seeds"] if any(system.spread for system in self.systems.values()) else []
        header = ["system", "score", "value", *seeds, "difference", "interval", "p", "p (Holm)", "won/tied/lost"]
        rows = [[*header, "detectable"]]
        for name, scores, spread, contrasts in self._rows(published):
            for key, value in scores.items():
                spreads = [f"{spread[key]:.4f}" if spread else "" for _ in seeds]
                rows.append([name, key, f"{value:.4f}", *spreads, *_text(contrasts.get(key))])
                name = ""
        numeric = [place for place, title in enumerate(rows[0]) if title not in ("system", "score", "interval")]
        units = "samples" if self.users is None else "users"
        columns = f"difference: from {self.baseline}. won/tied/lost: {units}. detectable: with 80% power."
        return "\n".join([table(rows, numeric), "", columns, "", *_why(published), self.signature])

    def to_markdown(self, published: Sequence[PublishedScores] = ()) -> str:
        """A Markdown table: a line for each system, the better direction next to each score."""
        header = ["system"]
        for key, higher in self.higher_is_better.items():
            header += [f"{key} {'↑' if higher else '↓'}", f"difference from {self.baseline}", "p (Holm)"]
        rows = [header, ["---", *["---:"] * (len(header) - 1)]]
        for name, scores, spread, contrasts in self._rows(published):
            cells = [name]
            for key in self.higher_is_better:
                difference, bounds, p = _difference(contrasts.get(key))
                cells += [_value(scores, spread, key), f"{difference} {bounds}".strip(), p]
            rows.append(cells)
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        return "\n".join([*lines, "", *_why(published), f"`{self.signature}`"])

    def to_latex(self, published: Sequence[PublishedScores] = ()) -> str:
        """A table as narrow as a paper's text, for the package booktabs; the best of each score is bold.

        Spreads and intervals are in a line below. Published rows are grouped by config and split.
        """
        head = "".join(
            f" & \\scriptsize {key.translate(_LATEX)} $\\{'up' if higher else 'down'}arrow$ & $\\Delta$ & $p$"
            for key, higher in self.higher_is_better.items()
        )
        level = 100 * float(self.signature.partition("|confidence:")[2].partition("|")[0])
        lines = [
            "% \\usepackage{booktabs}",
            f"% {self.signature}",
            f"% Delta: difference from {self.baseline}, with its {level:g} % interval; p: Holm-corrected",
            *(f"% {line}" for line in _sources(published)),
            *(f"% {line}" for line in _why(published) if line),
            "{\\footnotesize\\setlength{\\tabcolsep}{1.4pt}%",
            f"\\begin{{tabular}}{{@{{}}l{'rrr' * len(self.higher_is_better)}@{{}}}}",
            "\\toprule",
            f"System{head} \\\\",
            "\\midrule",
            *(self._latex_row(*row) for row in self._rows(())),
            *(self._group(*group) for group in groupby(sorted(published, key=_origin), _origin)),
            "\\bottomrule",
            "\\end{tabular}}",
        ]
        return "\n".join(lines)

    def to_json(self, published: Sequence[PublishedScores] = ()) -> str:
        """All figures."""
        extra = {"published": [row.as_dict() for row in published]} if published else {}
        return json.dumps(self.as_dict() | extra, allow_nan=False)

    def to_csv(self, published: Sequence[PublishedScores] = ()) -> str:
        """A line for each system and score, with all digits; empty where a figure does not exist."""
        rows = []
        for name, scores, spread, contrasts in self._rows(published):
            system = self.systems.get(name)
            for key, value in scores.items():
                row = {"system": name, "score": key, "value": value, "spread": spread.get(key)}
                if system is not None:
                    low, high = system.intervals[key]
                    row |= {"low": low, "high": high, "runs": system.runs, "unusable": system.unusable}
                if key in contrasts:
                    low, high = contrasts[key].difference_ci
                    row |= {**vars(contrasts[key]), "difference_low": low, "difference_high": high}
                rows.append([row.get(column) for column in _COLUMNS])
        return csv_text([_COLUMNS, *rows]).rstrip("\n")

    def _rows(self, published: Sequence[PublishedScores]) -> Iterator[tuple[str, Mapping, Mapping, Mapping]]:
        """Name, scores, their spread and contrasts of each system, then of each published result."""
        for name, system in self.systems.items():
            yield name, system.scores, system.spread or {}, self.contrasts.get(name, {})
        for row in published:
            yield row.marked, row.scores, {}, {}

    def _latex_row(self, name: str, scores: Mapping, spread: Mapping, contrasts: Mapping) -> str:
        cells, below = [name.translate(_LATEX)], ""
        for key, higher in self.higher_is_better.items():
            best = (max if higher else min)(one.scores[key] for one in self.systems.values())
            value, spreads = _value(scores, {}, key), rf"\scriptsize $\pm{spread[key]:.3f}$" if spread else ""
            bold = name in self.systems and scores[key] == best
            difference, bounds, p = (f"${cell}$" if cell else "" for cell in _difference(contrasts.get(key)))
            cells += [f"\\textbf{{{value}}}" if bold else value, difference, p]
            below += f" & {spreads} & " + (rf"\multicolumn{{2}}{{r}}{{\scriptsize {bounds}}}" if bounds else "&")
        return " & ".join(cells) + r" \\" + (f"\n{below} \\\\" if below.strip(" &") else "")

    def _group(self, origin: str, rows: Iterable[PublishedScores]) -> str:
        heading = origin.translate(_LATEX).replace(f" {MARK}", r"$^\dagger$")
        line = f"\\multicolumn{{{1 + 3 * len(self.higher_is_better)}}}{{@{{}}l@{{}}}}{{\\emph{{{heading}}}}} \\\\"
        results = (rf"\scriptsize {self._latex_row(f'{row.label} ({row.source})', row.scores, {}, {})}" for row in rows)
        return "\n".join(["\\midrule", line, *results])


def _text(contrast: Contrast | None) -> list[str]:
    """The cells of a line for a terminal; a figure that does not exist is empty."""
    if contrast is None:
        return [""] * 6
    p, p_holm, detectable = (
        "" if value is None else f"{value:.4f}" for value in (contrast.p_value, contrast.p_holm, contrast.detectable)
    )
    won = "" if contrast.wins is None else f"{contrast.wins}/{contrast.ties}/{contrast.losses}"
    return [f"{contrast.difference:+.4f}", interval(contrast.difference_ci), p, p_holm, won, detectable]


def _value(scores: Mapping[str, float], spread: Mapping[str, float], key: str) -> str:
    value = f"{scores[key]:.3f}" if key in scores else ""
    return f"{value} ± {spread[key]:.3f}" if spread else value


def _origin(row: PublishedScores) -> str:
    return f"published: {row.config}, {row.split}{'' if row.comparable else f' {MARK}'}"


def _difference(contrast: Contrast | None) -> tuple[str, str, str]:
    """Difference, interval, and Holm's p."""
    if contrast is None:
        return "", "", ""
    low, high = contrast.difference_ci
    p = "<.001" if contrast.p_holm < 0.001 else f"{contrast.p_holm:.3f}"
    return f"{contrast.difference:+.3f}", f"[{low:+.3f}, {high:+.3f}]", p


def _why(published: Sequence[PublishedScores]) -> list[str]:
    """Where the rows are from, and what the mark means if any row has it."""
    mark = [] if all(row.comparable for row in published) else [WHY]
    return [*_sources(published), *mark, *([""] if published else [])]


def _sources(published: Sequence[PublishedScores]) -> list[str]:
    """What each letter of the rows stands for, without the links' addresses."""
    sources = [(letter, SOURCES[letter]) for letter in sorted({row.source for row in published})]
    return [f"{letter}: " + re.sub(r"\[(.*?)\]\(.*?\)", r"\1", source) for letter, source in sources]


#: The names of the formats, as in the methods ``to_…`` of a comparison.
FORMATS = ("text", "markdown", "latex", "json", "csv")
