from types import SimpleNamespace

import pytest

from lamp_dataset.web.waiting import is_race, wait_as_told


def answered(status, **headers):
    error = OSError()
    error.response = SimpleNamespace(status_code=status, headers=headers)
    return error


def test_a_commit_of_somebody_else_is_a_race():
    assert [s for s in (404, 409, 412, 429) if is_race(answered(s))] == [409, 412]


@pytest.mark.parametrize(
    ("headers", "tries_before", "seconds"),
    [
        ({"RateLimit": '"api";r=0;t=55'}, 1, 56),
        ({"RateLimit": '"api"; r=0; t=3600'}, 1, 300),
        ({"RateLimit": '"api";r=12;t=55'}, 1, 1),  # not the reason
        ({"Retry-After": "7"}, 1, 7),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 3, 4),
        ({}, 1, 1),
        ({}, 2, 2),
        ({}, 9, 30),
    ],
)
def test_the_server_says_how_long_to_wait(headers, tries_before, seconds):
    outcome = SimpleNamespace(exception=lambda: answered(429, **headers))
    assert wait_as_told(SimpleNamespace(outcome=outcome, attempt_number=tries_before)) == seconds
