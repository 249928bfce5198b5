"""The code blocks of the documents: found with file and line, and run as a reader would run them.

What a block is, the HTML comment before its fence says:

* nothing: it runs by itself, in an empty folder, after the page's setup block if there is one;
* ``<!-- setup -->``: the page's shared setup, which runs before every other block of the page;
* ``<!-- goes on -->``: the block before it runs first, in the same folder and with the same names;
* ``<!-- not run: REASON -->``: it is shown and does not run.

In a Python block, a comment behind an expression, on its line or alone on the next, is the value that it must have; in
a console block, what follows a command is what it must print. ``…`` is anything.
"""

import ast
import os
import re
import textwrap
import tokenize
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from console import follow

ROOT = Path(__file__).parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "lamp_metric/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
#: Languages that run, and languages that are only shown.
RUN, SHOWN = ("python", "console"), ("text", "json", "bibtex", "yaml", "pycon")

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[^\s`]*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
_MARK = re.compile(r"<!-- (?P<kind>setup|goes on|not run)(?:: (?P<reason>[^>]+))? -->\s*\Z")


@dataclass(frozen=True)
class Block:
    """A fenced block. ``line`` is that of its first line of code; ``kind`` is "" or what its comment says."""

    path: Path
    line: int
    language: str
    text: str
    kind: str
    reason: str | None

    def __str__(self):
        return f"{os.path.relpath(self.path, ROOT)}:{self.line}"


def blocks_of(path):
    """The fenced blocks of a document, in order."""
    document = path.read_text(encoding="utf-8")
    found = []
    for fence in _FENCE.finditer(document):
        mark = _MARK.search(document[: fence.start()])
        line = document.count("\n", 0, fence.start("text")) + 1
        text = textwrap.dedent(fence["text"])
        kind, reason = (mark["kind"], mark["reason"]) if mark else ("", None)
        found.append(Block(path, line, fence["language"], text, kind, reason))
    return found


def steps_to(block):
    """The blocks that run for ``block``: the page's setup, those it goes on from, and itself."""
    page = [other for other in blocks_of(block.path) if other.language in RUN]
    chain = [block]
    while chain[0].kind == "goes on":
        chain.insert(0, page[page.index(chain[0]) - 1])
    return [other for other in page if other.kind == "setup" and other not in chain] + chain


def run(block):
    """Run a block in the working directory, with what must come before it."""
    names = {"__name__": "__main__"}
    for step in steps_to(block):
        if step.language == "python":
            run_python(step, names)
        else:
            follow(step.text, str(step))


def run_python(block, names):
    """Statement by statement; a traceback names the document and its line."""
    comments = _comments(block.text)
    for statement in ast.parse(block.text).body:
        ast.increment_lineno(statement, block.line - 1)
        if not isinstance(statement, ast.Expr):
            exec(compile(ast.Module([statement], []), block.path, "exec"), names)
            continue
        value = eval(compile(ast.Expression(statement.value), block.path, "eval"), names)
        line = statement.end_lineno - block.line + 1
        wanted = comments.get((line, True)) or comments.get((line + 1, False))
        if wanted is not None and value is not None:
            shows = re.fullmatch(re.escape(wanted).replace("…", ".*"), repr(value), re.S)
            assert shows, f"{block.path}:{statement.end_lineno}: shown is {wanted}\nfound is {value!r}"


def _comments(text):
    """(line, whether code stands before it) -> comment."""
    tokens = tokenize.generate_tokens(StringIO(text).readline)
    return {
        (token.start[0], bool(token.line[: token.start[1]].strip())): token.string.lstrip("# ")
        for token in tokens
        if token.type == tokenize.COMMENT
    }
