"""A folder that appears whole or not at all, also when the process is killed.

A run works in a hidden folder next to its target, ``.NAME.TOKEN.lamp-work``, with its lock inside. The system releases
the lock when the process ends, however that happens. So the next run removes what a killed run left behind, and does
not touch the folder of a run that is still working.
"""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lamp_dataset.atomic.file import (
    FULL,
    check_replaceable,
    hidden_path,
    hidden_paths,
    lock_file,
    naming,
    real_path,
    release,
)

log = logging.getLogger(__name__)

#: In a work folder: the lock of its run, and the mark by which the next run recognizes the folder as ours.
_LOCK = "lamp-lock"
_NEW, _OLD = "new", "old"


@contextmanager
def whole_folder(
    target: str | os.PathLike,
    may_replace: Callable[[Path], object] = check_replaceable,
    permissions: int = 0o777,
) -> Iterator[Path]:
    """A new, empty folder that gets the name ``target`` when the block ends without an error.

    A folder that was there before is moved away just before. If the run is killed between these two renames, the next
    run with this target puts the old folder back. Only one run at a time makes a folder.

    Args:
        target: the folder to create; its parent must exist. A link is followed.
        may_replace: called with ``target`` if something is there, at the start and again before it is replaced; raises
            if it must not be replaced. By default, only an empty folder may be.
        permissions: of the folder, before the process's umask.

    Raises:
        BlockingIOError: another run is making the same folder.
        OSError: the parent is missing, not writable or full; the message names ``target`` or what it would contain.
    """
    target = real_path(target)
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"{target.parent}: the folder to create {target.name} in does not exist; create it first"
        )
    with one_run(target), work_folder(target.parent, target.name) as work:
        if os.path.lexists(target):
            may_replace(target)
        new = work / _NEW
        new.mkdir(permissions)
        with _shown_as(new, target):
            yield new
        if os.path.lexists(target):
            may_replace(target)
        _put_in_place(new, target, work / _OLD)


@contextmanager
def _shown_as(new: Path, target: Path) -> Iterator[None]:
    """Make errors about what is in ``new`` name the place where it would have been."""
    try:
        yield
    except OSError as error:
        name = str(error.filename or (new if error.errno in FULL else ""))
        if name == str(new) or name.startswith(f"{new}{os.sep}"):
            error.filename = str(target) + name[len(str(new)) :]
        raise


@contextmanager
def work_folder(parent: Path, name: str) -> Iterator[Path]:
    """A new hidden folder in ``parent``, for its owner only, that is removed when the block ends.

    What a killed run with the same ``name`` left there is removed first, with a warning. Folders of runs that are still
    at work, and any that are not work folders of ours, stay. OSError if ``parent`` cannot be created or written.
    """
    parent.mkdir(parents=True, exist_ok=True)
    _remove_left_overs(parent, name)
    folder, lock = _make(parent, name)
    try:
        yield folder
    finally:
        _remove(folder, lock)


def _make(parent: Path, name: str) -> tuple[Path, int]:
    while True:
        folder = hidden_path(parent, name, "lamp-work")
        with naming(parent / name):
            folder.mkdir(0o700)
            try:
                return folder, lock_file(folder / _LOCK)
            except (BlockingIOError, FileNotFoundError):
                continue  # before it was locked, another run took the folder for left behind and removed it
            except OSError:
                shutil.rmtree(folder, ignore_errors=True)
                raise


def _remove_left_overs(parent: Path, name: str) -> None:
    for folder in hidden_paths(parent, name, "lamp-work"):
        if folder.is_symlink() or not folder.is_dir():
            continue
        if not os.path.isfile(folder / _LOCK):  # a run killed before it had the lock; or not ours
            with suppress(OSError):
                folder.rmdir()  # only if it is empty
            continue
        try:
            lock = lock_file(folder / _LOCK)
        except OSError:  # its run is at work, or it belongs to another user
            continue
        try:
            between = (folder / _OLD).exists() and (folder / _NEW).exists()  # the two renames
            if between and not os.path.lexists(parent / name):
                log.warning("%s: put back after a killed run had moved it away", parent / name)
                (folder / _OLD).rename(parent / name)
        finally:
            _remove(folder, lock)
        log.warning("%s: left behind by a killed run, %s", folder, "still in use" if folder.exists() else "removed")


def _remove(folder: Path, lock: int) -> None:
    """Remove a work folder whose lock this run holds, and release the lock.

    A child of a killed run may still write there. Then the folder stays with its mark, and the next run tries again.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()
        (folder / _LOCK).unlink()
        folder.rmdir()
    release(lock)


@contextmanager
def one_run(target: str | os.PathLike) -> Iterator[None]:
    """Hold the lock of ``target``, a file or folder that need not exist: one run at a time makes it.

    Raises:
        BlockingIOError: another run holds the lock.
        OSError: the folder to make it in does not exist.
    """
    target = real_path(target)
    path = target.parent / f".{target.name}.lamp-lock"
    try:
        with naming(target):
            lock = lock_file(path)
    except BlockingIOError:
        raise BlockingIOError(f"{target}: another run is writing it; wait for it to end") from None
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        release(lock)


def _put_in_place(new: Path, target: Path, old: Path) -> None:
    """Give ``new`` the name of ``target``; what was there is called ``old`` then."""
    for folder, _, _ in os.walk(new):
        _sync(folder)
    try:
        if os.path.lexists(target):
            target.rename(old)
        new.rename(target)
    except BaseException:  # an interrupt, too: what is still in the work folder will be removed
        if os.path.lexists(old) and not os.path.lexists(target):
            old.rename(target)
        raise
    _sync(target.parent)


def _sync(folder: str | Path) -> None:
    """Force the names in a folder to disk, where the system can."""
    with suppress(OSError):  # some network file systems refuse to sync a folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
