"""What chat models put around a text: reasoning, a label, quotation marks, JSON, a code fence.

Only what surrounds the whole answer counts: ``Review: The Wire`` and ``"Rain" and "Snow"`` have no wrapper. Answers are
unwrapped only on request, see ``extract_answer``.
"""

import json
import re
from collections.abc import Callable, Mapping

#: The kind of an answer whose reasoning never ends: nothing is left of it.
CUT_OFF = "reasoning that never ends"

#: The number of wrappers that are taken off one answer: with more, a model repeats itself.
MOST = 16

_NOUN = r"(?:title|headline|subject(?: line)?|paraphrase|paraphrased tweet)"
_HERE = r"(?:(?:sure|certainly|of course|okay)[,.!]*\s+)?here(?:['’]s| is)"
_ADJECTIVE = r"(?:(?:possible|suggested|generated|personalized|revised) )?"
#: The second form may say more about the text ("for this article") because it has a line to itself.
_LABEL = re.compile(
    rf"(?:(?P<bold>\*{{1,2}}|)(?:(?:{_HERE} (?:(?:an?|the|your) )?)?{_ADJECTIVE}{_NOUN})(?:\s?:(?P=bold)|(?P=bold):)"
    rf"|{_HERE}\b[^\n:]{{0,80}}\b{_NOUN}\b[^\n:]{{0,80}}:[ \t]*\n)(?P<inside>.*)",
    re.I | re.S,
)
#: An apostrophe is a quotation mark only if no word needs it, neither inside nor at the front.
_NO_WORD = r"(?!\d|(?:tis|twas|til|cause|em|bout|n)\b)"
_QUOTES = re.compile(
    rf"""(?i:"[^"]+"|“[^“”]+”|«[^«»]+»|„[^„“”]+[“”]|'{_NO_WORD}(?:[^']|(?<=\w)'(?=\w))+'"""
    rf"""|‘{_NO_WORD}(?:[^‘’]|(?<=\w)’(?=\w))+’)"""
)
_ASTERISKS = re.compile(r"(\*{1,3})(?P<inside>[^*]+)\1")
_FENCE = re.compile(r"```[\w-]*[ \t]*\n(?P<inside>.*?)\n?```", re.S)


def _after_reasoning(text: str) -> str | None:
    """What follows ``</think>``. Some chat templates write the opening tag, so that the answer does not hold it."""
    reasoning, end, rest = text.partition("</think>")
    return rest if end and (text.startswith("<think>") or "<think>" not in reasoning) else None


def _in_json(text: str) -> str | None:
    """The only text in a JSON object."""
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        texts = [value for value in json.loads(text).values() if isinstance(value, str)]
    except (ValueError, RecursionError):
        return None
    return texts[0] if len(texts) == 1 else None


def _inside(pattern: re.Pattern) -> Callable[[str], str | None]:
    """What the group ``inside`` holds if the pattern fits the whole text."""
    return lambda text: match["inside"] if (match := pattern.fullmatch(text)) else None


#: The kind of a wrapper -> what is inside, or None if the text has no such wrapper.
Wrappers = Mapping[str, Callable[[str], str | None]]
#: Reasoning, which can precede an answer of every kind of task.
REASONING: Wrappers = {
    CUT_OFF: lambda text: "" if text.startswith("<think>") and "</think>" not in text else None,
    "reasoning": _after_reasoning,
}
#: All wrappers, in the order in which they are looked for.
WRAPPERS: Wrappers = {
    **REASONING,
    "code fence": _inside(_FENCE),
    "JSON": _in_json,
    "quotes": lambda text: text[1:-1] if _QUOTES.fullmatch(text) else None,
    "asterisks": _inside(_ASTERISKS),
    "label": _inside(_LABEL),
}


def wrapper_of(text: str) -> str | None:
    """The kind of the outermost wrapper; None if there is none.

    >>> wrapper_of('Title: "Rain, Again"'), wrapper_of("Review: The Wire")
    ('label', None)
    """
    return next((kind for kind, inside in WRAPPERS.items() if inside(text.strip()) is not None), None)


def unwrap(text: str, wrappers: Wrappers = WRAPPERS) -> str:
    """What is left without wrappers; an answer without any is returned unchanged.

    >>> unwrap('<think>Short.</think>Here is a headline: "Rain, Again"'), unwrap("<think>Let me")
    ('Rain, Again', '')
    """
    for _ in range(MOST):
        found = (inside(text.strip()) for inside in wrappers.values())
        left = next((rest for rest in found if rest is not None), None)
        if left is None:
            break
        text = left.strip()
    return text
