"""What a repository answers, and which error comes of it; the client's calls are replaced."""

from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from lamp_dataset.hub.failures import ContentError, FailedError, RefusedError
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


@pytest.mark.parametrize(
    ("answer", "error", "fact"),
    [
        (SimpleNamespace(id="me/new", sha="abc", private=True, siblings=[]), ContentError, "me/new"),
        (SimpleNamespace(id="me/lamp", sha=None, private=True, siblings=[]), FailedError, "sha"),
        (SimpleNamespace(id="me/lamp", sha="abc", private=True, siblings=None), FailedError, "does not look like"),
        (KeyError("id"), FailedError, "id"),
        (http_error(403), RefusedError, "403: said so"),
        (http_error(418), FailedError, "418: said so"),
    ],
)
def test_every_other_answer_is_one_line_with_the_repository_and_the_step(monkeypatch, remote, answer, error, fact):
    answers(monkeypatch, "dataset_info", answer)
    with pytest.raises(error, match=f"^me/lamp.*{fact}") as caught:
        remote.look()
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


def info(private=True, **files):
    siblings = [SimpleNamespace(rfilename=path, lfs=None, blob_id=oid) for path, oid in files.items()]
    return SimpleNamespace(id="me/lamp", sha="abc", private=private, siblings=siblings)


@pytest.fixture
def looks(monkeypatch):
    """Function: answer the owner's looks so, one after the other. It returns what is asked of the Hub from now on."""

    def answer(*infos, seen=False):
        asked, left = [], iter(infos)

        def look(api, repo_id, revision=None, **options):
            asked.append(f"look at {revision}" if api.token else "stranger")
            found = next(left) if api.token else info() if seen else http_error(404)
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(HfApi, "dataset_info", look)
        monkeypatch.setattr(HfApi, "create_repo", lambda *args, **options: asked.append("create"))
        session = SimpleNamespace(get=lambda *args, **options: asked.append("may write"))
        monkeypatch.setattr("huggingface_hub.utils.get_session", lambda: session)
        monkeypatch.setattr("huggingface_hub.utils.hf_raise_for_status", lambda response: None)
        return asked

    return answer


LOOKS = ["look at main", "stranger", "may write"]


def test_a_repository_is_made_if_missing_and_looked_at_by_its_owner_and_a_stranger(remote, looks):
    missing, state = http_error(404, RepositoryNotFoundError), RepositoryState("abc", True, {"a": "b"})
    asked = looks(info(), info(a="b"))
    assert remote.open(dry_run=False) == state
    assert asked == ["look at main", *LOOKS]
    asked = looks(missing)
    assert remote.open(dry_run=True) is None
    assert asked == ["look at main"]
    asked = looks(missing, info(a="b"))
    assert remote.open(dry_run=False) == state
    assert asked == ["look at main", "create", *LOOKS]


@pytest.mark.parametrize(
    ("there", "seen"), [(info(private=False), False), (http_error(404, RepositoryNotFoundError), False), (info(), True)]
)
def test_public_gone_or_seen_is_refused(remote, looks, there, seen):
    looks(there, seen=seen)
    with pytest.raises(RefusedError, match=r"me/lamp.*nothing was sent"):
        remote.require_unseen()


def test_between_two_portions_only_the_owner_looks_and_after_the_commit_the_advice_is_another(remote, looks):
    asked = looks(info())
    assert remote.look_private().private
    assert asked == ["look at main"]
    asked = looks(info(private=False))
    with pytest.raises(RefusedError, match=f"{HIDE_AT_ONCE}: https://.*/datasets/me/lamp/settings"):
        remote.require_unseen("def")
    assert asked == ["look at def"]


def test_a_script_that_keeps_datasets_from_loading_is_found_before_anything_is_sent(remote, looks):
    looks(info(), info(**{"README.md": "a", "lamp.py": "b"}))
    with pytest.raises(ContentError, match=r"me/lamp: holds lamp\.py.*nothing was sent"):
        remote.open(dry_run=True)
    looks(info(**{"train.py": "a"}))
    assert remote.require_unseen().files == {"train.py": "a"}


def test_a_list_that_lacks_a_hash_is_no_truth(remote, looks):
    looks(info(**{"README.md": None}))
    with pytest.raises(FailedError, match="does not look like the Hub's.*the sha"):
        remote.look()
