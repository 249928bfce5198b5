"""The report's tables and paragraphs, as HTML without a document around them; every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from lamp_dataset.formats.texts import counted
from lamp_metric.by_user.profiles import NEAR

Summary = Mapping[str, Any]
#: Longer texts are cut on the page.
TEXT = 280


def table(head: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> str:
    """A table that scrolls sideways on a small screen. The first ``texts`` columns hold words, the others numbers."""
    kinds = ["" if place < texts else ' class="number"' for place in range(len(head))]
    titles = "".join(f'<th scope="col"{kind}>{escape(cell)}</th>' for kind, cell in zip(kinds, head, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{escape(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>\n"
        for row in rows
    )
    return f'<div class="wide" tabindex="0"><table>\n<tr>{titles}</tr>\n{body}</table></div>\n'


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def systems(summary: Summary) -> str:
    """Each system's scores over samples and over users."""
    rows = [
        [name, key, _number(found["over_samples"]), _interval(found["over_samples_ci"]), _number(found["over_users"])]
        for key in next(iter(summary["systems"].values()))
        for name, scores in summary["systems"].items()
        for found in [scores[key]]
    ]
    return table(["system", "score", "over samples", "interval", "mean of users"], rows, texts=2)


def contrasts(found: Mapping[str, Any]) -> str:
    """Each system against the baseline."""
    head = ["system", "score", "gain", "interval", "p", "p (Holm)", "users better", "equal", "worse"]
    rows = [
        [name, key, _gain(one["gain"]), _interval(one["gain_ci"]), _number(one["p_value"]), _number(one["p_holm"])]
        + [_number(one[f"users_{kind}"], ",") for kind in ("better", "equal", "worse")]
        for name, of_keys in found.items()
        for key, one in of_keys.items()
    ]
    return table(head, rows, texts=2)


def bins(summary: Summary, trait: str) -> str:
    """The bins of a trait: each system's gain in each."""
    found = summary[f"by_{trait}"]
    titles = [title for name in found["spearman"] for title in (name, "interval")]
    head = [trait.replace("_", " "), "users", "samples", *titles]
    rows = [
        [
            f"{_trait(entry['low'])}\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}{_trait(entry['high'])}",
            f"{entry['users']:,}",
            f"{entry['samples']:,}",
            *(cell for one in entry["gains"].values() for cell in (_gain(one["gain"]), _interval(one["gain_ci"]))),
        ]
        for entry in found["bins"]
    ]
    return table(head, rows)


def correlations(summary: Summary, trait: str) -> str:
    """Spearman's correlation of each system's gains with the trait, in one sentence each."""
    found = summary[f"by_{trait}"]["spearman"]
    nothing = "not defined, because one side is the same for all users"
    parts = [f"{name}: {nothing if one['rho'] is None else rho(one)}" for name, one in found.items()]
    name = trait.replace("_", " ")
    return paragraph(f"Rank correlation of gain and {name} over users (Spearman's ρ): {'; '.join(parts)}.")


def copies(summary: Summary) -> str:
    """How many inputs are copies of own items, and the contrasts without them."""
    found = summary["copies"]
    count = found["exact"] + found["near"]
    line = (
        f"{found['exact']:,} of {summary['samples']:,} inputs repeat an item of the user's profile word for "
        f"word, except for case and white space; {found['near']:,} more are at least {NEAR:g} similar to one."
    )
    if not count:
        return paragraph(line)
    samples, users = counted(found["samples_without"], "samples"), counted(found["users_without"], "users")
    rest = f"Without these: {samples} of {users}."
    if found["contrasts_without"] is None:
        return paragraph(f"{line} {rest} That is too few to compare.")
    return paragraph(f"{line} {rest}") + contrasts(found["contrasts_without"])


def by_k(summary: Summary) -> str:
    """The score against the number of retrieved items."""
    found = summary["by_k"]
    rows = [[f"{one['k']}", one["system"], _number(one["score"]), _interval(one["score_ci"])] for one in found]
    return table(["k", "system", summary["score"], "interval"], rows, texts=2)


def extremes(found: Mapping[str, Any], texts: Mapping[str, Mapping[str, str]]) -> str:
    """The users who gain and lose most against the baseline; ``texts``: sample id -> what to show: title -> text."""
    titles = {"gain": "Users who gain most", "lose": "Users who lose most"}
    return "".join(
        f"<h4>{titles[side]}</h4>\n" + (_extreme_users(users, texts) if users else paragraph("None."))
        for side, users in found.items()
    )


def _extreme_users(users: Sequence[Mapping[str, Any]], texts: Mapping[str, Mapping[str, str]]) -> str:
    head = ["user", "sample", "gain", "samples", "profile size", "similarity"]
    rows = [
        [
            one["user"],
            one["sample"],
            _gain(one["gain"]),
            f"{one['samples']}",
            f"{one['profile_size']:g}",
            f"{one['similarity']:.2f}",
        ]
        for one in users
    ]
    shown = "".join(_sample(one, texts[one["sample"]]) for one in users if one["sample"] in texts)
    details = f"<details><summary>A sample of each</summary>{shown}</details>" if shown else ""
    return table(head, rows, texts=2) + details


def _sample(user: Mapping[str, Any], parts: Mapping[str, str]) -> str:
    head = f"User {user['user']}, sample {user['sample']}, gain {_gain(user['sample_gain'])}"
    texts = {title: text if len(text) <= TEXT else f"{text[: TEXT - 1]}…" for title, text in parts.items()}
    rows = "".join(f"<dt>{escape(title)}</dt><dd>{escape(text)}</dd>" for title, text in texts.items())
    return f"<h5>{escape(head)}</h5><dl>{rows}</dl>\n"


def _trait(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def _number(value: float | None, form: str = ".4f") -> str:
    return "–" if value is None else f"{value:{form}}"


def _gain(value: float) -> str:
    """With a sign, and without "-0.0000".

    >>> _gain(-0.00001), _gain(0.25)
    ('0.0000', '+0.2500')
    """
    shown = f"{value:+.4f}"
    return "0.0000" if float(shown) == 0 else shown.replace("-", "−")


def _interval(bounds: Sequence[float] | None) -> str:
    return "–" if bounds is None else f"[{bounds[0]:.4f}, {bounds[1]:.4f}]".replace("-", "−")


def rho(found: Mapping[str, Any]) -> str:
    """A correlation and its interval.

    >>> rho({"rho": 0.25, "rho_ci": [-0.001, 0.5]})
    '0.25 [0.00, 0.50]'
    """
    value, low, high = (f"{number:.2f}".replace("-0.00", "0.00") for number in (found["rho"], *found["rho_ci"]))
    return f"{value} [{low}, {high}]".replace("-", "−")
