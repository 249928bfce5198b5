"""The report's page: its template is ``report.html``, and every text in it is escaped."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from lamp_dataset.formats.texts import counted
from lamp_dataset.lazy import require
from lamp_metric.report.gains_by_trait import shown_rho
from lamp_metric.report.profile_similarity import NEAR
from lamp_metric.result_tables.text_table import interval

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


def page(summary: Mapping[str, Any], figures: Mapping[str, bytes], texts: Mapping[str, Mapping[str, Any]]) -> str:
    """The page, of the summary, the figures as SVG, and system -> sample id -> what to show of it: title -> text."""
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
    """A figure inside the page. Its ids get a prefix, since those of several figures would collide."""
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
