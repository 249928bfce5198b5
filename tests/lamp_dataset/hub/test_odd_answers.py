"""A server or a user that is not as a push expects: one line says where it ended, and what was committed."""

import pytest

from lamp_dataset import SPLITS

#: Name -> (method, path, how many to let pass) of requests of a push to a repository that exists.
STEPS = {
    "look": ("GET", "^/api/datasets/me/lamp/revision/main$", 0),
    "card": ("GET", "/resolve/[^/]+/README.md", 0),
    "preupload": ("POST", "/preupload/", 0),
    "batch": ("POST", "objects/batch", 0),
    "upload": ("PUT", "^/upload/", 0),
    "commit": ("POST", "/commit/main", 0),
    "look after": ("GET", "/revision/[0-9a-f]{40}$", 0),
}
#: An answer without what is looked for, of another kind, and none at all, each where the client reads it otherwise.
ODD = [("look", "null"), ("card", "page"), ("preupload", "list"), ("batch", "page")]
ODD += [("upload", "object"), ("commit", "null"), ("commit", "page"), ("look after", "page"), ("look", "page")]
BODIES = {"object": b"{}", "list": b"[]", "null": b"null", "page": b"<html><title>Log in to the WLAN</title></html>"}


@pytest.fixture
def repo(client):
    """A repository with somebody's own words on its card."""
    repo = client.hub.store.create("me/lamp", private=True)
    repo.write("README.md", b"Ask Ida.\n")
    return repo


@pytest.mark.oldest
@pytest.mark.parametrize(("step", "body"), ODD)
def test_an_odd_answer_with_status_200_is_one_line_that_says_what_was_committed(client, repo, files, step, body):
    method, path, skip = STEPS[step]
    client.hub.fault(method, path, skip=skip, times=100, status=200, body=BODIES[body])
    done = client.push("me/lamp", "LaMP_2", data_dir=files, status=None)
    assert "Traceback" not in done.stderr
    pushed = len(repo.commits) > 2
    assert repo.head.files["README.md"].data.startswith(b"Ask Ida.") or pushed
    assert b"Ask Ida.\n" in repo.head.files["README.md"].data
    if done.returncode == 0:
        assert step == "upload"  # of which the client reads the status only
        assert pushed
        return
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: me/lamp: ")
    if pushed:
        assert f"commit {repo.head.oid} is" in last
    else:
        assert "nothing was sent" in last or "nothing was committed" in last


@pytest.mark.parametrize("body", ["object", "page", None])
def test_a_commit_that_was_made_behind_an_odd_answer_or_none_is_found(client, repo, files, body):
    client.hub.fault("POST", "/commit/main", times=1 if body else 6, drop="after", body=BODIES.get(body))
    done = client.push("me/lamp", "LaMP_2", data_dir=files)
    assert f"commit {repo.head.oid}" in done.stdout
    assert len(repo.commits) == 3


def test_whether_the_commit_was_made_is_said_to_be_unknown_where_nobody_answers_any_more(client, repo, files):
    client.hub.fault("POST", "/commit/main", drop="after", act=silence)
    done = client.push("me/lamp", "LaMP_2", data_dir=files, status=2)
    assert "it is not known whether the commit was made" in done.stderr.splitlines()[-1]
    assert len(repo.commits) == 3


def silence(hub):
    hub.fault("GET", "/revision/main$", times=100, status=500)


@pytest.mark.oldest
def test_the_last_look_stands_right_before_the_commit(client, repo, files):
    """As its owner and as a stranger; what the client itself asks for comes before."""
    client.push("me/lamp", "LaMP_2", data_dir=files)
    log = [(seen.method, seen.path, seen.token is not None) for seen in client.hub.log]
    commit = next(n for n, (_, path, _) in enumerate(log) if "/commit/" in path)
    assert log[commit - 2 : commit] == [
        ("GET", "/api/datasets/me/lamp/revision/main", True),
        ("GET", "/api/datasets/me/lamp", False),
    ]
    assert log[commit - 3][0] == "POST"


@pytest.mark.oldest
def test_where_strangers_see_it_not_a_byte_of_gated_texts_goes_out(client, repo, files):
    """A server that calls a repository private and shows it to all."""
    real = client.hub.store.readable
    client.hub.store.readable = lambda name, token: real(name, token or "hf_mewritesecret")
    done = client.push("me/lamp", "LaMP_6", data_dir=files, options=["--acknowledge-license"], status=2)
    assert "me/lamp: the Hub calls it private, but strangers can see it; nothing was sent" in done.stderr
    assert {seen.method for seen in client.hub.log} == {"GET"}


