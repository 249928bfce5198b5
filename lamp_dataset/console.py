"""What the user of a command or a script sees: lines, warnings, and errors in one line with exit status 2."""

import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

import click

from lamp_dataset.atomic.file import FULL
from lamp_dataset.formats.texts import printable


class Failure(click.ClickException):
    """One line on standard error, exit status 2."""

    exit_code = 2

    def show(self, file=None) -> None:
        """Print the message."""
        click.echo(f"error: {printable(self.format_message())}", err=True, file=file)


def say(text: str, err: bool = False) -> None:
    """Print lines of human-readable text. They may quote files: see :func:`~lamp_dataset.formats.texts.printable`."""
    click.echo("\n".join(map(printable, text.split("\n"))), err=err)


@contextmanager
def plain_output() -> Iterator[None]:
    """Show a warning as one line, without the place in the code that Python adds: it means nothing to a user.

    Where standard error is no terminal, progress bars write a line now and then.
    """
    before = sys.stderr
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: say(f"warning: {' '.join(str(message).split())}", err=True)
        if before is not None and not before.isatty():
            sys.stderr = BarLines(before)
        try:
            yield
        finally:
            if isinstance(sys.stderr, BarLines):
                sys.stderr.end()
            sys.stderr = before


#: By this, tqdm moves the cursor back from the line of an inner bar.
_UP = "\x1b[A"


class BarLines:
    """A stream for what is no terminal: a bar's states, which begin with a carriage return, become lines.

    There is one every :data:`SECONDS`, and a bar's last state. tqdm itself moves the cursor, in logs as well.
    """

    #: Between the lines of bars.
    SECONDS = 30.0

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._next, self._waiting = clock() + self.SECONDS, ""
        self._last = "\n"  # of what was written here
        #: Whether the command has ended: a bar that ends now was cut off.
        self.ending = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text, or take in the state of a bar."""
        if text.startswith("\r") and not text.endswith("\n"):
            self._waiting = text.strip("\r\n ")  # blanks clear a bar that is to leave nothing
            if self._waiting and self._clock() >= self._next:
                self._show()
        elif text == "\n" and self._last.startswith("\r"):  # the end of a bar, or, of one half-way, a move to another
            if self.ending or "100%" in self._waiting or "%" not in self._waiting:
                self._show()
        elif text.strip("\n") or not (self._waiting or self._last.endswith(_UP)):
            self._stream.write(text.replace(_UP, "").lstrip("\r"))
        elif not self._last.endswith(("\n", _UP)):  # the end of a line, and no move
            self._stream.write(text)
        self._last = text or self._last
        return len(text)

    def end(self) -> None:
        """Show the last state of a bar that was cut off; one that ends from here on was, too."""
        self.ending = True
        self._show()

    def _show(self) -> None:
        if self._waiting:
            self._stream.write(f"{self._waiting}\n")
            self._stream.flush()
        self._waiting, self._next = "", self._clock() + self.SECONDS


#: The signals that end a run, and what Python does by default; a signal that the shell set to be ignored stays ignored.
_ENDINGS = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}


@contextmanager
def signals_as_exit() -> Iterator[None]:
    """SIGTERM and SIGINT raise SystemExit with the status that shells give them, so that all ``with`` blocks end."""
    own = os.getpid()

    def end(number: int, frame: object) -> None:
        if os.getpid() != own:  # a forked child must not clean up what its parent has begun
            os._exit(128 + number)
        raise SystemExit(128 + number)

    with ExitStack() as before:
        if threading.current_thread() is threading.main_thread():  # only there can it be changed
            for number, usual in _ENDINGS.items():
                if signal.getsignal(number) == usual:
                    before.callback(signal.signal, number, signal.signal(number, end))
        yield


def run_script(main: Callable[[], object], stopped: str = "stopped; the same command goes on from there") -> None:
    """Run ``main`` of a script that has no click: what goes wrong is one line, and the exit status 2.

    After an interrupt it is 130, after SIGTERM 143; a second signal does not wait for threads.
    """
    try:
        with signals_as_exit(), plain_output():
            main()
    except (ValueError, OSError, ImportError) as error:
        end_bars()
        Failure(one_line(error)).show()
        sys.exit(2)
    except SystemExit as error:
        if error.code not in [128 + number for number in _ENDINGS]:
            raise
        say(stopped, err=True)
        os._exit(error.code)


def end_bars() -> None:
    """End the progress bars of the calls that failed: they would print their last state after the error."""
    from tqdm import tqdm

    for bar in list(tqdm._instances):  # private, but there is no other list of them
        bar.close()


def one_line(error: Exception) -> str:
    """What an error says, for a command line."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}{_cache_hint(error.filename)}"
    if isinstance(error, OSError) and error.errno in FULL:  # without a name: our own files have theirs
        return f"{os.strerror(error.errno)}, probably in the caches{_cache_hint(None)}"
    if isinstance(error, FileNotFoundError) and error.errno is not None:  # without a name: of the working directory
        return "the working directory no longer exists; change to another one"
    return " ".join(str(error).split("\n")) or type(error).__name__


def _cache_hint(name: object) -> str:
    """What to do if ``datasets`` cannot write its caches, whose place the user did not name; None: a nameless file."""
    datasets = sys.modules.get("datasets")
    if datasets is None or not isinstance(name, str | None):
        return ""
    caches = Path(datasets.config.HF_CACHE_HOME).absolute()
    path = caches if name is None else Path(name).absolute()
    if not (path.is_relative_to(caches) or caches.is_relative_to(path)):
        return ""
    return f". The caches of datasets are in {caches}; set HF_HOME to another folder"
