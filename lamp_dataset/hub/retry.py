"""Trying again what huggingface_hub does not: what counts as a passing trouble, and how long to wait.

The client repeats uploads and listings itself, but not the look at a repository, its creation, the check of a card and
the commit (run on 0.36 and 2.4 against a server that answers 429 and 500).
"""

from __future__ import annotations

import logging
import re

import tenacity

logger = logging.getLogger(__name__)

#: Too many requests, and the server's own troubles.
PASSING = (429, 500, 502, 503, 504)
ATTEMPTS = 6
#: Of as many writers at once, one more arrives each time.
ATTEMPTS_IN_RACES = 12
#: Seconds. The Hub counts requests in windows of five minutes.
LONGEST_WAIT = 300.0

_backoff = tenacity.wait_exponential(multiplier=1, max=30)
#: By chance, so that those who raced once do not race again.
_scatter = tenacity.wait_random_exponential(multiplier=1, max=30)


def status_of(error: BaseException | None) -> int | None:
    """The HTTP status that an error stands for, None where there was no answer."""
    return getattr(getattr(error, "response", None), "status_code", None)


def is_http(error: BaseException | None) -> bool:
    """Whether an error comes from the HTTP library under huggingface_hub: httpx2, httpx or requests, by version."""
    from huggingface_hub.errors import HfHubHTTPError

    bases = tuple(base for base in HfHubHTTPError.__mro__ if base.__module__.split(".")[0] in _CLIENTS)
    return isinstance(error, bases)


_CLIENTS = ("httpx2", "httpx", "requests")


def is_passing(error: BaseException) -> bool:
    """Whether it makes sense to try again: no answer came, or one of :data:`PASSING`."""
    return is_http(error) and status_of(error) in (None, *PASSING)


def is_race(error: BaseException | None) -> bool:
    """Whether somebody else's commit came first."""
    return status_of(error) in (409, 412)


def wait_as_told(state: tenacity.RetryCallState) -> float:
    """Seconds to wait: what the server says, else 1, 2, 4, ..., at most 30; after a race a random part of that.

    The Hub says it as ``RateLimit: "api";r=0;t=55`` (``t`` seconds until its window ends; one more is waited, as the
    client does); others as ``Retry-After: 55``.
    """
    error = state.outcome.exception() if state.outcome else None
    headers = getattr(getattr(error, "response", None), "headers", {})
    limit = re.search(r"r\s*=\s*0\s*;\s*t\s*=\s*(\d+)", headers.get("RateLimit", ""))
    if limit:
        return min(float(limit[1]) + 1, LONGEST_WAIT)
    after = headers.get("Retry-After", "")
    if after.isdigit():
        return min(float(after), LONGEST_WAIT)
    return _scatter(state) if is_race(error) else _backoff(state)


def _say(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    status = status_of(error)
    trouble = "a commit of somebody else came first" if is_race(error) else f"the Hub answered {status}"
    logger.warning("%s; trying again in %.0f s", trouble if status else "no answer from the Hub", state.upcoming_sleep)


def _enough(state: tenacity.RetryCallState) -> bool:
    raced = state.outcome is not None and is_race(state.outcome.exception())
    return state.attempt_number >= (ATTEMPTS_IN_RACES if raced else ATTEMPTS)


def retrying(races: bool = False) -> tenacity.Retrying:
    """Up to :data:`ATTEMPTS` tries; the last error is raised as it is.

    Args:
        races: whether to try again after somebody else's commit, too, up to :data:`ATTEMPTS_IN_RACES` times in all.
    """
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: is_passing(error) or (races and is_race(error))),
        wait=wait_as_told,
        stop=_enough,
        before_sleep=_say,
        reraise=True,
    )
