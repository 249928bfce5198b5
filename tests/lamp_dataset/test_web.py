import io
import logging
from types import SimpleNamespace

import pytest

from lamp_dataset.web import is_race, redact, redacted_logs, wait_as_told

TOKEN = "hf_mewritesecret"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"with {TOKEN}, twice {TOKEN}", "with <token>, twice <token>"),
        ("PUT 'https://a.example/b?X-Signature=1&d=2' failed", "PUT 'https://a.example/b' failed"),
        ('https://a.example:443 "PUT /b/c?signature=1 HTTP/1.1" 200', 'https://a.example:443 "PUT /b/c HTTP/1.1" 200'),
        ("[(b'Location', b'https://a.example/b?sig=1')]", "[(b'Location', b'https://a.example/b')]"),
        ("Is it there? Yes and/or no?", "Is it there? Yes and/or no?"),
    ],
)
def test_tokens_and_queries_are_left_out(text, shown):
    assert redact(text, TOKEN) == shown


def test_without_a_token_only_queries_are_left_out():
    assert redact("a https://a.example/b?c=d", "") == "a https://a.example/b"


@pytest.fixture
def stream():
    """What a handler of the root logger writes."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    logging.getLogger().addHandler(handler)
    yield text
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("name", ["httpx2", "urllib3.connectionpool", "huggingface_hub.utils._http"])
def test_what_the_libraries_log_is_redacted_meanwhile(stream, name):
    logger = logging.getLogger(name)
    with redacted_logs(TOKEN):
        with redacted_logs("hf_other"):
            logger.warning("%s %s with %s", "PUT", "https://a.example/b?signature=1", TOKEN)
            logger.warning("%d rows", 3)
        logger.warning("https://a.example/c?signature=2 with hf_other")
        logging.getLogger("mine").warning("https://a.example/d?page=1")
    logger.warning("https://a.example/d?e=f")
    assert stream.getvalue().splitlines() == [
        "PUT https://a.example/b with <token>",
        "3 rows",
        "https://a.example/c with hf_other",
        "https://a.example/d?page=1",
        "https://a.example/d?e=f",
    ]


def test_a_message_that_does_not_fit_its_arguments_does_not_fail_the_caller(stream, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logger = logging.getLogger("httpx2")
    with redacted_logs(TOKEN):
        logger.warning("%d rows", "three")
        logger.warning("%d rows", 3)
    assert stream.getvalue() == "3 rows\n"


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
