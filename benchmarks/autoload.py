"""What `lamp-dataset autoload on` adds to the start of every Python of an environment.

    python benchmarks/autoload.py
    python benchmarks/autoload.py --runs 50

Claim: at most 2 ms of processor time. Two new environments differ in the file alone. Each pair of runs starts
`python -c pass` in both of them, in turns first; the median of the differences of the pairs is the cost. Reported too:
the same for a Python that imports a hundred modules of the standard library, which our finder is asked about.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from lamp_dataset.commands.autoload import LINE, NAME

LIMIT_MS = 2.0
PROGRAMS = {
    "python -c pass": "pass",
    "with a hundred imports": "import asyncio, concurrent.futures, email.mime.text, http.server, unittest.mock",
}


def make_environment(folder: Path, line: str | None) -> Path:
    """A new environment; returns its Python."""
    venv.create(folder, with_pip=False, symlinks=True)
    if line is not None:
        (packages,) = (folder / "lib").glob("python*/site-packages")
        (packages / NAME).write_text(line)
    return folder / "bin" / "python"


def milliseconds(python: Path, code: str) -> float:
    """The processor time of one run: unlike the time on the clock, it does not depend on what else is running."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([python, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def differences(without: Path, with_file: Path, code: str, runs: int) -> list[float]:
    """How much longer each run with the file took than its partner without."""
    found = []
    for run in range(runs):
        order = (without, with_file) if run % 2 else (with_file, without)
        times = {python: milliseconds(python, code) for python in order}
        found.append(times[with_file] - times[without])
    return found


def main() -> int:
    """Measure, and compare with the claim."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300, help="pairs of runs (300)")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        without, with_file = (make_environment(Path(folder, name), line) for name, line in (("a", None), ("b", LINE)))
        costs = []
        for name, code in PROGRAMS.items():
            found = differences(without, with_file, code, runs)
            low, middle, high = statistics.quantiles(found, n=4)
            costs.append(middle)
            print(f"{name}: {middle:+.2f} ms (quartiles {low:+.2f} and {high:+.2f}), {runs} pairs")
    print(f"at most {LIMIT_MS:g} ms: {'yes' if costs[0] <= LIMIT_MS else 'no'}")
    return 0 if costs[0] <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
