from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from huggingface_hub import CommitOperationAdd, get_session

from lamp_dataset.hub.errors_and_retries import ANSWER_SECONDS, CONNECT_SECONDS, RefusedError
from lamp_dataset.hub.request_watch import Watch, is_committed, is_ignored, watched

HUB = "https://hub.example"


def watch(stays=True, look=lambda: None):
    return Watch(SimpleNamespace(repo_id="me/lamp", so_far="nothing was sent", require_unseen=look), stays)


@pytest.mark.parametrize(
    ("method", "path", "location", "refused"),
    [
        ("GET", "/api/datasets/me/lamp", "https://evil.example/api/datasets/me/lamp", True),
        ("POST", "/api/datasets/me/lamp/commit/main", "//evil.example/x", True),
        ("POST", "/api/datasets/me/lamp/preupload/main", "http://hub.example/x", True),
        ("PUT", "/datasets/me/lamp/resolve/main/a", "https://evil.example/x", True),
        ("GET", "/api/datasets/me/old", "/api/datasets/me/lamp", False),
        ("POST", "/api/datasets/me/old/commit/main", "https://hub.example/api/datasets/me/lamp/commit/main", False),
        ("GET", "/datasets/me/lamp/resolve/main/a.parquet", "https://files.example/a?signature=1", False),
    ],
)
def test_a_redirect_to_another_host_is_refused_where_texts_are_gated(method, path, location, refused):
    with pytest.raises(RefusedError, match=path) if refused else nullcontext():
        watch().after(method, HUB + path, location)
    watch(stays=False).after(method, HUB + path, location)


def test_the_last_look_is_right_before_the_request_that_commits():
    looks = []
    here = watch(look=lambda: looks.append(1))
    here.before("POST", "/api/validate-yaml")
    here.before("POST", "/api/datasets/me/lamp/preupload/main")
    here.before("POST", "/api/datasets/me/other/commit/main")
    here.before("GET", "/api/datasets/me/lamp/commit/main")
    assert looks == []
    here.before("POST", "/api/datasets/me/lamp/commit/main")
    assert looks == [1]


def hooks(session):
    """Those of httpx, or of requests."""
    return session.event_hooks if hasattr(session, "event_hooks") else session.hooks


def time_outs(session, monkeypatch, **given):
    """(connect, read) in seconds of a request, without sending it."""
    if hasattr(session, "event_hooks"):
        request = session.build_request("GET", HUB, **given)
        for hook in session.event_hooks["request"]:
            hook(request)
        return request.extensions["timeout"]["connect"], request.extensions["timeout"]["read"]
    import requests

    def send(request, timeout, **options):
        answer = requests.Response()
        answer.status_code, answer.url, answer.request, answer.time_out = 200, HUB, request, timeout
        return answer

    monkeypatch.setattr(session.get_adapter(HUB), "send", send)
    found = session.get(HUB, **given).time_out
    return found if isinstance(found, tuple) else (found, found)


@pytest.mark.oldest
def test_every_request_gets_time_outs_meanwhile(monkeypatch):
    before = len(hooks(get_session())["response"])
    with watched(watch()):
        assert time_outs(get_session(), monkeypatch, timeout=None) == (CONNECT_SECONDS, ANSWER_SECONDS)
        assert time_outs(get_session(), monkeypatch, timeout=10) == (10, 10)
        assert len(hooks(get_session())["response"]) == before + 1
    assert len(hooks(get_session())["response"]) == before


@pytest.mark.oldest
def test_a_new_file_is_neither_ignored_nor_committed():
    new = CommitOperationAdd("a.txt", b"a")
    assert not is_ignored(new)
    assert not is_committed(new)
