"""How long to wait until a server is asked again."""

import re

import tenacity

#: Seconds. The Hub counts requests in windows of five minutes.
LONGEST_WAIT = 300.0

_backoff = tenacity.wait_exponential(multiplier=1, max=30)
#: Random, so that writers that raced once do not race again.
_scatter = tenacity.wait_random_exponential(multiplier=1, max=30)


def status_of(error: BaseException | None) -> int | None:
    """The HTTP status behind an error, None if there was no answer."""
    return getattr(getattr(error, "response", None), "status_code", None)


def is_race(error: BaseException | None) -> bool:
    """Whether somebody else's commit came first."""
    return status_of(error) in (409, 412)


def wait_as_told(state: tenacity.RetryCallState) -> float:
    """Seconds to wait: what the server says, else 1, 2, 4, ..., at most 30; after a race a random part of that.

    The Hub says it as ``RateLimit: "api";r=0;t=55`` (``t`` seconds until its window ends; like the client, this waits
    one more); others as ``Retry-After: 55``.
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
