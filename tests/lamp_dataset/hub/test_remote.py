"""What a repository answers, and which error comes of it; the client's calls are replaced."""

from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from lamp_dataset.hub.errors import CommitError, ContentError, FailedError, RefusedError
from lamp_dataset.hub.remote import NOTHING_SENT, UNKNOWN, Remote, RepositoryState

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


def test_a_look_tells_head_visibility_and_names(monkeypatch, remote):
    info = SimpleNamespace(id="Me/lamp", sha="abc", private=True, siblings=[SimpleNamespace(rfilename="README.md")])
    answers(monkeypatch, "dataset_info", info)
    assert remote.look() == RepositoryState("abc", True, frozenset(["README.md"]))
    info.private, info.siblings = None, None
    assert remote.look() == RepositoryState("abc", False)
    answers(monkeypatch, "dataset_info", http_error(404, RepositoryNotFoundError))
    assert remote.look() is None


@pytest.mark.parametrize(
    ("answer", "error", "fact"),
    [
        (SimpleNamespace(id="me/new", sha="abc", private=True, siblings=[]), ContentError, "me/new"),
        (SimpleNamespace(id="me/lamp", sha=None, private=True, siblings=[]), FailedError, "sha"),
        (KeyError("id"), FailedError, "id"),
        (TypeError("argument after ** must be a mapping"), FailedError, "mapping"),
        (http_error(403), RefusedError, "403: said so"),
        (http_error(418), FailedError, "418: said so"),
        (ConnectionError("offline"), FailedError, "offline"),
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


def test_an_error_of_the_disk_stays_what_it_is(monkeypatch, remote, tmp_path):
    answers(monkeypatch, "hf_hub_download", OSError(28, "No space left on device", "/there"))
    with pytest.raises(OSError, match="No space left") as caught:
        remote.text("README.md", "abc", tmp_path)
    assert caught.value.errno == 28


def test_an_error_of_ours_from_the_midst_of_the_clients_work_is_found(monkeypatch, remote):
    outer = RuntimeError("Error while uploading")
    outer.__cause__ = RefusedError("me/lamp: hub redirects to evil.example")
    answers(monkeypatch, "preupload_lfs_files", outer)
    with pytest.raises(RefusedError, match="^me/lamp: hub redirects to evil.example"):
        remote.upload([])


@pytest.mark.parametrize(("disabled", "hinted"), [(False, True), (True, False)])
def test_the_hint_at_xet_comes_only_where_xet_is_in_use(monkeypatch, remote, disabled, hinted):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", disabled)
    answers(monkeypatch, "preupload_lfs_files", RuntimeError("no route"))
    with pytest.raises(FailedError) as caught:
        remote.upload([])
    assert ("HF_HUB_DISABLE_XET=1" in str(caught.value)) == hinted
    answers(monkeypatch, "preupload_lfs_files", http_error(500))
    with pytest.raises(FailedError) as caught:
        remote.upload([])
    assert "HF_HUB_DISABLE_XET" not in str(caught.value)


def test_secrets_and_long_texts_are_cut_from_a_message(remote):
    assert remote.clean(f"PUT https://a.example/b?sig=1\nwith {TOKEN}.") == "PUT https://a.example/b with <token>"
    assert len(remote.clean("<html>" + "x" * 20_000)) <= 501


@pytest.mark.parametrize("answer", [KeyError("commitUrl"), http_error(500)])
def test_a_commit_without_a_proper_answer_leaves_open_whether_it_was_made(monkeypatch, remote, answer):
    answers(monkeypatch, "create_commit", answer)
    with pytest.raises(CommitError, match="me/lamp: the commit failed"):
        remote.commit([], "abc", "Push")
    assert remote.so_far == UNKNOWN


def test_a_refused_commit_was_not_made(monkeypatch, remote):
    answers(monkeypatch, "create_commit", http_error(403))
    with pytest.raises(RefusedError, match=NOTHING_SENT):
        remote.commit([], "abc", "Push")
    assert remote.so_far == NOTHING_SENT


def test_a_list_of_files_that_lacks_one_is_not_taken_for_the_truth(monkeypatch, remote):
    """``{}`` and ``[]`` read as no files at all; a push would then write a card over the one that is there."""
    answers(monkeypatch, "list_repo_tree", [])
    assert remote.files(RepositoryState("abc", True)) == {}
    with pytest.raises(FailedError, match=r"the list of files.*README\.md"):
        remote.files(RepositoryState("abc", True, frozenset(["README.md"])))


@pytest.mark.parametrize(
    ("answer", "seen"), [(SimpleNamespace(), True), (http_error(401), False), (http_error(403), False)]
)
def test_a_stranger_sees_what_the_hub_answers_without_a_token(monkeypatch, remote, answer, seen):
    answers(monkeypatch, "dataset_info", answer)
    assert remote.is_seen_by_strangers() == seen
