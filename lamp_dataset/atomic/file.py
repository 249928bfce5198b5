"""A file that appears whole or not at all. Standard library only."""

from __future__ import annotations

import io
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from lamp_dataset.atomic.lock import is_named, lock, lock_file, release

#: Permissions of a new file where the caller names none, before the umask.
_NEW = 0o644
#: Permissions of files that only their owner may read, such as texts under a signed license.
PRIVATE = 0o600


@contextmanager
def write_whole(path: str | os.PathLike, mode: str = "w", permissions: int | None = None) -> Iterator[IO]:
    """Open a file for writing. It gets its name only when the block ends without an error, complete and on disk.

    Until then it lies next to the target under a temporary name; if the block fails, it is removed, and if the run is
    killed, the next one that writes the same file removes it. A link is followed: the file it points to is replaced,
    the link stays. What exists and is not a regular file, such as ``/dev/null``, ``/dev/stdout`` or a named pipe, is
    written directly and never replaced.

    Args:
        path: the target; its folder must exist.
        mode: ``"w"`` (UTF-8, no newline translation) or ``"wb"``.
        permissions: of the file, before the process's umask, also where an older file had others. Without it an older
            file's permissions are kept, and a new file gets 0644.

    Raises:
        OSError: the folder is missing, not writable or full; the message names the file.
    """
    path = Path(path)
    existing = _status(path)
    if existing and stat.S_ISDIR(existing.st_mode):
        raise IsADirectoryError(f"{path}: expected the name of a file to write, found a folder")
    stream = existing and _standard_stream(existing)
    if stream or (existing and not stat.S_ISREG(existing.st_mode)):
        with _opened(_open_through(path, stream), mode, path) as file:
            yield file
        return
    target = real_path(path)
    if not target.parent.exists():
        raise FileNotFoundError(f"{path}: the folder {target.parent} does not exist; create it first")
    descriptor, temporary = _temporary(target, path)
    try:
        with _opened(os.dup(descriptor), mode, path) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _set_permissions(temporary, permissions, existing)
        os.replace(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    finally:
        os.close(descriptor)


def real_path(path: str | os.PathLike) -> Path:
    """The absolute path with all links followed, whether or not anything is there.

    FileNotFoundError if the path is relative and the working directory was deleted.
    """
    try:
        return Path(os.path.realpath(path))
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: the working directory no longer exists; change to another one") from None


def check_not_input(output: str | os.PathLike, inputs: Iterable[str | os.PathLike]) -> None:
    """ValueError for an output that would overwrite an input: the same file, also by another name or through links.

    What is not a regular file, such as a terminal, may be both.
    """
    target = real_path(output)
    if not target.is_file():
        return
    for path in inputs:
        if real_path(path) == target or (os.path.exists(path) and os.path.samefile(path, target)):
            raise ValueError(f"{output}: is also an input of this command; choose another file for the output")


def _status(path: Path) -> os.stat_result | None:
    """What is there, behind links; None if nothing is."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _standard_stream(status: os.stat_result) -> int | None:
    """1 or 2 where this is the process's own standard output or error, also where they go into a regular file."""
    for descriptor in (1, 2):
        with suppress(OSError):  # closed
            if os.path.samestat(status, os.fstat(descriptor)):
                return descriptor
    return None


def _open_through(path: Path, stream: int | None) -> int:
    """A descriptor to write into what is there. Standard output is not opened again: that would empty a log file."""
    if stream is None:
        return os.open(path, os.O_WRONLY | getattr(os, "O_BINARY", 0))
    for file in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed, or there is none
            file.flush()
    return os.dup(stream)


def _temporary(target: Path, path: Path) -> tuple[int, str]:
    """A new locked file next to the target, once what killed runs left there is gone."""
    _remove_left_overs(target)
    while True:
        temporary = str(target.with_name(f".{target.name[:40]}.{secrets.token_hex(8)}.lamp-part"))
        with naming(path):
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        if _is_locked(descriptor, temporary):
            return descriptor, temporary
        os.close(descriptor)


def _is_locked(descriptor: int, temporary: str) -> bool:
    """Whether a new file is ours now; before, another run may have taken it for left behind."""
    try:
        lock(descriptor)
    except BlockingIOError:
        return False
    except OSError:  # the file system has no locks, so nobody removes the file
        return True
    return is_named(descriptor, temporary)


def _remove_left_overs(target: Path) -> None:
    pattern = re.compile(rf"\.{re.escape(target.name[:40])}\.[0-9a-f]{{16}}\.lamp-part")
    with suppress(OSError):
        for name in filter(pattern.fullmatch, os.listdir(target.parent)):
            with suppress(OSError):  # its run is at work, or it belongs to another user
                descriptor = lock_file(target.parent / name)
                try:
                    os.unlink(target.parent / name)
                finally:
                    release(descriptor)


@contextmanager
def naming(path: str | os.PathLike) -> Iterator[None]:
    """An error of the system names ``path``: those of hidden files would name these, which mean nothing to the user."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


class _NamedFile(io.FileIO):
    """A file opened by descriptor whose errors name it: the system's "No space left on device" does not."""

    def __init__(self, descriptor: int, path: Path) -> None:
        super().__init__(descriptor, "wb")
        self._path = path

    def write(self, data: bytes) -> int | None:
        try:
            return super().write(data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from error


def _opened(descriptor: int, mode: str, path: Path) -> IO:
    file = io.BufferedWriter(_NamedFile(descriptor, path))
    return file if "b" in mode else io.TextIOWrapper(file, encoding="utf-8", newline="")


def _set_permissions(temporary: str, permissions: int | None, existing: os.stat_result | None) -> None:
    if permissions is None and existing is not None:
        if hasattr(os, "chown"):
            with suppress(OSError):  # only root may give a file away
                os.chown(temporary, existing.st_uid, existing.st_gid)
        os.chmod(temporary, stat.S_IMODE(existing.st_mode))
    else:
        os.chmod(temporary, (_NEW if permissions is None else permissions) & ~_umask())


def _umask() -> int:
    """The process's umask. It can only be read by setting it; the strictest value applies for that moment."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
