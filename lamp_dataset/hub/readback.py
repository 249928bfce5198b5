"""Reading a pushed commit as its users will: in a fresh process, with fresh caches and plain ``datasets``.

In the process that pushed, or with its caches, a check would prove nothing: the rows are already there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import lamp_dataset
from lamp_dataset.hub.errors import ContentError, FailedError
from lamp_dataset.hub.plan import Config
from lamp_dataset.hub.remote import Remote
from lamp_dataset.task import SPLITS

#: For the first row of one split, which brings its whole row group along.
SECONDS_PER_SPLIT = 120


def check_readable(remote: Remote, commit: str, configs: Iterable[Config], folder: Path) -> None:
    """Load the first row of each split at ``commit`` and compare it with the source's; ``folder`` is made, for caches.

    ContentError names a row that came back different; FailedError if the commit cannot be loaded.
    """
    expected = {
        config.name: {name: _first(split.source) for name, split in config.splits.items()} for config in configs
    }
    found = _read_elsewhere(remote, commit, expected, folder)
    for config, rows in expected.items():
        if found[config] != rows:
            wrong = next((split for split in rows if found[config].get(split) != rows[split]), "one split more")
            raise ContentError(
                f"{remote.repo_id}: {config}, {wrong}: commit {commit} begins with a different row than was sent"
            )


def _read_elsewhere(remote: Remote, commit: str, expected: Mapping[str, Mapping[str, Any]], folder: Path) -> Any:
    wanted = {"repo_id": remote.repo_id, "revision": commit, "configs": list(expected)}
    seconds = SECONDS_PER_SPLIT * sum(map(len, expected.values()))
    folder.mkdir()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "lamp_dataset.hub.readback"],
            input=json.dumps(wanted),
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment(remote.token, folder),
            # load_dataset prefers a folder of that name to the Hub, and Python a module; here are none
            cwd=folder,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise FailedError(_failed(remote, commit, f"it took more than {seconds} s")) from None
    try:
        if done.returncode == 0:
            return json.loads(done.stdout)
    except ValueError:
        pass  # something else printed, or nothing
    raise FailedError(_failed(remote, commit, (done.stderr.strip() or "no message").splitlines()[-1]))


def _failed(remote: Remote, commit: str, reason: str) -> str:
    return f"{remote.repo_id}: commit {commit} is there, but reading it back failed: {remote.clean(reason)}"


def environment(token: str, home: Path) -> dict[str, str]:
    """Environment of a process that reads from the Hub with a token and caches of its own.

    It finds the modules that this process finds, but not those of the working directory. With
    ``HF_UPDATE_DOWNLOAD_COUNTS=0``, ``load_dataset`` does not tell the repository's name to a public bucket.
    """
    of_user = re.compile(r"HF_.*CACHE|HF_ASSETS.*|HF_TOKEN.*|HUGGINGFACE_.*CACHE|HF_(HUB|DATASETS)_OFFLINE")
    kept = {name: value for name, value in os.environ.items() if not of_user.fullmatch(name)}
    here = str(Path(lamp_dataset.__file__).resolve().parents[1])
    modules = [path for path in sys.path if os.path.isabs(path)]
    ours = {
        "HF_TOKEN": token,
        "HF_HOME": str(home),
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": os.pathsep.join(dict.fromkeys([*modules, here])),
    }
    return kept | ours


def _first(rows: Iterable[Any]) -> Any:
    return next(iter(rows), None)


def _read(repo_id: str, revision: str, configs: list[str]) -> dict[str, dict[str, Any]]:
    from datasets import load_dataset

    # token=True: also where HF_HUB_DISABLE_IMPLICIT_TOKEN keeps it from being sent unasked
    loaded = {name: load_dataset(repo_id, name, revision=revision, streaming=True, token=True) for name in configs}
    return {
        # splits that somebody else added are theirs to check
        name: {split: _first(rows) for split, rows in splits.items() if split in SPLITS}
        for name, splits in loaded.items()
    }


if __name__ == "__main__":
    json.dump(_read(**json.load(sys.stdin)), sys.stdout)
    sys.stdout.flush()
    # threads of a stream that was read in part can abort the interpreter's own end ("terminate called ...")
    os._exit(0)
