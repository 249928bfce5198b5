"""Docstrings as Markdown: examples become code blocks, and Sphinx roles become links where the site has the target.

The docstrings name code by roles such as ``:func:`` and a dotted name. A name that does not exist fails the build.
"""

from __future__ import annotations

import importlib
import re
from functools import cache
from typing import Any

import griffe

ROLE = re.compile(r":(?:func|class|meth|data|mod|attr):`(~?)([\w.]+)`")
EXAMPLE = re.compile(r"^>>> (?:.+\n?)+", re.MULTILINE)


class Markdown(griffe.Extension):
    """Rewrites each docstring as it is read; for an attribute, the comment ``#: …`` above it is the docstring."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **_: Any) -> None:
        """Called for each attribute, before ``on_instance``."""
        if attr.docstring is None and attr.lineno and attr.filepath.suffix == ".py":
            comment = _comment_above(attr.lineno, tuple(attr.filepath.read_text(encoding="utf-8").splitlines()))
            attr.docstring = griffe.Docstring(comment, parent=attr) if comment else None

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for each module, class, function and attribute."""
        if obj.docstring is not None:
            scope = [obj.path, *([obj.parent.path] if obj.parent else []), obj.module.path]
            text = ROLE.sub(lambda match: _link(match, scope), obj.docstring.value)
            obj.docstring.value = EXAMPLE.sub(lambda match: f"```pycon\n{match[0].rstrip()}\n```\n", text)


def _comment_above(line: int, source: tuple[str, ...]) -> str:
    above = source[: line - 1]
    start = len(above)
    while start and above[start - 1].lstrip().startswith("#:"):
        start -= 1
    return "\n".join(text.strip().removeprefix("#:").strip() for text in above[start:])


def _link(match: re.Match, scope: list[str]) -> str:
    """A link if the site has a section on the target, else the name alone."""
    short, name = match.groups()
    target = next((path for path in (*(f"{place}.{name}" for place in scope), name) if _exists(path)), None)
    if target is None:
        raise LookupError(f"{scope[0]}: the docstring names {name}, which does not exist")
    shown = name.rpartition(".")[2] if short else name
    return f'<autoref identifier="{target}" optional><code>{shown}</code></autoref>'


@cache
def _exists(path: str) -> bool:
    parts = path.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        try:
            for part in parts[cut:]:
                found = getattr(found, part)
        except AttributeError:
            return False
        return True
    return False
