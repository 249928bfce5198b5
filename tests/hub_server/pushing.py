"""What processes that push import; they read back in a fork, too, of a process with a home of its own.

The real way to read back, a new interpreter, is left to the pushes that are typed (``Client.typed``).
"""

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

from forks import ForkServer

import lamp_dataset.__main__
import lamp_dataset.commands.hub
import lamp_dataset.hub.push
import lamp_dataset.lamp  # noqa: F401
from hub_server import READING
from lamp_dataset.hub import readback

_folder = Path(os.environ["LOOPBACK_GUARD"], "reading-back")
_home = _folder / "home"
_reader = ForkServer(_folder, [*READING, "lamp_dataset.hub.remote"], readback.environment("", _home))


def _read_back(command, *, input, env, cwd, **_):
    shutil.rmtree(_home, ignore_errors=True)
    code = f"import runpy; runpy.run_module({command[-1]!r}, run_name='__main__')"
    return _reader.run(code, text=input, cwd=cwd, environment={"HF_TOKEN": env["HF_TOKEN"]})


readback.subprocess = SimpleNamespace(run=_read_back, TimeoutExpired=subprocess.TimeoutExpired)
