"""A file that appears whole or not at all.

Until then it is a hidden file beside its target, and it is locked: the system releases a lock when the process ends. So
the next run distinguishes what a killed run left behind from what another run is working on. Standard library only.
"""

import errno
import fcntl
import os
import re
import secrets
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

#: Errors of a full disk; Python's files do not name themselves in these.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
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
    path, existing = Path(path), None
    with suppress(FileNotFoundError):
        existing = os.stat(path)
    if existing and stat.S_ISDIR(existing.st_mode):
        raise IsADirectoryError(f"{path}: expected the name of a file to write, found a folder")
    if existing and (in_place := _open_in_place(path, existing)) is not None:
        with _opened(in_place, mode, path) as file:
            yield file
        return
    target = real_path(path)
    if not target.parent.exists():
        raise FileNotFoundError(f"{path}: the folder {target.parent} does not exist; create it first")
    inherits = permissions is None and existing is not None
    descriptor, temporary = _temporary(
        target, path, PRIVATE if inherits else _NEW if permissions is None else permissions
    )
    try:
        with _opened(os.dup(descriptor), mode, path) as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        if inherits:
            with suppress(OSError):  # only root may give a file away
                os.chown(temporary, existing.st_uid, existing.st_gid)
            os.chmod(temporary, stat.S_IMODE(existing.st_mode))
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
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


def check_replaceable(
    target: Path,
    foreign: Callable[[list[str]], Iterable[str]] = lambda names: names,
    older: str = "",
    advice: str = "choose another",
) -> None:
    """Refuse to replace anything but an empty folder, or one that holds only what the same program wrote.

    ``foreign`` picks, from the sorted paths of all that is below ``target``, what the program did not write; ``older``
    is what that program writes, such as ``"report"``. ValueError if something else is there; the message names it.
    """
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise ValueError(f"{target}: expected a folder to write into, found a file")
    names = sorted(path.relative_to(target).as_posix() for path in target.rglob("*"))
    if strange := next(iter(foreign(names)), None) if names else None:
        expected = f"a new folder, an empty one or an older {older}" if older else "a new or an empty folder"
        raise ValueError(f"{target}: expected {expected}, found {strange}; {advice}")


def _open_in_place(path: Path, status: os.stat_result) -> int | None:
    """A descriptor to write into what must not be replaced, or None: a regular file may be.

    What the process's own standard output or error goes to is not opened again: that would empty a log file.
    """
    for descriptor, stream in ((1, sys.stdout), (2, sys.stderr)):
        with suppress(OSError):  # closed
            if os.path.samestat(status, os.fstat(descriptor)):
                with suppress(AttributeError, OSError, ValueError):  # closed, or there is none
                    stream.flush()
                return os.dup(descriptor)
    return None if stat.S_ISREG(status.st_mode) else os.open(path, os.O_WRONLY)


def _temporary(target: Path, path: Path, permissions: int) -> tuple[int, Path]:
    """A new locked file next to the target; what killed runs left there is removed first."""
    place = (target.parent, target.name[:40], "lamp-part")
    with suppress(OSError):
        for left in hidden_paths(*place):
            with suppress(OSError):  # its run is at work, or it belongs to another user
                descriptor = lock_file(left)
                try:
                    left.unlink()
                finally:
                    release(descriptor)
    while True:
        temporary = hidden_path(*place)
        with naming(path), suppress(BlockingIOError):  # another run has taken it for left behind
            return lock_file(temporary, optional=True, permissions=permissions), temporary


@contextmanager
def _opened(descriptor: int, mode: str, path: Path) -> Iterator[IO]:
    """The file of a descriptor; its errors name it: the system's "No space left on device" does not."""
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
    try:
        with os.fdopen(descriptor, mode, **text) as file:
            yield file
    except OSError as error:
        if error.filename is None and error.errno in FULL:  # an error without a number would lose its message
            error.filename = str(path)
        raise


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
