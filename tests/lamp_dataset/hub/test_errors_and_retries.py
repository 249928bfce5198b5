from types import SimpleNamespace

import pytest
from huggingface_hub.errors import HfHubHTTPError

from lamp_dataset.hub.errors_and_retries import (
    CommitError,
    ContentError,
    FailedError,
    HubError,
    RefusedError,
    is_http,
    is_temporary,
    retrying,
)


class AnsweredError(Exception):
    """As the client raises it, but of no HTTP library."""

    def __init__(self, status, **headers):
        self.response = SimpleNamespace(status_code=status, headers=headers)


def answered(status, **headers):
    """The client's own error; made without its constructor, which differs between its versions."""
    error = HfHubHTTPError.__new__(HfHubHTTPError)
    error.response = SimpleNamespace(status_code=status, headers=headers)
    return error


def transport_error():
    """No answer: an error of the HTTP library that this version of the client stands on."""
    for module, name in [("httpx2", "ConnectError"), ("httpx", "ConnectError"), ("requests", "ConnectionError")]:
        if HfHubHTTPError.__mro__[1].__module__.split(".")[0] == module:
            return getattr(__import__(module), name)("refused")


@pytest.mark.oldest
def test_only_temporary_problems_are_tried_again():
    assert is_temporary(transport_error())
    statuses = (400, 401, 403, 404, 409, 412, 422, 429, 500, 501, 502, 503, 504)
    assert [status for status in statuses if is_temporary(answered(status))] == [429, 500, 502, 503, 504]
    assert not is_http(AnsweredError(500))
    assert not is_temporary(OSError("disk full"))


@pytest.mark.parametrize(("status", "tries", "pauses"), [(503, 6, [1, 2, 4, 8, 16]), (412, 1, [])])
def test_tries_are_bounded_and_the_last_error_is_raised(status, tries, pauses):
    slept, calls = [], []

    def refuse():
        calls.append(1)
        raise answered(status)

    with pytest.raises(HfHubHTTPError):
        retrying().copy(sleep=slept.append)(refuse)
    assert (len(calls), slept) == (tries, pauses)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (RefusedError("x"), PermissionError),
        (ContentError("x"), ValueError),
        (FailedError("x"), ConnectionError),
        (CommitError("x"), ConnectionError),
    ],
)
def test_each_is_the_builtin_error_that_callers_expect(error, builtin):
    assert isinstance(error, HubError)
    assert isinstance(error, builtin)
    assert str(error) == "x"
