"""Reading a pushed commit as its users will: in a fresh process, with fresh caches and plain ``datasets``.

In the process that pushed, or on its cache, a check would prove nothing: there the rows are already.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lamp_dataset.hub.plan import Config
from lamp_dataset.hub.remote import Remote, environment


def check_readable(remote: Remote, commit: str, configs: Iterable[Config], folder: Path) -> None:
    """Load the first row of each split at ``commit`` and compare it with the source's.

    Args:
        remote: the repository.
        commit: oid of the commit.
        configs: what was pushed.
        folder: for the caches of the other process.

    Raises:
        ValueError: a row came back different; the message names it.
        ConnectionError: the commit cannot be loaded.
    """
    expected = {
        config.name: {name: _first(split.source) for name, split in config.splits.items()} for config in configs
    }
    wanted = json.dumps({"repo_id": remote.repo_id, "revision": commit, "configs": list(expected)})
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "lamp_dataset.hub.readback"],
        input=wanted,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment(remote.token, folder) | {"PYTHONIOENCODING": "utf-8"},
        # load_dataset takes a folder of that name before the Hub, and Python a module; here are none
        cwd=folder,
    )
    if done.returncode:
        last = remote.clean((done.stderr.strip() or "no message").splitlines()[-1])
        raise ConnectionError(f"{remote.repo_id}: commit {commit} is there, but reading it back failed: {last}")
    found = json.loads(done.stdout)
    for config, rows in expected.items():
        if found[config] != rows:
            wrong = next((split for split in rows if found[config].get(split) != rows[split]), "one split more")
            raise ValueError(
                f"{remote.repo_id}: {config}, {wrong}: commit {commit} begins with another row than was sent"
            )


def _first(rows: Iterable[Any]) -> Any:
    return next(iter(rows), None)


def _read(repo_id: str, revision: str, configs: list[str]) -> dict[str, dict[str, Any]]:
    from datasets import load_dataset

    loaded = {name: load_dataset(repo_id, name, revision=revision, streaming=True) for name in configs}
    return {name: {split: _first(rows) for split, rows in splits.items()} for name, splits in loaded.items()}


if __name__ == "__main__":
    json.dump(_read(**json.load(sys.stdin)), sys.stdout)
    sys.stdout.flush()
    # threads of a stream that was read in part can abort the interpreter's own end ("terminate called ...")
    os._exit(0)
