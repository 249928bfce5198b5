"""Files that appear whole or not at all.

Standard library only: the metric and the mail builder use it without ``datasets``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def write_whole(path: str | os.PathLike, mode: str = "w", permissions: int = 0o644) -> Iterator[IO]:
    """Open a file to write that appears under its name only when the block ends well, complete and on disk.

    Until then it lies beside the target under a temporary name, which is removed when the block fails.

    Args:
        path: the target; its folder must exist.
        mode: ``"w"`` (UTF-8, no newline translation) or ``"wb"``.
        permissions: of the new file, before the process's umask.

    Raises:
        OSError: the folder is missing, not writable or full.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path}: expected the name of a file to write, found a folder")
    if not path.parent.exists():
        raise FileNotFoundError(f"{path}: the folder {path.parent} is not there; make it first")
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, mode, **text) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, permissions & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    """The process's umask. It can only be read by setting it; the strictest value stands for that moment."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
