"""Tables as text for a terminal, and as CSV that a spreadsheet shows without running it."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from lamp_dataset.formats.texts import Number

#: What a spreadsheet takes for a formula, after any number of apostrophes, so that the one that is added can be undone.
_FORMULA = re.compile("'*[=+@\t\r-]")


def table(rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()) -> str:
    """Rows as text with aligned columns, those at the positions ``numeric`` on the right; the first row is the header.

    >>> print(table([["score", "value"], ["MAE", "0.25"]], numeric=[1]))
    score  value
    MAE     0.25
    """
    columns = enumerate(zip(*rows, strict=True))
    forms = [f"{'>' if place in numeric else '<'}{max(map(len, cells))}" for place, cells in columns]
    return "\n".join("  ".join(map(format, row, forms)).rstrip() for row in rows)


def interval(bounds: Sequence[float] | None) -> str:
    """An interval as text.

    >>> interval([0.25, 0.5])
    '[0.2500, 0.5000]'
    """
    return f"[{bounds[0]:.4f}, {bounds[1]:.4f}]" if bounds is not None else ""


def shown_p(p: float, digits: int = 4) -> str:
    """A p-value as text, never as zero.

    >>> shown_p(0.02999), shown_p(0.0002), shown_p(0.0004, 3)
    ('0.0300', '<.001', '<.001')
    """
    return "<.001" if p < 0.001 else f"{p:.{digits}f}"


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV. A text that begins like a formula gets an apostrophe in front, which makes spreadsheets show it.

    Numbers get none, and neither do formatted ones (:class:`~lamp_dataset.formats.texts.Number`). Source: OWASP, "CSV
    Injection".

    >>> print(csv_text([["=1+1", -0.5, Number("-5e-07")]]), end="")
    '=1+1,-0.5,-5e-07
    """
    return "".join(f"{','.join(map(_cell, row))}\n" for row in rows)


def _cell(value: Any) -> str:
    """Not the standard library's: before Python 3.13, it does not quote a lone carriage return."""
    text = "" if value is None else str(value)
    if isinstance(value, str) and not isinstance(value, Number) and _FORMULA.match(text):
        text = f"'{text}"
    return '"{}"'.format(text.replace('"', '""')) if set(text) & set(',"\r\n') else text
