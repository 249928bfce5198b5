"""Hidden files and folders beside a target, and locks on them: the system releases these when the process ends.

By name and lock, the next run distinguishes what a killed run left behind from what another run is working on.
"""

import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Errors of a full disk; Python's files do not name themselves in these.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def hidden_path(parent: Path, name: str, kind: str) -> Path:
    """A new name in ``parent`` for what becomes ``name``: ``.NAME.TOKEN.KIND``."""
    return parent / f".{name}.{secrets.token_hex(8)}.{kind}"


def hidden_paths(parent: Path, name: str, kind: str) -> list[Path]:
    """Everything with such a name, whether its run is alive or dead."""
    pattern = re.compile(rf"\.{re.escape(name)}\.[0-9a-f]{{16}}\.{kind}")
    return [parent / found for found in sorted(os.listdir(parent)) if pattern.fullmatch(found)]


def lock_file(path: Path, *, optional: bool = False, permissions: int = 0o600) -> int:
    """Open and lock a file, which is created if it is missing; its descriptor, for :func:`release`.

    A link is not followed, and a file that another run removes meanwhile is made again. BlockingIOError if another run
    holds the lock; OSError if the file cannot be opened, or the file system has no locks and ``optional`` is not set.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, permissions)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException as error:
            if optional and isinstance(error, OSError) and not isinstance(error, BlockingIOError):
                return descriptor
            os.close(descriptor)
            raise
        with suppress(FileNotFoundError):  # another run removed the file before it was locked
            if os.path.samestat(os.lstat(path), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)


def release(descriptor: int) -> None:
    """Give up the lock, also where a child process has inherited it, and close the file."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


@contextmanager
def naming(path: str | os.PathLike) -> Iterator[None]:
    """Make errors of the system name ``path`` in place of a hidden file, which would mean nothing to the user."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
