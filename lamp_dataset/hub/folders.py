"""A folder that appears whole or not at all, also when the process is killed."""

from __future__ import annotations

import ctypes
import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock


@contextmanager
def work_folder(parent: Path, name: str) -> Iterator[Path]:
    """A new hidden folder in ``parent`` that is gone when the block ends.

    What a killed run left there under the same ``name`` is removed first; a run that is still at work is let alone.

    Raises:
        OSError: ``parent`` cannot be made or written.
    """
    parent.mkdir(parents=True, exist_ok=True)
    _remove_dead(parent, name)
    folder = parent / f".{name}.{secrets.token_hex(4)}.part"
    lock = FileLock(folder.with_suffix(".lock"))
    try:
        with lock:
            folder.mkdir(mode=0o700)
            yield folder
    finally:
        _remove(folder)


def _remove_dead(parent: Path, name: str) -> None:
    for path in parent.glob(f".{glob.escape(name)}.*.lock"):
        with suppress(OSError), FileLock(path, timeout=0):  # its run is alive, or it is somebody else's
            _remove(path.with_suffix(".part"))


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    # a child of a killed run may still write there: the lock file stays then, and with it the folder's turn next time
    if not folder.exists():
        folder.with_suffix(".lock").unlink(missing_ok=True)


def put_in_place(new: Path, target: Path) -> None:
    """Make the folder ``new`` the folder ``target``; what stood there goes to ``new``'s place or beside it.

    One step where the system can swap two folders (Linux), so that no moment is without a whole folder; elsewhere two
    renames, between which a killed process leaves the old folder beside ``new``.
    """
    if not target.exists() or not any(target.iterdir()):
        if target.exists():
            target.rmdir()
        os.rename(new, target)
    elif not _swap(new, target):
        os.rename(target, new.with_name("old"))
        os.rename(new, target)


_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux's renameat2(2)


def _swap(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system or the file system cannot."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None
    return rename is not None and rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0
