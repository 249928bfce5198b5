"""What a comparison of systems found, and how it looks in a terminal, a paper or a program."""

import json
import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from lamp_metric.result_tables.published import MARK, SOURCES, WHY, PublishedScores
from lamp_metric.result_tables.text_and_csv import csv_text, interval, shown_p, table

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
        intervals: result key -> ``[low, high]``, see :func:`~lamp_metric.statistics.resampling.intervals`.
        runs: number of runs, such as seeds.
        spread: result key -> standard deviation of the runs' scores (with n - 1); None for a single run.
        unusable: number of predictions, in all runs, that cannot be used.
        wrapped: number of those that look wrapped, if answers were not extracted.
    """

    scores: dict[str, float]
    intervals: dict[str, list[float]]
    runs: int
    spread: dict[str, float] | None
    unusable: int
    wrapped: int = 0


@dataclass(frozen=True)
class Contrast:
    """One system against another, the baseline, in one score.

    Attributes:
        difference: the system's score minus the baseline's.
        difference_ci: its interval ``[low, high]``, paired percentile bootstrap; of a mean over few users, Student's.
        standard_error: standard deviation of the difference on the resamples; of a mean over few users, that of its
            interval, see :func:`~lamp_metric.statistics.resampling.student_error`.
        detectable: the smallest true difference that these data would probably show, see
            :func:`~lamp_metric.statistics.resampling.detectable_difference`; None if the differences do not vary, or so
            few users can show none.
        p_value: of the two-sided paired randomization test.
        p_holm: p corrected for the number of contrasts, see :func:`~lamp_metric.statistics.resampling.holm`.
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


@dataclass(frozen=True)
class Pair:
    """Two systems in one score: ``system`` against ``baseline``; its p is corrected for all pairs."""

    system: str
    baseline: str
    score: str
    contrast: Contrast

    def as_dict(self) -> dict[str, Any]:
        """All of it on one level, the p-value as ``"p"``."""
        found = {"p" if name == "p_value" else name: value for name, value in vars(self.contrast).items()}
        return {"system": self.system, "baseline": self.baseline, "score": self.score, **found}


#: The columns of CSV.
_COLUMNS = (
    *("system", "score", "value", "low", "high", "runs", "spread", "unusable"),
    *(name for name in Contrast.__dataclass_fields__ if name != "difference_ci"),
    *("difference_low", "difference_high"),
)


