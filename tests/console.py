"""Follows the console blocks of a document, as a reader would."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path


def follow(block, place="console block"):
    """Run each line with a `$` in the working directory; what the block shows as output must come.

    ``place`` is the block's file and line, for messages. In the output, ``…`` is anything, a line of its own too.
    """
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *expected = step.rstrip().splitlines()
        result = subprocess.run(shlex.split(command, comments=True), env=environment, capture_output=True, text=True)
        assert result.returncode == 0, f"{place}: {command}\n{result.stderr}"
        printed = (result.stdout + result.stderr).splitlines()
        for line in expected:
            pattern = re.compile(re.escape(line.rstrip()).replace("…", ".*"))
            shown = any(pattern.fullmatch(text.rstrip()) for text in printed)
            assert line == "…" or shown, (
                f"{place}: {command} does not print {line!r} but\n{result.stdout}{result.stderr}"
            )
