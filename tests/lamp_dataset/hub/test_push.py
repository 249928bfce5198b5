"""A push and what comes back; what refuses it, and that not a byte went out then."""

import os

import pytest
from made_up import write_all

from lamp_dataset import SAMPLE, TASKS, load_split

ALL_THREE = ("LaMP_2", "LaMP_3_time", "LaMP_6")


def sent_nothing(hub):
    """No content went to the Hub: neither a file nor the first bytes of one."""
    return not [seen for seen in hub.log if seen.method in ("PUT", "POST") and "repos/create" not in seen.path]


@pytest.mark.oldest
def test_a_push_comes_back_equal_and_the_same_again_sends_nothing(either_client, files, source):
    hub = either_client.hub
    done = either_client.typed("push", "me/lamp", *ALL_THREE, "--data-dir", files, "--acknowledge-license")
    repo = hub.store.repos["me/lamp"]
    assert repo.private
    assert [commit.title for commit in repo.commits] == ["initial commit", "Push LaMP_2, LaMP_3_time, LaMP_6"]
    assert f"{hub.endpoint}/datasets/me/lamp (private): commit {repo.head.oid}" in done.stdout
    assert "LaMP_6: train 4, validation 4, test 4 rows" in done.stdout
    # by the way that the server takes
    assert len(hub.seen("PUT", "^/upload/")) == (0 if hub.xet else 9)
    assert len(hub.seen("GET", "xet-write-token")) == (1 if hub.xet else 0)

    hub.log.clear()
    again = either_client.push("me/lamp", *ALL_THREE, data_dir=files, options=["--acknowledge-license"])
    assert len(repo.commits) == 2
    assert f"nothing to send, commit {repo.head.oid}" in again.stdout
    assert sent_nothing(hub)
    assert hub.noted("outside") == []

    expected = {config: source(config) for config in ALL_THREE}
    assert either_client.load("me/lamp", *ALL_THREE) == expected
    assert either_client.load("me/lamp", *ALL_THREE, streaming=True) == expected
    assert expected["LaMP_6"]["test"][0]["output"] is None
    # plain datasets asks the viewer of the same Hub, whose host has this name; our own part did not
    assert set(hub.noted("outside")) <= {"datasets-server.127.0.0.1"}


def test_a_repository_whose_rules_keep_parquet_out_of_lfs(client, files, source):
    """The Hub then takes the files in the commit itself, and names them by another hash."""
    repo = client.hub.store.create("me/lamp", private=True)
    repo.write(".gitattributes", b"*.bin filter=lfs\n")
    client.push("me/lamp", "LaMP_2", data_dir=files)
    assert not repo.head.files["LaMP_2/train-00000-of-00001.parquet"].lfs
    done = client.push("me/lamp", "LaMP_2", data_dir=files)
    assert f"nothing to send, commit {repo.head.oid}" in done.stdout
    assert client.load("me/lamp", "LaMP_2") == {"LaMP_2": source("LaMP_2")}


def test_from_python(client, files):
    code = """
import lamp_dataset
pushed = lamp_dataset.push_to_hub("me/lamp", "LaMP_2", arguments[0], token=True)
answer([pushed.commit, pushed.new_commit, pushed.visibility, pushed.num_rows])
"""
    head = client.pushed(code, files)
    commit = client.hub.store.repos["me/lamp"].head.oid
    assert head == [commit, True, "private", {"LaMP_2": {"train": 7, "validation": 7, "test": 7}}]
    assert client.hub.noted("outside") == []


def test_a_dry_run_only_looks(client, files):
    done = client.push("me/lamp", "LaMP_2", data_dir=files, options=["--dry-run"])
    assert "would send LaMP_2/train-00000-of-00001.parquet" in done.stdout
    assert "me/lamp (to be created, private): would send 4 files" in done.stdout
    assert (client.hub.store.repos, {seen.method for seen in client.hub.log}) == ({}, {"GET"})
    client.push("me/lamp", "LaMP_2", data_dir=files)
    done = client.push("me/lamp", "LaMP_2", "LaMP_3_time", data_dir=files, options=["--dry-run"])
    assert "LaMP_2/" not in done.stdout
    assert "me/lamp (private): would send 4 files" in done.stdout