@dataclass(frozen=True)
class Comparison:
    """Systems on the same samples, each against a baseline.

    Of all pairs, LaTeX has letters: behind a score stand those of the systems that it beats at the level of the
    intervals, by Holm's p. The best score is then bold only if it beats the second.

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
        pairs: every two systems in every score, those with the baseline first; None if they were not asked for.
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
    pairs: list[Pair] | None = None

    def as_dict(self) -> dict[str, Any]:
        """All of it as dicts and lists, for JSON; ``"pairs"`` if they were asked for."""
        found = asdict(self)
        del found["pairs"]
        return found if self.pairs is None else found | {"pairs": [pair.as_dict() for pair in self.pairs]}

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
        parts = [table(rows, numeric), "", columns, ""]
        if self.pairs:
            lines = [["system", "from", "score", *rows[0][-6:]]]
            lines += [[pair.system, pair.baseline, pair.score, *_text(pair.contrast)] for pair in self.pairs]
            parts += [table(lines, [3, 5, 6, 7, 8]), "", "p (Holm) in the lower table: of all pairs of a score.", ""]
        return "\n".join([*parts, *_why(published), self.signature])

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
        tables = [rows]
        if self.pairs:
            header = ["system", "from", "score", "difference", "interval", "p (Holm, all pairs)"]
            lines = [[pair.system, pair.baseline, pair.score, *_difference(pair.contrast)] for pair in self.pairs]
            tables.append([header, ["---"] * 3 + ["---:"] * 3, *lines])
        lines = []
        for cells in tables:
            lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells] + [""]
        return "\n".join([*lines, *_why(published), f"`{self.signature}`"])

    def to_latex(self, published: Sequence[PublishedScores] = ()) -> str:
        """A table as narrow as a paper's text, for the package booktabs; the best of each score is bold.

        With all pairs, it is bold only if it beats the second, and letters say which systems each one beats.
        Spreads and intervals are in a line below. Published rows are grouped by config and split.
        """
        head = "".join(
            f" & \\scriptsize {key.translate(_LATEX)} $\\{'up' if higher else 'down'}arrow$ & $\\Delta$ & $p$"
            for key, higher in self.higher_is_better.items()
        )
        level = 100 * self._level
        letters = "letters: better than the systems with these letters" if self.pairs else ""
        lines = [
            "% \\usepackage{booktabs}",
            f"% {self.signature}",
            f"% Delta: difference from {self.baseline}, with its {level:g} % interval; p: Holm-corrected "
            "for the comparisons with it",
            *([f"% {letters} (p < {100 - level:g} %, Holm-corrected for all pairs)"] if letters else []),
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
        """A line for each system and score, with all digits; empty where a figure does not exist.

        With all pairs, those without the baseline have a line below; columns name the baseline and p of all pairs.
        """
        columns, rows = ((*_COLUMNS, "baseline", "p_holm_pairs") if self.pairs else _COLUMNS), []
        for name, scores, spread, contrasts in self._rows(published):
            system = self.systems.get(name)
            for key, value in scores.items():
                row = {"system": name, "score": key, "value": value, "spread": spread.get(key)}
                if system is not None:
                    low, high = system.intervals[key]
                    row |= {"low": low, "high": high, "runs": system.runs, "unusable": system.unusable}
                if key in contrasts:
                    row |= {"baseline": self.baseline, **_flat(contrasts[key])}
                rows.append(row)
        for pair in self.pairs or ():
            p = {"p_holm_pairs": pair.contrast.p_holm}
            if pair.baseline == self.baseline:
                next(row for row in rows if (row["system"], row["score"]) == (pair.system, pair.score)).update(p)
            else:
                names = {"system": pair.system, "score": pair.score, "baseline": pair.baseline}
                rows.append({**names, **_flat(pair.contrast), "p_holm": None, **p})
        return csv_text([columns, *([row.get(column) for column in columns] for row in rows)]).rstrip("\n")

    @property
    def _level(self) -> float:
        return float(self.signature.partition("|confidence:")[2].partition("|")[0])

    def _beaten(self, key: str) -> dict[str, list[str]]:
        """System -> those that it beats in a score, by Holm's p of all pairs at the level of the intervals."""
        beaten: dict[str, list[str]] = {name: [] for name in self.systems}
        for pair in self.pairs or ():
            one = pair.contrast
            if pair.score == key and one.better is not None and one.p_holm < 1 - self._level:
                beaten[one.better].append(pair.baseline if one.better == pair.system else pair.system)
        return beaten

    def _is_bold(self, name: str, key: str) -> bool:
        """Whether a system is the best in a score; with all pairs, only if it beats the second."""
        sign = 1 if self.higher_is_better[key] else -1
        first, *others = sorted(self.systems, key=lambda one: -sign * self.systems[one].scores[key])
        if self.pairs is None:
            return name in self.systems and self.systems[name].scores[key] == self.systems[first].scores[key]
        return name == first and others[0] in self._beaten(key)[name]

    def _rows(self, published: Sequence[PublishedScores]) -> Iterator[tuple[str, Mapping, Mapping, Mapping]]:
        """Name, scores, their spread and contrasts of each system, then of each published result."""
        for name, system in self.systems.items():
            yield name, system.scores, system.spread or {}, self.contrasts.get(name, {})
        for row in published:
            yield row.marked, row.scores, {}, {}

    def _latex_row(self, name: str, scores: Mapping, spread: Mapping, contrasts: Mapping) -> str:
        letters = dict(zip(self.systems, _letters(len(self.systems)), strict=True)) if self.pairs else {}
        letter = f"$^{{{letters[name]}}}$" if name in letters else ""
        cells, below = [f"{letter}{name.translate(_LATEX)}"], ""
        for key in self.higher_is_better:
            value, spreads = _value(scores, {}, key), rf"\scriptsize $\pm{spread[key]:.3f}$" if spread else ""
            beaten = [letters[one] for one in letters if one in self._beaten(key).get(name, ())]
            marks = f"$^{{{''.join(beaten)}}}$" if beaten else ""
            difference, bounds, p = (f"${cell}$" if cell else "" for cell in _difference(contrasts.get(key)))
            cells += [(f"\\textbf{{{value}}}" if self._is_bold(name, key) else value) + marks, difference, p]
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
    detectable = "" if contrast.detectable is None else f"{contrast.detectable:.4f}"
    won = "" if contrast.wins is None else f"{contrast.wins}/{contrast.ties}/{contrast.losses}"
    p = [shown_p(contrast.p_value), shown_p(contrast.p_holm)]
    return [f"{contrast.difference:+.4f}", interval(contrast.difference_ci), *p, won, detectable]


def _letters(n: int) -> list[str]:
    """A letter for each system; after z come two, with a comma behind, so that they can be told apart.

    >>> _letters(2), _letters(27)[-2:]
    (['a', 'b'], ['z', 'aa,'])
    """
    a_to_z = string.ascii_lowercase
    return [*a_to_z, *(f"{one}{other}," for one in a_to_z for other in a_to_z)][:n]


def _flat(contrast: Contrast) -> dict[str, Any]:
    low, high = contrast.difference_ci
    return {**vars(contrast), "difference_low": low, "difference_high": high}


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
    return f"{contrast.difference:+.3f}", f"[{low:+.3f}, {high:+.3f}]", shown_p(contrast.p_holm, 3)


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
