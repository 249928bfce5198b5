"""Processes without the second or two that imports take: forks of one process that has done them.

Run as a program, this file is that process. It imports the modules that its arguments name, then reads lines of JSON:
a run to start, answered with the process's id, or an id to wait for, answered with the exit status.
"""

import gc
import importlib
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path


class ForkServer:
    """Starts processes that have imported ``modules``; ``folder`` takes what they read and print.

    What a library reads at its import, it reads from ``environment``: the home of the Hugging Face libraries, say.
    """

    def __init__(self, folder, modules, environment=None):
        self._folder, self._numbers = Path(folder), itertools.count()
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, __file__, *modules]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(command, env=environment, text=True, **pipes)

    def run(self, code, *arguments, **how):
        """The ended process of ``python -c code arguments``, with what it printed. See :meth:`start`."""
        return self.start(code, *arguments, **how).ended()

    def start(self, code, *arguments, text="", cwd=None, environment=None):
        """A process that reads ``text``, in the folder ``cwd``, with more variables."""
        files = str(self._folder / str(next(self._numbers)))
        Path(f"{files}.0").write_text(text, encoding="utf-8")
        given = {"code": code, "arguments": [*map(str, arguments)], "files": files, "cwd": str(cwd or self._folder)}
        return Fork(self, self.ask({**given, "environment": environment or {}}), files)

    def ask(self, request):
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


@dataclass
class Fork:
    """A process of a :class:`ForkServer`."""

    server: ForkServer
    pid: int
    files: str

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)

    def ended(self):
        """Wait for its end."""
        status = self.server.ask(self.pid)
        printed = [Path(f"{self.files}.{number}").read_text(encoding="utf-8") for number in (1, 2)]
        return subprocess.CompletedProcess(self.pid, status, *printed)


def _start(code, arguments, files, cwd, environment):
    if child := os.fork():
        return child
    for number, flags in enumerate([os.O_RDONLY, *[os.O_CREAT | os.O_WRONLY | os.O_TRUNC] * 2]):
        os.dup2(os.open(f"{files}.{number}", flags), number)
    sys.stdin, sys.argv, sys.path[:2] = io.TextIOWrapper(io.FileIO(0), "utf-8"), ["-c", *arguments], [""]
    os.chdir(cwd)
    os.environ.update(environment)
    try:
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        status = _status(end.code)
    except BaseException:
        traceback.print_exc()
        status = 1
    else:
        status = 0
    sys.stdout.flush()
    sys.stderr.flush()
    # without the tenths of a second in which Python takes itself apart
    os._exit(status)


def _status(code):
    """The exit status, as Python makes it of what ``sys.exit`` is given."""
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    return code if isinstance(code, int) else int(code is not None)


def _serve():
    gc.freeze()  # the forks share the pages of these objects as long as nobody touches them
    for line in sys.stdin:
        request = json.loads(line)
        ended = isinstance(request, int)
        answer = os.waitstatus_to_exitcode(os.waitpid(request, 0)[1]) if ended else _start(**request)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    # as for pytest itself: the folders of tests beside this file have the packages' names
    sys.path.insert(0, os.getcwd())
    for module in sys.argv[1:]:
        importlib.import_module(module)
    _serve()
