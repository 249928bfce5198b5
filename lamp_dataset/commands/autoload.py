"""``lamp-dataset autoload``: the names for tools in which one cannot add an import.

Python runs the lines of a ``.pth`` file in its folder of packages that begin with ``import``, as the site module
documents. Ours waits for ``datasets`` and ``evaluate``: while they are loaded, it imports the package that teaches them
its name.
"""

from __future__ import annotations

import os
import re
import site
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import click

from lamp_dataset import __version__
from lamp_dataset.atomic import write_whole
from lamp_dataset.commands.command import Command, examples, say


@click.command(
    cls=Command,
    epilog=examples("lamp-dataset autoload on", "lamp-dataset autoload status", "lamp-dataset autoload off"),
)
@click.argument("action", type=click.Choice(["on", "off", "status"]))
@click.option("--system", is_flag=True, help="With on: also allow a Python outside virtual and conda environments.")
def autoload(action: str, system: bool) -> None:
    """Let load_dataset("lamp") and evaluate.load("lamp_metric") work in this environment without an import.

    For tools that take only a name. It is off until you switch it on. The switch is a file in the environment's
    site-packages, which Python reads when it starts. Uninstalling leaves the file, which then does nothing.
    """
    if system and action != "on":
        raise ValueError(f"--system goes with on, not {action}")
    file = find_startup_file()
    if action == "on":
        file.write(system)
    elif action == "off":
        file.path.unlink(missing_ok=True)
    say(_status(find_startup_file()))


def _status(file: StartupFile) -> str:
    if file.version is None:
        return f"off: there is no {file.path}"
    if file.current:
        return f"on: {file.path}"
    return f"stale: {file.path} is of version {file.version}; lamp-dataset autoload on replaces it"


NAME = "lamp-hf-autoload.pth"

#: Runs at the start of every Python of the environment, also when the packages are gone: quick, and silent on errors.
#: The libraries are told by their first submodule: looking whether a library is installed only asks for itself.
_PROGRAM = """
try:
    import sys
    class LampAutoload:
        waiting = {"datasets": "lamp_dataset", "evaluate": "lamp_metric"}
        def find_spec(self, name, path=None, target=None):
            if path is not None and name.partition(".")[0] in self.waiting:
                try:
                    __import__(self.waiting.pop(name.partition(".")[0]))
                except Exception:
                    pass
    sys.meta_path.insert(0, LampAutoload())
except Exception:
    pass
"""
#: The end of the line: whose it is.
_MARK = "  # lamp-hf {}: lamp-dataset autoload"

LINE = f"import sys; exec({_PROGRAM!r}, {{}}){_MARK.format(__version__)}\n"


@dataclass(frozen=True)
class StartupFile:
    """The file of one environment.

    Attributes:
        path: where it is, or would be.
        version: of the package that wrote it; None if there is none.
        current: whether it is the one that this package writes.
    """

    path: Path
    version: str | None
    current: bool

    def write(self, system: bool = False) -> None:
        """Write it, or replace the one of another version.

        ValueError if this Python is no virtual or conda environment, and not ``system``, or if it does not read its own
        folder of packages.
        """
        if not (system or in_environment()):
            raise ValueError(
                f"{sys.prefix}: expected a virtual or conda environment, found a Python that others may use, "
                "too; pass --system to change it anyway"
            )
        folders = [os.path.realpath(folder) for folder in site.getsitepackages()]
        if os.path.realpath(self.path.parent) not in folders:
            raise ValueError(f"{self.path.parent}: expected a folder that Python reads when it starts: {folders}")
        with write_whole(self.path) as file:
            file.write(LINE)


def find_startup_file() -> StartupFile:
    """The file of the environment that this Python runs in. ValueError if something else wrote a file of that name."""
    path = Path(sysconfig.get_path("purelib"), NAME)
    if not os.path.lexists(path):
        return StartupFile(path, None, False)
    text = path.read_text(encoding="utf-8", errors="replace")
    mark = re.search(re.escape(_MARK).replace(r"\{\}", r"(\S+)") + r"\s*$", text)
    if mark is None:
        raise ValueError(f"{path}: expected a file that lamp-dataset autoload wrote, found another; move it away")
    return StartupFile(path, mark[1], text == LINE)


def in_environment() -> bool:
    """Whether this Python belongs to a virtual environment or to conda's."""
    conda = os.environ.get("CONDA_PREFIX")
    return (
        sys.prefix != sys.base_prefix
        or os.path.isdir(os.path.join(sys.prefix, "conda-meta"))
        or (conda is not None and os.path.realpath(conda) == os.path.realpath(sys.prefix))
    )