def test_into_a_public_repository_nothing_is_sent(client, files):
    client.hub.store.create("me/lamp", private=False)
    for options in (["--acknowledge-license"], ["--acknowledge-license", "--dry-run"]):
        done = client.push("me/lamp", "LaMP_6", data_dir=files, options=options, status=2)
        assert "error: me/lamp is public; nothing was sent." in done.stderr
        assert f"{client.hub.endpoint}/datasets/me/lamp/settings" in done.stderr
    assert {seen.method for seen in client.hub.log} == {"GET"}
    assert len(client.hub.store.repos["me/lamp"].commits) == 1


@pytest.mark.parametrize(
    ("moment", "said", "sent"),
    [
        (("GET", "auth-check/write"), "nothing was sent", 0),
        (("PUT", "^/upload/"), "nothing was committed", 3),
        (("POST", "/commit/main"), "is in the repository", 3),
    ],
)
def test_made_public_on_the_way_what_was_sent_is_told_and_the_rest_is_not_sent(client, files, moment, said, sent):
    repo = client.hub.store.create("me/lamp", private=True)
    client.hub.fault(*moment, act=lambda hub: setattr(repo, "private", False))
    done = client.push("me/lamp", "LaMP_2", data_dir=files, status=2)
    assert "error: me/lamp is public; " in done.stderr
    assert said in done.stderr
    assert len(client.hub.store.blobs) == sent
    assert (len(repo.commits) == 2) == (said == "is in the repository") == (repo.head.oid in done.stderr)


def test_a_repository_that_somebody_else_makes_and_publishes_gets_nothing(client, files):
    client.hub.fault("POST", "repos/create", act=lambda hub: hub.store.create("me/lamp", private=False))
    done = client.push("me/lamp", "LaMP_2", data_dir=files, status=2)
    assert sent_nothing(client.hub)
    assert "me/lamp is public; nothing was sent" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "has_files", "message"),
    [
        (["lamp", "LaMP_2"], True, "expected a repository as 'namespace/name', found 'lamp'"),
        (["me/lamp", "LaMP_2", "LaMP_7"], True, "LaMP_7"),
        (["me/lamp", "LaMP_2", "LaMP_6"], True, f"LaMP_6: these texts are under {TASKS['LaMP_6'].license}."),
        (["me/lamp", "LaMP_6", "--acknowledge-license"], False, "LaMP_6 is gated: its texts come from the Avocado"),
    ],
)
def test_what_is_wrong_here_is_told_before_any_request(client, files, arguments, has_files, message):
    done = client.typed("push", *arguments, *(["--data-dir", files] if has_files else []), status=2)
    assert client.hub.log == []
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert ("--acknowledge-license" in done.stderr) == ("these texts" in message)


def test_made_public_between_two_portions_the_second_is_not_sent(client, files):
    repo = client.hub.store.create("me/lamp", private=True)
    client.hub.fault("PUT", "^/upload/", act=lambda hub: setattr(repo, "private", False))
    code = """
import lamp_dataset, lamp_dataset.hub.push as push
push.PORTION = 1
try:
    lamp_dataset.push_to_hub("me/lamp", "LaMP_2", arguments[0])
except PermissionError as error:
    answer(str(error))
"""
    assert "me/lamp is public; nothing was committed" in client.pushed(code, files)
    assert (len(repo.commits), len(client.hub.store.blobs)) == (1, 1)


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("", "error: no token for the Hub: run 'hf auth login', or set HF_TOKEN"),
        ("hf_nobodys", "the look at the repository (401: Invalid credentials"),
        ("hf_mereadsecret", "the creation of the repository (403: You don't have the rights"),
    ],
)
def test_a_token_that_may_not_is_told_before_any_row_is_built(client, tmp_path, files, token, message):
    home = tmp_path / "untouched"
    done = client.typed("push", "me/lamp", "LaMP_2", "--data-dir", files, token=token, home=home, status=2)
    assert sent_nothing(client.hub)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(home.rglob("*.arrow"))


