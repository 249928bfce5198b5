"""The query of a sample: the part of its input that retrieval looks for in the profile."""

import re
from typing import NamedTuple

from lamp_dataset.task import Task

#: ``official`` is how the published figures were made, ``fixed`` is the same without its known defects.
RULES = ("official", "fixed")


class Query(NamedTuple):
    """The text to look for, what is wrong with the input ("" if nothing), and the rules by which it was found."""

    text: str
    trouble: str = ""
    rules: str = "official"


def find_query(task: Task, text: str, rules: str = "official") -> Query:
    """The query in the input ``text`` of a sample of ``task``.

    For most tasks it is the text after the first occurrence of the task's marker, stripped. The citation task has no
    marker: its query is the two candidate titles, joined by a space. ``"official"`` takes the second and the third
    quoted string, so a quotation mark inside a title shifts everything; ``"fixed"`` cuts at the words around the
    candidates.

    An input without a query is a query as a whole, and ``trouble`` says so. (The official script crashes.)

    >>> from lamp_dataset.tasks import TASKS
    >>> find_query(TASKS["LaMP_7"], "Paraphrase the following tweet: so tired").text
    'so tired'
    """
    if task.query_marker == "":
        return Query(text, "" if text.strip() else "the input is empty", rules)
    if task.query_marker is not None:
        _, found, query = text.partition(task.query_marker)
        lacking = f"no {task.query_marker!r} in the input"
    elif rules == "official":
        quoted = text.split('"')[1:-1:2]
        found, query = len(quoted) >= 3, " ".join(quoted[1:3])
        lacking = "fewer than three quoted strings in the input"
    else:
        before, between, after = map(re.escape, task.query_frame)
        found = re.search(f"{before}(.*?){between}(.*){after}\\Z", text.rstrip(), re.DOTALL)
        query = " ".join(found.groups()) if found else ""
        lacking = f"no candidates between {', '.join(map(repr, task.query_frame))}"
    if not found:
        return Query(text.strip(), f"{lacking}: the whole input is the query", rules)
    return Query(query.strip(), "" if query.strip() else "the input's query is empty", rules)
