"""What can go wrong with a repository on the Hub, a class for each kind.

Each class is also the built-in one that fits, so callers need not know these. A message is one line that names the
repository and the step, without the token and without signed addresses.
"""


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
    """The Hub did not confirm the commit. It may have been made all the same."""
