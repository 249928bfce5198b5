"""Runs code in a process of its own, and follows the console blocks of a document as a reader would."""

import importlib
import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

from click.testing import CliRunner

#: Our commands run in this process: each saves the second or two that its imports take.
COMMANDS = {"lamp-dataset": "lamp_dataset", "lamp-metric": "lamp_metric", "avocado-builder": "avocado_builder"}


def python(code, *arguments, cwd=None, **environment):
    """The ended process of ``python -c code arguments``, with more variables."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True)


def printed_by(code, *arguments, **how):
    """The lines that it prints, when all goes well. See :func:`python`."""
    done = python(code, *arguments, **how)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def follow(block, place="console block"):
    """Run each line with a `$` in the working directory; what the block shows as output must come.

    ``place`` is the block's file and line, for messages. In the output, ``…`` is anything, a line of its own too.
    """
    for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *expected = step.rstrip().splitlines()
        status, printed = _run(shlex.split(command, comments=True))
        assert status == 0, f"{place}: {command}\n{printed}"
        for line in expected:
            pattern = re.compile(re.escape(line.rstrip()).replace("…", ".*"))
            shown = any(pattern.fullmatch(text.rstrip()) for text in printed.splitlines())
            assert line == "…" or shown, f"{place}: {command} does not print {line!r} but\n{printed}"


def _run(words):
    """Exit status and output of a command."""
    if words[0] in COMMANDS:
        main = importlib.import_module(f"{COMMANDS[words[0]]}.__main__").main
        done = CliRunner().invoke(main, words[1:], prog_name=words[0])
        return done.exit_code, f"{done.output}{done.exception or ''}"
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr
