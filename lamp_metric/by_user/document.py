"""The report's page: one HTML file that needs no network and no script, with the figures inside."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from lamp_dataset.formats.texts import counted
from lamp_metric.by_user import markup

#: Name of a figure -> its caption.
CAPTIONS = {
    "systems": "Scores over all samples, with intervals. Two intervals may overlap even if the systems differ, because "
    "both are scored on the same samples: see the gains below.",
    "sorted_gains": "The users, from the one who gains most to the one who loses most.",
    "gain_by_profile_size": "Each user's gain against the size of the profile. A dot is a user, its area the number of "
    "samples; in black the means of the bins below, with intervals.",
    "gain_by_similarity": "Each user's gain against the similarity of the nearest profile items, drawn the same way.",
    "score_by_profile_size": "Each system's score by profile size, with intervals.",
    "score_by_k": "The score by the number of retrieved items, with intervals.",
}

_DOCUMENT = string.Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light; }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; color: #1a1a1a; background: #fff;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { margin-top: 2.5rem; font-size: 1.25rem; border-bottom: 1px solid #ccc; }
h1, h2, h3, h4, h5, p, dd, td:first-child { overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .55rem; text-align: left; border-bottom: 1px solid #ddd; white-space: nowrap; }
td:first-child { white-space: normal; min-width: 7rem; max-width: 16rem; }
.number { text-align: right; }
figure { margin: 1.2rem 0; max-width: 34rem; } figure svg { width: 100%; height: auto; }
figcaption, .small { font-size: .9rem; color: #444; }
.note { padding: .5rem .8rem; border-left: .3rem solid #d55e00; background: #fdf3ec; }
h5 { margin: 1rem 0 .2rem; font-size: .95rem; } dl { margin: 0 0 1rem; font-size: .9rem; }
dt { color: #555; } dd { margin: 0 0 .3rem 1rem; }
code { font-size: .85rem; overflow-wrap: anywhere; }
@media print { figure, tr { break-inside: avoid; } }
</style>
</head>
<body>
<main>
$body
</main>
</body>
</html>
""")


def page(summary: Mapping[str, Any], figures: Mapping[str, bytes], texts: Mapping[str, Mapping[str, Any]]) -> str:
    """The page, of the summary, the figures as SVG, and system -> sample id -> what to show of it: title -> text."""
    drawn = {name: _figure(name, svg) for name, svg in figures.items()}
    title = f"Who gains from the profile? {summary['task']}"
    parts = [f"<h1>{escape(title)}</h1>", *_sections(summary, drawn, texts)]
    return _DOCUMENT.substitute(title=escape(title), body="\n".join(parts))


def _sections(summary: Mapping[str, Any], drawn: Mapping[str, str], texts: Mapping[str, Any]) -> Iterator[str]:
    yield from _head(summary)
    yield "<h2>Systems</h2>"
    yield markup.systems(summary) + drawn.get("systems", "")
    yield f"<h2>Gains over {escape(summary['baseline'])}</h2>"
    yield markup.contrasts(summary["contrasts"]) + drawn.get("sorted_gains", "")
    yield "<h2>Gain by size of the profile</h2>"
    yield markup.correlations(summary, "profile_size") + drawn.get("gain_by_profile_size", "")
    yield markup.bins(summary, "profile_size") + drawn.get("score_by_profile_size", "")
    yield "<h2>Gain by similarity of the nearest profile item</h2>"
    yield markup.correlations(summary, "similarity") + drawn.get("gain_by_similarity", "")
    yield markup.bins(summary, "similarity")
    yield "<h2>Inputs that copy an item of the user's profile</h2>"
    yield markup.copies(summary)
    if summary["by_k"]:
        yield "<h2>Score by number of retrieved items</h2>"
        yield markup.by_k(summary) + drawn.get("score_by_k", "")
    yield "<h2>Who gains and who loses</h2>"
    for system, found in summary["extremes"].items():
        yield f"<h3>{escape(system)} against {escape(summary['baseline'])}</h3>"
        yield markup.extremes(found, texts.get(system, {}))
    yield "<h2>How this was made</h2>"
    yield _method(summary)


def _head(summary: Mapping[str, Any]) -> Iterator[str]:
    per_user, size = summary["samples_per_user"], summary["profile_size_per_user"]
    yield markup.paragraph(
        f"{counted(summary['samples'], 'samples')} of {counted(summary['users'], 'users')}. Samples per user: median "
        f"{per_user['median']:g}, at most {per_user['max']:,}. Items in a profile: median {size['median']:g}, from "
        f"{size['min']:g} to {size['max']:g}. The baseline is {summary['baseline']}. Bins, correlations and users "
        f"below are about {summary['score']}."
    )
    order = "higher" if summary["higher_is_better"] else "lower"
    sign = "" if summary["higher_is_better"] else ", so a gain is the baseline's figure minus the system's"
    scores = " and ".join(next(iter(summary["systems"].values())))
    yield markup.paragraph(
        f"A gain is positive if a system is better than the baseline. Of {scores}, {order} is better{sign}."
    )
    why = "cannot be used: not a label, not a number, or without a word."
    unusable = [f"{counted(count, 'outputs')} of {name} {why}" for name, count in summary["unusable"].items() if count]
    for note in [*unusable, *summary["notes"]]:
        yield markup.paragraph(note, "note")


def _method(summary: Mapping[str, Any]) -> str:
    return (
        markup.paragraph(
            "Intervals are percentile bootstrap intervals that draw users, each with all their samples. p is that of "
            "a two-sided randomization test that swaps the outputs of all samples of a user at once; Holm's method "
            "corrects for the number of systems. A user's gain is the mean over the user's samples; if it is 0, the "
            "user counts as equal. For RMSE, users are counted by their mean squared error; macro F1 has no value for "
            "a single user. Bins hold about equally many samples. The gains of the users at either end, above all "
            "those with few samples, are partly luck."
        )
        + markup.paragraph(
            "Similarity is the word overlap F1 of the input's text and the nearest profile item: twice the number of "
            "shared words over the number of words in both."
        )
        + f"<p><code>{escape(summary['signature'])}</code></p>"
    )


def _figure(name: str, svg: bytes) -> str:
    """A figure inside the page. Its ids get a prefix, since those of several figures would collide."""
    text = svg.decode("utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(href="|url\()#', rf"\1#{name}-", text)
    caption = CAPTIONS[name]
    text = text.replace("<svg", f'<svg role="img" aria-label="{escape(caption)}"', 1)
    return f"<figure>{text}<figcaption>{escape(caption)}</figcaption></figure>"
