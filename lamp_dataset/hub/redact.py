"""Keep secrets out of what is shown: the token, and signed addresses, whose query is a key."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ADDRESS = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]*")
#: As urllib3 logs it, with the host in another place.
_PATH = re.compile(r"(/[^\s?'\"]*)\?[^\s'\"]*=[^\s'\"]*")


def redact(text: str, token: str) -> str:
    """``text`` without the token and without the query of any address.

    >>> redact("PUT https://files.example/ab?signature=12 with hf_x", "hf_x")
    'PUT https://files.example/ab with <token>'
    """
    text = _PATH.sub(r"\1", _ADDRESS.sub(r"\1", text))
    return text.replace(token, "<token>") if token else text


_lock = threading.Lock()
_tokens: list[str] = []
_uninstall: list[Callable[[], None]] = []


@contextmanager
def redacted_logs(token: str) -> Iterator[None]:
    """Redact every log record made meanwhile.

    Signed addresses are in the records of several libraries (huggingface_hub warns with them, httpx and httpx2 log
    every request at INFO, urllib3 and httpcore at DEBUG), which may go to any handler.
    """
    with _lock:
        if not _tokens:
            _uninstall.append(_install())
        _tokens.append(token)
    try:
        yield
    finally:
        with _lock:
            _tokens.remove(token)
            if not _tokens:
                _uninstall.pop()()


def _install() -> Callable[[], None]:
    make = logging.getLogRecordFactory()

    def redacted(*arguments: object, **options: object) -> logging.LogRecord:
        record = make(*arguments, **options)
        try:
            text = clean = record.getMessage()
        except Exception:  # arguments that do not fit the message: the handler reports that, as always
            return record
        for token in tuple(_tokens):
            clean = redact(clean, token)
        if clean != text:
            record.msg, record.args = clean, None
        return record

    logging.setLogRecordFactory(redacted)
    return lambda: logging.setLogRecordFactory(make)
