"""What a repository answers, and which error comes of it; the client's calls are replaced."""

from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from lamp_dataset.hub.errors_and_retries import ContentError, FailedError, RefusedError
from lamp_dataset.hub.remote import HIDE_AT_ONCE, NOTHING_SENT, Remote, RepositoryState

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
