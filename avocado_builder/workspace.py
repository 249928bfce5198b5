"""A folder that appears as a whole or not at all.

Everything is written into a sibling of the target, on the same disk, which then takes the target's name in one step.
A run that is killed leaves the target as it was and at worst the sibling, which the next run names and removes.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from avocado_builder.swap import exchange

log = logging.getLogger(__name__)

FOLDER_PERMISSIONS = 0o700


@contextmanager
def workspace(target: Path, may_replace: Callable[[Path], None]) -> Iterator[Path]:
    """A fresh, empty sibling folder of ``target``; it becomes ``target`` when the block ends well.

    Args:
        target: the folder to make; its parent must exist.
        may_replace: called with ``target`` where something is there, at the start and again before it is replaced;
            raises where that must not be.

    Raises:
        OSError: the parent is missing, not writable or full, or another run works on the same target.
    """
    target = target.resolve()
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{target.parent}: there is no such folder to put {target.name} into; create it first")
    with _lock(target):
        _remove_left_overs(target)
        if os.path.lexists(target):
            may_replace(target)
        work = target.parent / f".{target.name}.building-{os.getpid()}"
        work.mkdir(FOLDER_PERMISSIONS)
        try:
            yield work
            if os.path.lexists(target):
                may_replace(target)
            _publish(work, target)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _publish(work: Path, target: Path) -> None:
    """Give ``work`` the name of ``target``; what was there before is removed afterwards."""
    sync(work)
    if not os.path.lexists(target):
        work.rename(target)
    elif not exchange(work, target):
        # No exchange on this file system: for a moment nothing has the target's name. A run killed there leaves both
        # folders, and the next one puts the old one back.
        old = target.parent / f".{target.name}.old-{os.getpid()}"
        target.rename(old)
        try:
            work.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old)
    sync(target.parent)


def sync(folder: Path) -> None:
    """Force the names in a folder to disk, where the file system can."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems refuse it
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_left_overs(target: Path) -> None:
    for old in _siblings(target, "old"):
        if not os.path.lexists(target):
            log.warning("%s: put back, a killed run had moved it out of the way", target)
            old.rename(target)
        else:
            _remove(old)
    for left_over in _siblings(target, "building"):
        _remove(left_over)


def _siblings(target: Path, kind: str) -> list[Path]:
    pattern = re.compile(re.escape(f".{target.name}.{kind}-") + "[0-9]+")
    return sorted(path for path in target.parent.iterdir() if pattern.fullmatch(path.name) and path.is_dir())


def _remove(folder: Path) -> None:
    log.warning("%s: left over by a killed run, removed", folder)
    shutil.rmtree(folder)


@contextmanager
def _lock(target: Path) -> Iterator[None]:
    """Hold the lock of ``target``; the system lets go of it when the process ends, however that happens."""
    try:
        import fcntl  # late: the one thing here that not every system has
    except ImportError:
        raise OSError("building needs the file locks of Linux or macOS; on Windows, use WSL") from None
    path = target.parent / f".{target.name}.lock"
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _still_there(path, descriptor):
                break
        except BlockingIOError:
            os.close(descriptor)
            raise BlockingIOError(f"{target}: another run is building it; wait for it to end") from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            path.unlink()
        os.close(descriptor)


def _still_there(path: Path, descriptor: int) -> bool:
    """Whether the file just locked still has its name: the run before may have removed it in between."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError as error:
        if error.errno == errno.ENOENT:
            return False
        raise
