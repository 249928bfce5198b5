"""Trying again what huggingface_hub does not: which problems are temporary.

The client repeats uploads and listings itself, but not the look at a repository, its creation, the check of a card or
the commit (seen with 0.36 and 2.4 against a server that answers 429 and 500).
"""

import logging
from importlib import import_module

import tenacity

from lamp_dataset.hub.errors import FailedError
from lamp_dataset.web.waiting import is_race, status_of, wait_as_told

logger = logging.getLogger(__name__)

#: Too many requests, and the server's own problems.
TEMPORARY = (429, 500, 502, 503, 504)
#: Tries in all. Among N racing writers, a try loses to one more of them each time; a server that kept silent once for
#: :data:`lamp_dataset.hub.request_watch.ANSWER_SECONDS` gets one more chance.
ATTEMPTS, ATTEMPTS_IN_RACES, ATTEMPTS_AFTER_SILENCE = 6, 12, 2


def is_http(error: BaseException | None, *, timeout: bool = False) -> bool:
    """Whether an error comes from the HTTP library below huggingface_hub, or is the client's own with an answer.

    With ``timeout``, only if the server kept silent for too long.
    """
    from huggingface_hub.errors import HfHubHTTPError

    library = import_module(HfHubHTTPError.__mro__[1].__module__.split(".")[0])  # httpx2, httpx or requests
    names = ("TimeoutException", "Timeout") if timeout else ("RequestException", "HTTPError")
    return isinstance(error, next(getattr(library, name) for name in names if hasattr(library, name)))


def is_temporary(error: BaseException) -> bool:
    """Whether another try makes sense: no usable answer came, or one of :data:`TEMPORARY`."""
    return (is_http(error) or isinstance(error, FailedError)) and status_of(error) in (None, *TEMPORARY)


def _say(state: tenacity.RetryCallState) -> None:
    error, status = state.outcome.exception(), status_of(state.outcome.exception())
    answer = f"the Hub answered {status}" if status else "no usable answer from the Hub"
    problem = "somebody else's commit came first" if is_race(error) else answer
    logger.warning("%s; trying again in %.0f s", problem, state.upcoming_sleep)


def _enough(state: tenacity.RetryCallState) -> bool:
    error = state.outcome.exception()
    silent = is_http(error.http if isinstance(error, FailedError) else error, timeout=True)
    return state.attempt_number >= (
        ATTEMPTS_IN_RACES if is_race(error) else ATTEMPTS_AFTER_SILENCE if silent else ATTEMPTS
    )


def retrying(races: bool = False) -> tenacity.Retrying:
    """Up to :data:`ATTEMPTS` tries; the last error is raised as it is.

    With ``races``, it also tries again after somebody else's commit, up to :data:`ATTEMPTS_IN_RACES` times in all.
    """
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: is_temporary(error) or (races and is_race(error))),
        wait=wait_as_told,
        stop=_enough,
        before_sleep=_say,
        reraise=True,
    )
