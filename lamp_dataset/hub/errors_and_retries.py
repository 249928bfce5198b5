"""What can go wrong with a repository on the Hub, and which problems are temporary.

Each class of error is also the built-in one that fits, so callers need not know these. A message is one line that names
the repository and the step, without the token and without signed addresses.
"""

import logging

import tenacity

from lamp_dataset.web import is_race, status_of, wait_as_told

logger = logging.getLogger(__name__)

#: Of a push: seconds until a connection must be there, and until each next part of an answer must come.
CONNECT_SECONDS, ANSWER_SECONDS = 30, 120
#: Too many requests, and the server's own problems.
TEMPORARY = (429, 500, 502, 503, 504)


class HubError(Exception):
    """A problem with a repository on the Hub; the message says it in full."""


class RefusedError(HubError, PermissionError):
    """The token may not do this, or the repository must not get the data."""


class ContentError(HubError, ValueError):
    """The repository is not as expected: renamed, a card that is not UTF-8, other files than were sent."""


class FailedError(HubError, ConnectionError):
    """The Hub or the connection to it failed: no answer, an error, or an answer that makes no sense.

    ``http`` is the HTTP library's error behind it, if there was one; it and its answer decide whether to try again.
    """

    def __init__(self, message: str, http: BaseException | None = None) -> None:
        super().__init__(message)
        self.http, self.response = http, getattr(http, "response", None)


class CommitError(FailedError):
    """The Hub did not confirm the commit, which may have been made all the same."""


def is_http(error: BaseException | None) -> bool:
    """Whether an error comes from the HTTP library below huggingface_hub, or is the client's own with an answer."""
    modules = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return not modules.isdisjoint(("httpx2", "httpx", "requests"))


def is_silence(error: BaseException | None) -> bool:
    """Whether an error of the HTTP library says that the server kept silent for too long."""
    return is_http(error) and "Timeout" in type(error).__name__


def is_temporary(error: BaseException) -> bool:
    """Whether another try makes sense: no usable answer came, or one of :data:`TEMPORARY`."""
    return (is_http(error) or isinstance(error, FailedError)) and status_of(error) in (None, *TEMPORARY)


def _say(state: tenacity.RetryCallState) -> None:
    error, status = state.outcome.exception(), status_of(state.outcome.exception())
    answer = f"the Hub answered {status}" if status else "no usable answer from the Hub"
    problem = "somebody else's commit came first" if is_race(error) else answer
    logger.warning("%s; trying again in %.0f s", problem, state.upcoming_sleep)


def _tries(error: BaseException) -> int:
    """In all. Among N racing writers, one more of them gets ahead of each try; silence has cost minutes already."""
    return 12 if is_race(error) else 2 if is_silence(getattr(error, "http", error)) else 6


def retrying(races: bool = False) -> tenacity.Retrying:
    """Try again where huggingface_hub does not; the last error is raised as it is.

    The client repeats uploads and listings itself, but not the look at a repository, its creation, the check of a card
    or the commit (seen with 0.36 and 2.4 against a server that answers 429 and 500). With ``races``, this also tries
    again after somebody else's commit.
    """
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: is_temporary(error) or (races and is_race(error))),
        wait=wait_as_told,
        stop=lambda state: state.attempt_number >= _tries(state.outcome.exception()),
        before_sleep=_say,
        reraise=True,
    )
