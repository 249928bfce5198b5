"""What a repository answers, and which error comes of it; the client's calls are replaced."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, get_session
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from lamp_dataset.hub.remote import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    HIDE_AT_ONCE,
    NOTHING_SENT,
    CommitError,
    ContentError,
    FailedError,
    HubError,
    RefusedError,
    Remote,
    RepositoryState,
    Watch,
    is_committed,
    is_http,
    is_ignored,
    is_temporary,
    retrying,
    watched,
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


pytestmark = pytest.mark.oldest
TOKEN = "hf_mewritesecret"


def http_error(status, kind=HfHubHTTPError, message="said so"):
    """The client's own error; made without its constructor, which differs between its versions."""
    error = kind.__new__(kind)
    error.response, error.server_message = SimpleNamespace(status_code=status, headers={}), message
    return error


@pytest.fixture
def remote():
    return Remote("me/lamp", TOKEN)


def answers(monkeypatch, method, answer):
    """Let a method of the client return ``answer``, or raise it."""

    def called(self, *arguments, **options):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(HfApi, method, called)


@pytest.mark.parametrize(
    ("repo_id", "token", "error", "fact"),
    [
        ("lamp", TOKEN, ValueError, "'namespace/name', found 'lamp'"),
        ("me/la mp", TOKEN, ValueError, "me/la mp"),
        ("me/lamp", "hf_a\nb", ValueError, "token"),
        ("me/lamp", False, PermissionError, "HF_TOKEN"),
    ],
)
def test_a_wrong_name_or_token_is_an_error_before_any_request(repo_id, token, error, fact):
    with pytest.raises(error, match=fact) as caught:
        Remote(repo_id, token)
    assert "hf_a" not in str(caught.value)
    if token is False:
        assert Remote(repo_id, token, needs_token=False).token == ""


def info(files=(("train.py", "a"),), **changes):
    """What the Hub says about the repository."""
    siblings = files and [SimpleNamespace(rfilename=path, lfs=None, blob_id=oid) for path, oid in files]
    return SimpleNamespace(**{"id": "me/lamp", "sha": "abc", "private": True, "siblings": siblings} | changes)


@pytest.mark.parametrize(
    ("answer", "error", "fact"),
    [
        (info(id="me/new"), ContentError, "me/new"),
        (info(sha=None), FailedError, "sha"),
        (info(None), FailedError, "does not look like the Hub's"),
        (info([("README.md", None)]), FailedError, "does not look like the Hub's .*the sha"),
        (KeyError("id"), FailedError, "id"),
        (http_error(403), RefusedError, "403: said so"),
        (http_error(418), FailedError, "418: said so"),
    ],
)
def test_every_other_answer_is_one_line_with_the_repository_and_the_step(monkeypatch, remote, answer, error, fact):
    answers(monkeypatch, "dataset_info", answer)
    with pytest.raises(error, match=f"^me/lamp.*{fact}") as caught:
        remote.look_private()
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None
    if error is not ContentError:
        assert "the look at the repository" in str(caught.value)
        assert NOTHING_SENT in str(caught.value)


def test_errors_of_the_disk_and_our_own_stay_what_they_are(monkeypatch, remote, tmp_path):
    answers(monkeypatch, "hf_hub_download", OSError(28, "No space left on device", "/there"))
    with pytest.raises(OSError, match="No space left") as caught:
        remote.text("README.md", "abc", tmp_path)
    assert caught.value.errno == 28
    outer = RuntimeError("Error while uploading")
    outer.__cause__ = RefusedError("me/lamp: hub redirects to evil.example")
    answers(monkeypatch, "preupload_lfs_files", outer)
    with pytest.raises(RefusedError, match="^me/lamp: hub redirects to evil.example"):
        remote.upload([])


def test_secrets_and_long_texts_are_cut_from_a_message(monkeypatch, remote):
    said = f"PUT https://a.example/b?sig=1\nwith {TOKEN}. <html>" + "x" * 20_000
    answers(monkeypatch, "preupload_lfs_files", RuntimeError(said))
    with pytest.raises(
        FailedError, match="PUT https://a.example/b with <token>. <html>xx*…; nothing was sent"
    ) as caught:
        remote.upload([])
    assert len(str(caught.value)) < 700


def test_a_refused_commit_was_not_made(monkeypatch, remote):
    answers(monkeypatch, "create_commit", http_error(403))
    with pytest.raises(RefusedError, match=NOTHING_SENT):
        remote.commit([], "abc", "Push")
    assert remote.so_far == NOTHING_SENT


@pytest.mark.parametrize(
    ("answer", "commit", "fact"),
    [
        (info(private=False), None, " is public; nothing was sent. This data goes only to a private repository"),
        (info(private=False), "def", f" is public; .*{HIDE_AT_ONCE}: https://.*/datasets/me/lamp/settings"),
        (http_error(404, RepositoryNotFoundError), None, " is gone, .*nothing was sent"),
        (info(), None, ": the Hub calls it private, but strangers can see it; nothing was sent"),
        (info([("lamp.py", "a")]), None, r": holds lamp\.py, .*nothing was sent"),
    ],
)
def test_public_gone_seen_or_unreadable_is_refused(monkeypatch, remote, answer, commit, fact):
    answers(monkeypatch, "dataset_info", answer)
    with pytest.raises((RefusedError, ContentError), match=f"^me/lamp{fact}"):
        remote.require_unseen(commit)


def test_the_owner_alone_looks_between_two_portions(monkeypatch, remote):
    answers(monkeypatch, "dataset_info", info())
    assert remote.look_private() == RepositoryState("abc", True, {"train.py": "a"})


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
