"""CSV that a spreadsheet shows and does not run."""

import re
from collections.abc import Iterable
from typing import Any

from lamp_dataset.formats.texts import Number

#: What a spreadsheet takes for a formula, behind any number of apostrophes: so that each can be undone.
_FORMULA = re.compile("'*[=+@\t\r-]")


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV. A text that begins like a formula gets an apostrophe in front, by which spreadsheets know texts.

    Numbers get none, formatted ones (:class:`~lamp_dataset.formats.texts.Number`) included. Source: OWASP, "CSV
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
