"""The report's folder, from scored systems and profiles: figures, page and tables, written whole.

The template of its page is ``report.html``; every text in it is escaped. The figures need matplotlib, the extra
``report``. Their colors are those of Okabe and Ito (2008), which color-blind readers can distinguish; markers and line
styles differ as well, for print in gray.
"""

import io
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from html import escape
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from lamp_dataset.atomic import check_replaceable, real_path, whole_folder, write_whole
from lamp_dataset.formats.texts import Number, counted
from lamp_dataset.lazy import require
from lamp_dataset.task import Task
from lamp_metric.predictions.scored_samples import ScoredSamples
from lamp_metric.report.gains import NEAR, Frame, Profile, shown_rho, summarize
from lamp_metric.result_tables.text_and_csv import csv_text, interval, shown_p
from lamp_metric.scorers import scorer_of
from lamp_metric.signature import Resampling

FORMATS = ("svg", "pdf", "png")
#: A figure of one panel is as wide as a column of a paper, one of several as both columns; in inches, as all sizes.
ONE_COLUMN, TWO_COLUMNS, PANEL, LINE = 3.3, 6.9, 2.1, 0.15
#: Color, marker and line of each system; the baseline comes first. They start again after the last.
STYLES = (
    ("#000000", "o", "-"),
    ("#0072B2", "s", "--"),
    ("#D55E00", "^", "-."),
    ("#009E73", "D", ":"),
    ("#CC79A7", "v", "-"),
    ("#E69F00", "P", "--"),
    ("#56B4E9", "X", "-."),
)
#: Names of systems longer than this are cut in figures.
NAME = 24
#: More dots than this are pixels even in SVG and PDF: as shapes, they would make files of many megabytes.
MANY = 3000
_SETTINGS = {
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "text.parse_math": False,  # names with dollar signs
    "svg.hashsalt": "lamp",  # the same numbers give the same file
    "svg.fonttype": "path",
    "pdf.fonttype": 42,  # TrueType: conferences and publishers refuse Type 3
    "savefig.dpi": 300,
    "savefig.bbox": "standard",
}
#: Of a legend above the axes, where it hides nothing.
_ABOVE = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2, "handlelength": 2.5}
#: No dates in the files.
_METADATA = {"svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}


def figures(frame: Frame, summary: Mapping[str, Any]) -> dict[str, dict[str, bytes]]:
    """Name of each figure that these numbers allow -> format -> the file's content."""
    require("matplotlib", "report")
    import matplotlib

    drawn: dict[str, dict[str, bytes]] = {}
    with matplotlib.rc_context(_SETTINGS):
        for name, draw in tqdm(DRAWINGS.items(), desc="Drawing", unit=" figures", delay=1):
            figure = draw(frame, summary)
            if figure is not None:
                figure.draw_without_rendering()  # places everything, once for all formats
                figure.set_layout_engine("none")
                files = {kind: io.BytesIO() for kind in FORMATS}
                for kind, file in files.items():
                    figure.savefig(file, format=kind, metadata=_METADATA[kind])
                drawn[name] = {kind: file.getvalue() for kind, file in files.items()}
    return drawn


def _panels(count: int, height: float = PANEL, **options: Any) -> tuple[Any, Sequence[Any]]:
    """A figure with ``count`` panels: one, or two side by side and the others below."""
    from matplotlib.figure import Figure

    rows = -(-count // 2)
    figure = Figure(figsize=(ONE_COLUMN if count == 1 else TWO_COLUMNS, height * rows), layout="constrained")
    panels = figure.subplots(rows, min(count, 2), squeeze=False, **options).ravel()
    for empty in panels[count:]:
        empty.remove()
    for lowest in panels[:count][-2:]:
        lowest.tick_params(labelbottom=True)  # above an empty place, too
    return figure, panels[:count]


def _styles(frame: Frame) -> dict[str, dict[str, Any]]:
    """System -> how it is drawn."""
    return {
        name: {"color": color, "marker": marker, "linestyle": line, "label": _label(name)}
        for name, (color, marker, line) in zip(frame.systems, cycle(STYLES))
    }


def _label(name: str) -> str:
    """The name, cut if it is long. After an underscore at its front, matplotlib would leave it out."""
    name = name if len(name) <= NAME else f"{name[: NAME - 1]}…"
    return f" {name}" if name.startswith("_") else name


def _error_bars(axes: Any, x: Any, points: Sequence[Mapping[str, Any]], key: str, **style: Any) -> None:
    """Points with intervals; a point without one has no bar."""
    y, bounds = [point[key] for point in points], [point[f"{key}_ci"] or [point[key]] * 2 for point in points]
    spans = np.abs(np.subtract(bounds, np.array(y)[:, None])).T
    axes.errorbar(x, y, yerr=spans, capsize=2, markersize=3.5, linewidth=1, **style)


def _score_label(summary: Mapping[str, Any], key: str | None = None) -> str:
    better = "higher" if summary["directions"][key or summary["score"]] else "lower"
    return f"{key or summary['score']} ({better} is better)"


def systems(frame: Frame, summary: Mapping[str, Any]) -> Any:
    """Each system's scores over all samples, with intervals."""
    keys, styles = frame.samples.keys, _styles(frame)
    figure, panels = _panels(len(keys), 0.6 + 1.4 * LINE * len(styles), sharey=True)
    for axes, key in zip(panels, keys, strict=True):
        for place, (name, style) in enumerate(styles.items()):
            score = summary["systems"][name][key]
            value = score["over_samples"]
            spans = np.abs(np.subtract(score["over_samples_ci"], value))[:, None]
            axes.errorbar([value], [place], xerr=spans, capsize=2.5, markersize=4, **{**style, "linestyle": "none"})
        axes.set_yticks(range(len(styles)), [style["label"] for style in styles.values()])
        axes.set_ylim(len(styles) - 0.5, -0.5)
        axes.set_xlabel(_score_label(summary, key))
        axes.grid(axis="x", alpha=0.3)
    return figure


def sorted_gains(frame: Frame, summary: Mapping[str, Any]) -> Any:
    """The users from the one who gains most to the one who loses most."""
    figure, (axes,) = _panels(1, PANEL + LINE * len(frame.others))  # the legend has a line for each
    styles, score = _styles(frame), summary["score"]
    for name in frame.others:
        gains = np.sort(frame.by_user(frame.gains(name, score)))[::-1]
        share = 100 * (np.arange(len(gains)) + 0.5) / len(gains)
        contrast = summary["contrasts"][name][score]
        counts = f"{contrast['users_better']:,} gain, {contrast['users_worse']:,} lose"
        axes.plot(share, gains, **{**styles[name], "marker": "", "label": f"{styles[name]['label']}: {counts}"})
    axes.axhline(0, color="0.5", linewidth=0.8)
    axes.set_xlabel("users, sorted by gain (%)")
    axes.set_ylabel(f"gain in {score}")
    axes.set_xlim(0, 100)
    axes.legend(**_ABOVE)
    return figure


def gain_by_profile_size(frame: Frame, summary: Mapping[str, Any]) -> Any:
    """Each user's gain against the size of the profile, and the bins' means."""
    return _gains_by(frame, summary, "profile_size", frame.by_user(frame.sizes), "items in the profile")


def gain_by_similarity(frame: Frame, summary: Mapping[str, Any]) -> Any:
    """Each user's gain against the similarity of the nearest profile items, and the bins' means."""
    label = "similarity of the nearest profile item"
    return _gains_by(frame, summary, "similarity", frame.by_user(frame.similarity), label)


def _gains_by(frame: Frame, summary: Mapping[str, Any], trait: str, of_users: np.ndarray, label: str) -> Any:
    figure, panels = _panels(len(frame.others), sharex=True, sharey=True)
    numbers, styles = summary[f"by_{trait}"], _styles(frame)
    for axes, name in zip(panels, frame.others, strict=True):
        gains = frame.by_user(frame.gains(name, summary["score"]))
        dots = {"alpha": 0.3, "linewidths": 0, "color": styles[name]["color"], "rasterized": len(gains) > MANY}
        for count in np.unique(frame.counts):  # dots of one size share one shape in the file
            same = frame.counts == count
            axes.scatter(of_users[same], gains[same], s=4 * count, **dots)
        axes.axhline(0, color="0.5", linewidth=0.8)
        middle, means = zip(*((entry["median"], entry["gains"][name]) for entry in numbers["bins"]), strict=True)
        _error_bars(axes, middle, means, "gain", color="black", marker="o", linestyle="-", zorder=3)
        correlation = numbers["spearman"][name]
        shown = "" if correlation["rho"] is None else f": ρ = {shown_rho(correlation)}"
        axes.set_title(f"{_label(name)}{shown}")
    if trait == "profile_size":  # after the loop: a scale set while other panels are empty does not fit their dots
        for axes in panels:
            _log_axis(axes, of_users)
    for axes in panels[-2:]:
        axes.set_xlabel(label)
    for axes in panels[::2]:
        axes.set_ylabel(f"gain in {summary['score']}")
    return figure


def _log_axis(axes: Any, values: np.ndarray) -> None:
    """A logarithmic axis of counts, even if one is 0."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    if values.min() < 1:
        axes.set_xscale("symlog", linthresh=1)
    else:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def score_by_profile_size(frame: Frame, summary: Mapping[str, Any]) -> Any:
    """Each system's score in each bin of profile sizes."""
    bins, styles = summary["by_profile_size"]["bins"], _styles(frame)
    across = max(1, min(3, 45 // (6 + max(len(style["label"]) for style in styles.values()))))
    figure, (axes,) = _panels(1, PANEL + LINE * -(-len(styles) // across))
    shifts = np.linspace(-0.12, 0.12, len(styles))
    for shift, (name, style) in zip(shifts, styles.items(), strict=True):
        _error_bars(axes, np.arange(len(bins)) + shift, [entry["scores"][name] for entry in bins], "score", **style)
    axes.set_xticks(range(len(bins)), [span(entry) for entry in bins])
    axes.set_xlabel("items in the profile")
    axes.set_ylabel(_score_label(summary))
    axes.legend(ncols=across, columnspacing=1, **_ABOVE)
    return figure


def span(entry: Mapping[str, Any]) -> str:
    """From where to where a bin goes.

    >>> span({"low": 5, "high": 5}), span({"low": 0.25, "high": 0.5}), span({"low": 0.501, "high": 0.502})
    ('5', '0.25–0.50', '0.50')
    """
    ends = [f"{value:,}" if isinstance(value, int) else f"{value:.2f}" for value in (entry["low"], entry["high"])]
    return "–".join(dict.fromkeys(ends))


def score_by_k(frame: Frame, summary: Mapping[str, Any]) -> Any:
    """The score against the number of retrieved items; None if the systems' names do not give it."""
    points = summary["by_k"]
    if not points:
        return None
    figure, (axes,) = _panels(1)
    x = [point["k"] for point in points]
    _error_bars(axes, x, points, "score", color="#0072B2", marker="o", linestyle="-")
    axes.set_xticks(x)
    axes.set_xlabel("items in the prompt (k)")
    axes.set_ylabel(_score_label(summary))
    return figure


#: Name of a figure -> the function that draws it, or returns None if there is nothing to draw.
DRAWINGS: Mapping[str, Callable[[Frame, Mapping[str, Any]], Any]] = {
    draw.__name__: draw
    for draw in (systems, sorted_gains, gain_by_profile_size, gain_by_similarity, score_by_profile_size, score_by_k)
}


PAGE, USERS, SUMMARY, FIGURES = "report.html", "users.csv", "summary.json", "figures"
#: In the summary, the mark of a report.
MADE_BY = "lamp-metric report"
_NAMES = {PAGE, USERS, SUMMARY, FIGURES, *(f"{FIGURES}/{name}.{kind}" for name in DRAWINGS for kind in FORMATS)}
#: Name of a figure -> its caption.
CAPTIONS = {
    "systems": "Scores over all samples, with intervals. Two intervals may overlap even if the systems differ, because "
    "both are scored on the same samples: see the gains below.",
    "sorted_gains": "The users, from the one who gains most to the one who loses most.",
    "gain_by_profile_size": "Each user's gain against the size of the profile. A dot is a user, its area the number of "
    "samples; in black the means of the table's bins, with intervals.",
    "gain_by_similarity": "Each user's gain against the similarity of the nearest profile items, drawn the same way.",
    "score_by_profile_size": "Each system's score by profile size, with intervals.",
    "score_by_k": "The score by the number of retrieved items, with intervals.",
}
#: Longer texts are cut on the page.
TEXT = 280


def make_report(
    output: str | os.PathLike[str],
    systems: Mapping[str, Sequence[ScoredSamples]],
    profiles: Mapping[str, Profile],
    key: str,
    resampling: Resampling,
    **signed: Any,
) -> dict[str, Any]:
    """Write the report into a folder, in place of an older one, and return its numbers.

    ``systems``: system -> runs, scored with users, the baseline first; ``profiles``: by sample id; ``key``: see
    :func:`check_score`; ``signed``: what the signature says of the answers.
    """
    frame = Frame(systems, [profiles[sample_id] for sample_id in next(iter(systems.values()))[0].ids])
    summary = summarize(frame, key, resampling, **signed)
    write_folder(output, frame, summary, excerpts(summary, systems, profiles))
    return summary


def check_score(task: Task, key: str | None, more: Sequence[str] = ()) -> str:
    """The score of the sections by user: ``key``, or the task's first; ``more`` are allowed besides the task's own."""
    allowed = (*scorer_of(task).means, *more)
    if key is not None and key not in allowed:
        raise ValueError(f"score: only {' or '.join(allowed)} of {task.name} has per-user values, found {key!r}")
    return key or allowed[0]


def excerpts(
    summary: Mapping[str, Any], systems: Mapping[str, Sequence[ScoredSamples]], profiles: Mapping[str, Profile]
) -> dict[str, dict[str, dict[str, str]]]:
    """What the page shows of the users who gain and lose most: system -> sample id -> title -> text.

    The outputs are those of the first runs. Of a gated task, nothing is shown.
    """
    runs, baseline = {name: found[0] for name, found in systems.items()}, summary["baseline"]
    first = runs[baseline]
    found: dict[str, dict[str, dict[str, str]]] = {}
    for system, sides in summary["extremes"].items() if not first.task.gated else ():
        found[system] = {}
        for sample in (user["sample"] for users in sides.values() for user in users):
            place = first.ids.index(sample)
            outputs = {f"output of {name}": runs[name].predictions[place] for name in (baseline, system)}
            found[system][sample] = {"input": profiles[sample].text, "gold": first.references[place], **outputs}
    return found


def write_folder(
    output: str | os.PathLike[str], frame: Frame, summary: Mapping[str, Any], texts: Mapping[str, Any]
) -> None:
    """Write the folder, with the :func:`excerpts` ``texts``. For a gated task, only its owner can read it."""
    target = real_path(Path(output).expanduser())
    of_folders, of_files = (0o700, 0o600) if frame.task.gated else (0o777, None)
    drawn, numbers = figures(frame, summary), {"made_by": MADE_BY, **summary}
    files = {
        USERS: users_csv(frame).encode(),
        SUMMARY: (json.dumps(numbers, indent=2, allow_nan=False) + "\n").encode(),
        PAGE: page(summary, {name: formats["svg"] for name, formats in drawn.items()}, texts).encode(),
        **{f"{FIGURES}/{name}.{kind}": content for name in drawn for kind, content in drawn[name].items()},
    }
    with whole_folder(target, _check_replaceable, of_folders) as new:
        for name, content in files.items():
            (new / name).parent.mkdir(of_folders, exist_ok=True)
            with write_whole(new / name, "wb", of_files) as file:
                file.write(content)


def check_output(output: str | os.PathLike[str]) -> None:
    """Make sure that the folder can be written, before any work."""
    target = real_path(Path(output).expanduser())
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{target.parent}: expected a folder to write {target.name} in, found none; create it")
    _check_replaceable(target)


def _check_replaceable(target: Path) -> None:
    def foreign(names: list[str]) -> list[str]:
        strange = [name for name in names if name not in _NAMES]
        with suppress(OSError, ValueError, AttributeError):
            if json.loads((target / SUMMARY).read_bytes()).get("made_by") == MADE_BY:
                return strange
        return strange or names

    check_replaceable(target, foreign, "report")


def users_csv(frame: Frame) -> str:
    """A row per user: samples, mean profile size and similarity, each system's scores, and its gains."""

    def numbers(values: Sequence[float]) -> list[Number]:
        return [Number(f"{value:.6g}") for value in frame.by_user(values)]

    columns = {
        "user": frame.names,
        "samples": frame.counts.tolist(),
        "profile_size": numbers(frame.sizes),
        "similarity": numbers(frame.similarity),
    }
    for key in frame.keys:
        columns |= {f"{name} {key}": numbers(frame.values(name, key)) for name in frame.systems}
        columns |= {f"{name} {key} gain": numbers(frame.gains(name, key)) for name in frame.others}
    return csv_text([columns, *zip(*columns.values(), strict=True)])


def page(summary: Mapping[str, Any], figures: Mapping[str, bytes], texts: Mapping[str, Mapping[str, Any]]) -> str:
    """The page, from the summary, the figures as SVG, and the :func:`excerpts` ``texts``."""
    jinja2 = require("jinja2", "report")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("lamp_metric", "report"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= _FILTERS
    drawn = {name: _svg(name, svg) for name, svg in figures.items()}
    more = {"scores": list(next(iter(summary["systems"].values()))), "captions": CAPTIONS, "near": f"{NEAR:g}"}
    return environment.get_template("report.html").render(summary, figures=drawn, texts=texts, **more)


def _svg(name: str, svg: bytes) -> str:
    """A figure inside the page. Its ids get a prefix, because those of several figures would collide."""
    text = svg.decode("utf-8")
    text = text[text.index("<svg") :]
    width = float(re.search(r'width="([\d.]+)pt"', text)[1])
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(href="|url\()#', rf"\1#{name}-", text)
    style = f"max-width: {1.3 * width:g}pt"  # on a screen larger than in print
    return text.replace("<svg", f'<svg role="img" style="{style}" aria-label="{escape(CAPTIONS[name])}"', 1)


def _gain(value: float) -> str:
    """With a sign, and without "-0.0000".

    >>> _gain(-0.00001), _gain(0.25)
    ('0.0000', '+0.2500')
    """
    shown = f"{value:+.4f}"
    return "0.0000" if float(shown) == 0 else shown.replace("-", "−")


_FILTERS = {
    "counted": counted,
    "cut": lambda text: text if len(text) <= TEXT else f"{text[: TEXT - 1]}…",
    "gain": _gain,
    "interval": lambda bounds: interval(bounds).replace("-", "−") or "–",
    "p": shown_p,
    "number": lambda value, form=".4f": "–" if value is None else f"{value:{form}}",
    "rho": shown_rho,
    "span": span,
}
