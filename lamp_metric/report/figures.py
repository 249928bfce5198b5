"""The report's figures, from the numbers of its summary. They need matplotlib, the extra ``report``.

They are one column wide, for papers and phones. The colors are those of Okabe and Ito (2008), which color-blind readers
can distinguish; markers and line styles differ as well, for print in gray.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from lamp_dataset.lazy import require
from lamp_metric.report.gains import Frame, shown_rho

FORMATS = ("svg", "pdf", "png")
WIDTH, PANEL = 4.8, 2.7
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
NAME = 28
#: More dots than this are pixels even in SVG and PDF: as shapes, they would make files of many megabytes.
MANY = 3000
_SETTINGS = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "text.parse_math": False,  # names with dollar signs
    "svg.hashsalt": "lamp",  # the same numbers give the same file
    "svg.fonttype": "path",
    "savefig.dpi": 200,
}
#: Of a legend above the axes, where it hides nothing.
_ABOVE = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2, "handlelength": 3}
#: No dates in the files.
_METADATA = {"svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}


def figures(frame: Frame, summary: Mapping[str, Any]) -> dict[str, dict[str, bytes]]:
    """Name of each figure that these numbers allow -> format -> the file's content."""
    require("matplotlib", "report")
    import matplotlib

    drawn: dict[str, dict[str, bytes]] = {}
    with matplotlib.rc_context(_SETTINGS):
        for name, draw in DRAWINGS.items():
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
    """A figure with ``count`` panels, one below the other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height * count), layout="constrained")
    return figure, figure.subplots(count, squeeze=False, **options)[:, 0]


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


def _error_bars(axes: Any, x: Any, found: Sequence[Mapping[str, Any]], key: str, **style: Any) -> None:
    """Points with intervals; a point without one has no bar."""
    y, bounds = [one[key] for one in found], [one[f"{key}_ci"] or [one[key]] * 2 for one in found]
    spans = np.abs(np.subtract(bounds, np.array(y)[:, None])).T
    axes.errorbar(x, y, yerr=spans, capsize=2.5, markersize=4.5, linewidth=1.2, **style)


def _score_label(summary: Mapping[str, Any], key: str | None = None) -> str:
    better = "higher" if summary["directions"][key or summary["score"]] else "lower"
    return f"{key or summary['score']} ({better} is better)"


def systems(frame: Frame, summary: Mapping[str, Any]) -> Any:
    """Each system's scores over all samples, with intervals."""
    keys, styles = frame.samples.keys, _styles(frame)
    figure, panels = _panels(len(keys), 0.75 + 0.28 * len(styles))
    for axes, key in zip(panels, keys, strict=True):
        for place, (name, style) in enumerate(styles.items()):
            found = summary["systems"][name][key]
            value = found["over_samples"]
            spans = np.abs(np.subtract(found["over_samples_ci"], value))[:, None]
            axes.errorbar([value], [place], xerr=spans, capsize=3, markersize=5, **{**style, "linestyle": "none"})
        axes.set_yticks(range(len(styles)), [style["label"] for style in styles.values()])
        axes.set_ylim(len(styles) - 0.5, -0.5)
        axes.set_xlabel(_score_label(summary, key))
        axes.grid(axis="x", alpha=0.3)
    return figure


def sorted_gains(frame: Frame, summary: Mapping[str, Any]) -> Any:
    """The users from the one who gains most to the one who loses most."""
    figure, (axes,) = _panels(1, PANEL + 0.16 * len(frame.others))  # the legend has a line for each
    styles = _styles(frame)
    for name in frame.others:
        gains = np.sort(frame.by_user(frame.gains(name, summary["score"])))[::-1]
        share = 100 * (np.arange(len(gains)) + 0.5) / len(gains)
        label = f"{styles[name]['label']}: {np.mean(gains > 0):.0%} gain, {np.mean(gains < 0):.0%} lose"
        axes.plot(share, gains, **{**styles[name], "marker": "", "label": label})
    axes.axhline(0, color="0.5", linewidth=0.8)
    axes.set_xlabel("users, sorted by gain (%)")
    axes.set_ylabel(f"gain in {summary['score']}")
    axes.set_xlim(0, 100)
    axes.legend(ncols=1, **_ABOVE)
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
    found, styles = summary[f"by_{trait}"], _styles(frame)
    for axes, name in zip(panels, frame.others, strict=True):
        gains = frame.by_user(frame.gains(name, summary["score"]))
        dots = {"alpha": 0.3, "linewidths": 0, "color": styles[name]["color"], "rasterized": len(gains) > MANY}
        for count in np.unique(frame.counts):  # dots of one size share one shape in the file
            same = frame.counts == count
            axes.scatter(of_users[same], gains[same], s=6 * count, **dots)
        axes.axhline(0, color="0.5", linewidth=0.8)
        middle, means = zip(*((entry["median"], entry["gains"][name]) for entry in found["bins"]), strict=True)
        _error_bars(axes, middle, means, "gain", color="black", marker="o", linestyle="-", zorder=3)
        correlation = found["spearman"][name]
        shown = "" if correlation["rho"] is None else f": ρ = {shown_rho(correlation)}"
        axes.set_title(f"{_label(name)} against {_label(frame.baseline)}{shown}")
        axes.set_ylabel(f"gain in {summary['score']}")
    if trait == "profile_size":  # after the loop: a scale set while other panels are empty does not fit their dots
        for axes in panels:
            _log_axis(axes, of_users)
    panels[-1].set_xlabel(label)
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
    figure, (axes,) = _panels(1)
    shifts = np.linspace(-0.12, 0.12, len(styles))
    for shift, (name, style) in zip(shifts, styles.items(), strict=True):
        _error_bars(axes, np.arange(len(bins)) + shift, [entry["scores"][name] for entry in bins], "score", **style)
    axes.set_xticks(range(len(bins)), [f"{entry['low']}–{entry['high']}" for entry in bins])
    axes.set_xlabel("items in the profile")
    axes.set_ylabel(_score_label(summary))
    axes.legend(ncols=3, **_ABOVE)
    return figure


def score_by_k(frame: Frame, summary: Mapping[str, Any]) -> Any:
    """The score against the number of retrieved items; None if the systems' names do not give it."""
    found = summary["by_k"]
    if not found:
        return None
    figure, (axes,) = _panels(1)
    x = [one["k"] for one in found]
    _error_bars(axes, x, found, "score", color="#0072B2", marker="o", linestyle="-")
    axes.set_xticks(x)
    axes.set_xlabel("items in the prompt (k)")
    axes.set_ylabel(_score_label(summary))
    return figure


#: Name of a figure -> the function that draws it, or returns None if there is nothing to draw.
DRAWINGS: Mapping[str, Callable[[Frame, Mapping[str, Any]], Any]] = {
    draw.__name__: draw
    for draw in (systems, sorted_gains, gain_by_profile_size, gain_by_similarity, score_by_profile_size, score_by_k)
}