@pytest.mark.oldest
@pytest.mark.parametrize("step", ["look", "commit"])
def test_a_server_that_never_answers_is_given_up_after_a_named_time(client, repo, files, step):
    method, path, skip = STEPS[step]
    client.hub.fault(method, path, skip=skip, times=100, drop="silence")
    code = """
import lamp_dataset, lamp_dataset.hub.remote as sessions
sessions.ANSWER_SECONDS = 0.3
try:
    lamp_dataset.push_to_hub("me/lamp", "LaMP_2", arguments[0])
except ConnectionError as error:
    answer(str(error))
"""
    said = client.pushed(code, files)
    assert said.startswith("me/lamp: ")
    assert "0.3 s" in said
    assert "nothing was" in said
    assert len(repo.commits) == 2


@pytest.mark.oldest
@pytest.mark.parametrize("step", ["look", "commit"])
def test_a_redirect_to_another_host_is_refused_for_gated_configs_only(client, repo, files, step):
    method, path, skip = STEPS[step]

    def elsewhere(hub):
        # the same server under its other name
        hub.faults[-1].headers["Location"] = hub.files_origin + hub.log[-1].target

    for config, status in [("LaMP_6", 2), ("LaMP_2", None)]:
        client.hub.faults.clear()
        client.hub.log.clear()
        client.hub.fault(method, path, skip=skip, times=100, status=307, act=elsewhere)
        done = client.push("me/lamp", config, data_dir=files, options=["--acknowledge-license"], status=status)
        there = [seen for seen in client.hub.log if seen.origin == "localhost" and "/api/" in seen.path]
        if status:
            assert (there, len(repo.commits)) == ([], 2)
            assert "another host, localhost:" in done.stderr
            assert "nothing was" in done.stderr
        else:
            assert there


LOGGED = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
import lamp_dataset
lamp_dataset.push_to_hub("me/lamp", "LaMP_2", arguments[0])
logging.getLogger("mine").info("see https://a.example/b?page=2")
answer(None)
"""


@pytest.mark.oldest
def test_no_signed_address_is_in_the_logs_of_a_push(client, repo, files):
    """The HTTP library logs every address at INFO or DEBUG, to whatever handler the user has."""
    done = client.run_python(LOGGED, files)
    assert done.returncode == 0, done.stderr
    assert "/upload/" in done.stdout
    assert "signature" not in done.stdout + done.stderr
    assert "hf_mewrite" not in done.stdout + done.stderr
    # before and after, everything is logged as usual
    assert "see https://a.example/b?page=2" in done.stdout


@pytest.mark.oldest
def test_a_dry_run_without_a_token_shows_what_would_be_sent(client, files):
    done = client.typed("push", "me/lamp", "LaMP_2", "--data-dir", files, "--dry-run", token="")
    assert "would send LaMP_2/train-00000-of-00001.parquet" in done.stdout
    assert "without a token" in done.stdout
    assert {(seen.method, seen.token) for seen in client.hub.log} == {("GET", None)}
    client.hub.store.create("me/lamp", private=False)
    done = client.typed("push", "me/lamp", "LaMP_2", "--data-dir", files, "--dry-run", token="", status=2)
    assert "me/lamp is public; nothing was sent" in done.stderr


def test_somebodys_own_split_in_a_pushed_config_stays(client, repo, files):
    """Its files, and what the card says of it, so that it still loads."""
    client.push("me/lamp", "LaMP_2", data_dir=files)
    shard = repo.head.files["LaMP_2/train-00000-of-00001.parquet"]
    card = repo.head.files["README.md"].data.decode()
    card = card.replace("data_files:\n", "data_files:\n  - split: prompts\n    path: LaMP_2/prompts-*\n", 1)
    card = card.replace("  splits:\n", "  splits:\n  - name: prompts\n    num_bytes: 9\n    num_examples: 7\n", 1)
    theirs = {"LaMP_2/prompts-00000-of-00001.parquet": shard, "LaMP_2/notes.parquet": shard}
    repo.commit("a split of our own", {**repo.head.files, **theirs})
    repo.write("README.md", card.encode())
    repo.commit("an old shard", {**repo.head.files, "LaMP_2/test-00000-of-00002.parquet": shard})
    done = client.push("me/lamp", "LaMP_2", data_dir=files)
    assert "removed LaMP_2/test-00000-of-00002.parquet" in done.stdout
    assert set(theirs) < set(repo.head.files)
    loaded = client.load("me/lamp", "LaMP_2")["LaMP_2"]
    assert set(loaded) == {*SPLITS, "prompts"}
    assert loaded["prompts"] == loaded["train"]
