import pytest

from lamp_dataset.hub.errors import CommitError, ContentError, FailedError, HubError, RefusedError


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
