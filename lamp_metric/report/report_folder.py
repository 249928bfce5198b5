"""The report's folder, from scored systems and profiles: written whole, and only in place of an older report.

The template of its page is ``report.html``; every text in it is escaped.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any

from lamp_dataset.atomic import check_replaceable, real_path, whole_folder, write_whole
from lamp_dataset.formats.texts import Number, counted
from lamp_dataset.lazy import require
from lamp_dataset.task import Task
from lamp_metric.predictions.scored_samples import ScoredSamples
from lamp_metric.report.figures import DRAWINGS, FORMATS, figures
from lamp_metric.report.gains import Frame, shown_rho
from lamp_metric.report.profile_similarity import NEAR, Profile
from lamp_metric.report.summary import summarize
from lamp_metric.result_tables.text_and_csv import csv_text, interval
from lamp_metric.scorers import scorer_of
from lamp_metric.signature import Resampling

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
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(href="|url\()#', rf"\1#{name}-", text)
    return text.replace("<svg", f'<svg role="img" aria-label="{escape(CAPTIONS[name])}"', 1)


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
    "number": lambda value, form=".4f": "–" if value is None else f"{value:{form}}",
    "rho": shown_rho,
    "trait": lambda value: f"{value:,}" if isinstance(value, int) else f"{value:.2f}",
}
