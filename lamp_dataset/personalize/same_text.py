"""Which texts count as the same, and with them what gives a sample away.

Two rules: a user's own items are compared word for word, but for white space around them; the items of other users by
their words, see :func:`normal`.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lamp_dataset.task import Task

_WORD = re.compile(r"[^\W_]+")
#: Accents, and the characters that no reader sees (Unicode's Default_Ignorable_Code_Point, and controls).
_UNSEEN = re.compile(
    "[\0-\x08\x7f\xad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)


def normal(text: str | None) -> str:
    """The words of a text, by which texts are compared.

    Unicode forms, case, accents, HTML entities, punctuation and white space do not count.

    >>> normal("Rain, again …") == normal("\\u2003rain\\xa0AGAIN"), normal("tea &amp; cake"), normal("🙂 ")
    (True, 'tea cake', '🙂')
    """
    plain = html.unescape(html.unescape(text or ""))  # twice: scraped texts hold "&amp;amp;", too
    folded = _UNSEEN.sub("", unicodedata.normalize("NFKD", plain).casefold())
    return " ".join(_WORD.findall(folded)) or folded.strip()


def questions(task: Task, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a row asks about, and its gold, each after the name of the field that holds it in profile items.

    A gold counts only in the tasks that generate text: many samples share a label or a rating, which gives nothing
    away.
    """
    yield task.pair.text, task.subject_of(row["input"])
    if not task.labels and row["output"] is not None:
        yield task.pair.output, row["output"].strip()


def own_leaks(task: Task, rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """The items in each row's own profile that hold what the row asks about or, where a gold counts, its gold.

    What the user's other rows ask about does not count: profiles are made of it.

    Yields:
        The id of the sample, that of the item, and the field that gives the sample away; in the order of the rows, and
        within a row in that of the items.
    """
    for row in rows:
        asked = dict.fromkeys(questions(task, row))
        for item in row["profile"]:
            for field, text in asked:
                if item[field] is not None and item[field].strip() == text:
                    yield row["id"], item["id"], field