def test_without_a_network_it_is_one_line(client, files):
    offline = client.typed("push", "me/lamp", "LaMP_2", "--data-dir", files, status=2, HF_HUB_OFFLINE="1")
    assert "error: me/lamp: the look at the repository failed: Cannot reach" in offline.stderr
    nobody = {"HF_ENDPOINT": "https://127.0.0.1:9"}
    refused = client.typed("push", "me/lamp", "LaMP_2", "--data-dir", files, status=2, **nobody)
    assert refused.stderr.splitlines()[-1].startswith("error: me/lamp: the look at the repository failed: ")
    assert len(client.hub.noted("waits")) == 5
    assert "xet" not in (offline.stderr + refused.stderr).lower()


def test_a_renamed_repository_is_not_written_under_its_old_name(client, files):
    repo = client.hub.store.create("me/new", private=True)
    client.hub.store.repos["me/old"] = repo
    done = client.push("me/old", "LaMP_2", data_dir=files, status=2)
    assert sent_nothing(client.hub)
    assert "me/old is now called me/new: push to that name" in done.stderr


def test_files_that_the_repository_ignores_are_not_lost_silently(client, files):
    repo = client.hub.store.create("me/lamp", private=True)
    repo.write(".gitignore", b"*.parquet\n")
    done = client.push("me/lamp", "LaMP_2", data_dir=files, status=2)
    assert len(repo.commits) == 2
    assert ".gitignore excludes LaMP_2/train-00000-of-00001.parquet" in done.stderr


def test_other_rows_than_were_sent_are_noticed(client, files, tmp_path):
    """After the commit, the hashes there are compared with those of the files that were sent."""
    write_all(tmp_path / "other", ["LaMP_2"], count=7, seed=1)
    client.push("me/other", "LaMP_2", data_dir=tmp_path / "other")
    others = {path: file for path, file in client.hub.store.repos["me/other"].head.files.items() if file.lfs}
    client.hub.fault(
        "GET", "/revision/[0-9a-f]{40}$", act=lambda hub: hub.store.repos["me/lamp"].head.files.update(others)
    )
    done = client.push("me/lamp", "LaMP_2", data_dir=files, status=2)
    head = client.hub.store.repos["me/lamp"].head.oid
    assert f"me/lamp: LaMP_2/train-00000-of-00001.parquet in commit {head} is not what was sent" in done.stderr


def test_a_task_of_another_package_goes_to_a_private_repository(client, tmp_path):
    write_all(tmp_path / "files", ["LaMP_2"], count=5)
    row = 'dataclasses.replace(TASKS["LaMP_2"], name="Films", base="Films", aliases=())'
    code = f"import dataclasses\nfrom lamp_dataset import TASKS\ndef tasks():\n    return [{row}]\n"
    (tmp_path / "films.py").write_text(code)
    about = tmp_path / "films-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: films\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[lamp_dataset.tasks]\nfilms = films:tasks\n")
    path = os.pathsep.join([str(tmp_path), client.hub.environment("", tmp_path).get("PYTHONPATH", "")]).strip(
        os.pathsep
    )
    client.typed("push", "me/films", "Films", "--data-dir", tmp_path / "files", PYTHONPATH=path)
    assert client.hub.store.repos["me/films"].private
    rows = client.load("me/films", "Films")["Films"]
    assert {split: len(found) for split, found in rows.items()} == {"train": 5, "validation": 5, "test": 5}


def test_rows_that_the_hub_published_go_to_a_private_repository(client):
    client.push("me/posts", "LongLaMP_topic", data_dir=SAMPLE)
    assert client.hub.store.repos["me/posts"].private
    found = client.load("me/posts", "LongLaMP_topic")["LongLaMP_topic"]
    assert found == {split: load_split("LongLaMP_topic", split, SAMPLE).to_list() for split in found}
    assert [row["id"] for row in found["test"]] == [f"LongLaMP_topic-test-{n}" for n in range(len(found["test"]))]
