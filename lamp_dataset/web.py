"""What talking to any server needs: secrets that are not shown, and pauses as the server says."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import tenacity

_ADDRESS = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]*")
#: As urllib3 logs it, with the host in another place.
_PATH = re.compile(r"(/[^\s?'\"]*)\?[^\s'\"]*=[^\s'\"]*")


def redact(text: str, token: str) -> str:
    """``text`` without the token and without the query of any address, which may be a key.

    >>> redact("PUT https://files.example/ab?signature=12 with hf_x", "hf_x")
    'PUT https://files.example/ab with <token>'
    """
    text = _PATH.sub(r"\1", _ADDRESS.sub(r"\1", text))
    return text.replace(token, "<token>") if token else text


#: They log addresses: huggingface_hub at WARNING, httpx at INFO, urllib3 and httpcore at DEBUG.
LIBRARIES = ("huggingface_hub", "httpx", "httpx2", "httpcore", "httpcore2", "urllib3", "requests", "openai", "hf_xet")


@contextmanager
def redacted_logs(token: str) -> Iterator[None]:
    """Meanwhile, redact what the :data:`LIBRARIES` log, whatever the handler."""

    def clean(record: logging.LogRecord) -> bool:
        with suppress(TypeError, ValueError):  # arguments that do not fit the message: the handler reports that
            record.msg, record.args = redact(record.getMessage(), token), None
        return True

    names = [name for name in list(logging.root.manager.loggerDict) if name.partition(".")[0] in LIBRARIES]
    for name in names:
        logging.getLogger(name).addFilter(clean)
    try:
        yield
    finally:
        for name in names:
            logging.getLogger(name).removeFilter(clean)


#: Seconds. The Hub counts requests in windows of five minutes.
LONGEST_WAIT = 300.0

_backoff = tenacity.wait_exponential(multiplier=1, max=30)
#: Random, so that writers that raced once do not race again.
_scatter = tenacity.wait_random_exponential(multiplier=1, max=30)


def status_of(error: BaseException | None) -> int | None:
    """The HTTP status behind an error; None if there was no answer."""
    return getattr(getattr(error, "response", None), "status_code", None)


def is_race(error: BaseException | None) -> bool:
    """Whether somebody else's commit came first."""
    return status_of(error) in (409, 412)


def wait_as_told(state: tenacity.RetryCallState) -> float:
    """Seconds to wait: what the server says, else 1, 2, 4, ..., at most 30; after a race, a random part of that.

    The Hub sends ``RateLimit: "api";r=0;t=55`` (its window ends in ``t`` seconds; like the client, this waits one
    more), other servers ``Retry-After: 55``.
    """
    error = state.outcome.exception()
    headers = getattr(getattr(error, "response", None), "headers", {})
    limit = re.search(r"r\s*=\s*0\s*;\s*t\s*=\s*(\d+)", headers.get("RateLimit", ""))
    if limit:
        return min(float(limit[1]) + 1, LONGEST_WAIT)
    after = headers.get("Retry-After", "")
    if after.isdecimal():
        return min(float(after), LONGEST_WAIT)
    return _scatter(state) if is_race(error) else _backoff(state)
