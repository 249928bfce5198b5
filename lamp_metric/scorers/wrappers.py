"""What chat models put around a text: reasoning, a label, quotation marks, JSON, a code fence. Opt-in, see ``Text``.

Only what surrounds the whole answer counts: ``Review: The Wire`` and ``"Rain" and "Snow"`` have no wrapper.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping

#: The kind of an answer whose reasoning never ends: nothing is left of it.
CUT_OFF = "reasoning that never ends"

#: The number of wrappers that are taken off one answer: more are a model that repeats itself.
MOST = 16

_NOUN = r"(?:title|headline|subject(?: line)?|paraphrase|paraphrased tweet)"
_HERE = r"(?:(?:sure|certainly|of course|okay)[,.!]*\s+)?here(?:['’]s| is)"
_ADJECTIVE = r"(?:(?:possible|suggested|generated|personalized|revised) )?"
#: The second form may say more about the text ("for this article") since it has a line for itself.
_LABEL = re.compile(
    rf"(?:(?P<bold>\*{{1,2}}|)(?:(?:{_HERE} (?:(?:an?|the|your) )?)?{_ADJECTIVE}{_NOUN})(?:\s?:(?P=bold)|(?P=bold):)"
    rf"|{_HERE}\b[^\n:]{{0,80}}\b{_NOUN}\b[^\n:]{{0,80}}:[ \t]*\n)(?P<rest>.*)",
    re.I | re.S,
)
#: An apostrophe is a quotation mark only if no word needs it, neither inside nor at the front.
_NO_WORD = r"(?!\d|(?:tis|twas|til|cause|em|bout|n)\b)"
_QUOTES = re.compile(
    rf"""(?i:"[^"]+"|“[^“”]+”|«[^«»]+»|„[^„“”]+[“”]|'{_NO_WORD}(?:[^']|(?<=\w)'(?=\w))+'"""
    rf"""|‘{_NO_WORD}(?:[^‘’]|(?<=\w)’(?=\w))+’)"""
)
_ASTERISKS = re.compile(r"(\*{1,3})([^*]+)\1")
_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)\n?```", re.S)


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


def _group(pattern: re.Pattern, group: int | str) -> Callable[[str], str | None]:
    def inside(text: str) -> str | None:
        match = pattern.fullmatch(text)
        return match[group] if match else None

    return inside


#: Reasoning, which answers of every kind of task may have in front.
REASONING: Mapping[str, Callable[[str], str | None]] = {
    CUT_OFF: lambda text: "" if text.startswith("<think>") and "</think>" not in text else None,
    "reasoning": _after_reasoning,
}
#: Kind of wrapper -> what is inside, or None if the text has no such wrapper.
WRAPPERS: Mapping[str, Callable[[str], str | None]] = {
    **REASONING,
    "code fence": _group(_FENCE, 1),
    "JSON": _in_json,
    "quotes": lambda text: text[1:-1] if _QUOTES.fullmatch(text) else None,
    "asterisks": _group(_ASTERISKS, 2),
    "label": _group(_LABEL, "rest"),
}


def wrapper_of(text: str) -> str | None:
    """The kind of the outermost wrapper; None if there is none.

    >>> wrapper_of('Title: "Rain, Again"'), wrapper_of("Review: The Wire")
    ('label', None)
    """
    return _outermost(text.strip(), WRAPPERS.items())[0]


def unwrap(text: str, wrappers: Mapping[str, Callable[[str], str | None]] = WRAPPERS) -> str:
    """What is left without wrappers; an answer that has none comes back unchanged.

    >>> unwrap('<think>Short.</think>Here is a headline: "Rain, Again"'), unwrap("<think>Let me")
    ('Rain, Again', '')
    """
    for _ in range(MOST):
        kind, inside = _outermost(text.strip(), wrappers.items())
        if kind is None:
            break
        text = inside.strip()
    return text


def _outermost(text: str, wrappers: Iterable[tuple[str, Callable[[str], str | None]]]) -> tuple[str | None, str]:
    found = ((kind, inside(text)) for kind, inside in wrappers)
    return next(((kind, inside) for kind, inside in found if inside is not None), (None, text))
