"""Locks on open files: the system releases them when the process ends, however that happens. Standard library only."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def lock_file(path: Path, *, wait: bool = False) -> int:
    """Open and lock a file, which is created if it is missing; a link is not followed.

    Args:
        path: the file. Whoever removes it while holding the lock keeps others from locking what is gone.
        wait: for the end of a run that holds the lock.

    Returns:
        A descriptor, for :func:`release`.

    Raises:
        BlockingIOError: another run holds the lock.
        OSError: the file cannot be opened, or the file system has no locks.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            lock(descriptor, wait=wait)
        except BaseException:
            os.close(descriptor)
            raise
        if is_named(descriptor, path):
            return descriptor
        os.close(descriptor)


def lock(descriptor: int, *, wait: bool = False) -> None:
    """Lock an open file; errors as in :func:`lock_file`."""
    fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_named(descriptor: int, path: str | os.PathLike) -> bool:
    """Whether this open file still has this name: another run may have removed it before it was locked."""
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def release(descriptor: int) -> None:
    """Give up the lock, also where a child process has inherited it, and close the file."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)
