"""A push and what comes back; what refuses it, and that not a byte went out then."""

import os
from pathlib import Path

import pytest
from made_up import write_all

from lamp_dataset import TASKS

ALL_THREE = ("LaMP_2", "LaMP_3_time", "LaMP_6")


def sent_nothing(hub):
    """No content went to the Hub: neither a file nor the first bytes of one."""
    return not [seen for seen in hub.log if seen.method in ("PUT", "POST") and "repos/create" not in seen.path]


@pytest.mark.oldest
def test_a_push_comes_back_equal_and_the_same_again_sends_nothing(either_client, files, source):
    hub = either_client.hub
    done = either_client.typed("push", "me/lamp", *ALL_THREE, "--data-dir", files, "--acknowledge-license")
    assert done.returncode == 0, done.stderr
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
    assert (again.returncode, len(repo.commits)) == (0, 2)
    assert f"nothing to send, commit {repo.head.oid}" in again.stdout
    assert sent_nothing(hub)
    assert hub.noted("outside") == []

    expected = {config: source(config) for config in ALL_THREE}
    assert either_client.load("me/lamp", *ALL_THREE) == expected
    assert either_client.load("me/lamp", *ALL_THREE, streaming=True) == expected
    assert expected["LaMP_6"]["test"][0]["output"] is None
    # plain datasets asks the viewer of the same Hub, whose host has this name; our own part did not
    assert set(hub.noted("outside")) <= {"datasets-server.127.0.0.1"}


OLDEST = Path(__file__).parents[3] / ".venv-oldest/bin/python"


@pytest.mark.skipif(not OLDEST.exists(), reason="needs the environment of the oldest versions: make test")
def test_what_todays_versions_push_the_oldest_load(client, files, source):
    assert client.push("me/lamp", "LaMP_2", data_dir=files).returncode == 0
    for streaming in (False, True):
        assert client.load("me/lamp", "LaMP_2", interpreter=OLDEST, streaming=streaming) == {"LaMP_2": source("LaMP_2")}


def test_a_repository_whose_rules_keep_parquet_out_of_lfs(client, files, source):
    """The Hub then takes the files in the commit itself, and names them by another hash."""
    repo = client.hub.store.create("me/lamp", private=True)
    repo.write(".gitattributes", b"*.bin filter=lfs\n")
    assert client.push("me/lamp", "LaMP_2", data_dir=files).returncode == 0
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


def test_large_files_are_read_in_ranges_from_another_origin_without_the_token(client, files):
    assert client.push("me/lamp", "LaMP_2", data_dir=files).returncode == 0
    client.load("me/lamp", "LaMP_2", streaming=True)
    ranged = [seen for seen in client.hub.log if seen.status == 206]
    assert ranged
    assert {seen.origin for seen in ranged} == {"localhost"}
    other_origin = [seen for seen in client.hub.log if seen.origin == "localhost"]
    assert {seen.method for seen in other_origin} == {"PUT", "GET"}
    assert {seen.token for seen in other_origin} == {None}
    assert not [seen for seen in client.hub.log if "hf_" in seen.target]


def test_a_dry_run_only_looks(client, files):
    done = client.push("me/lamp", "LaMP_2", data_dir=files, options=["--dry-run"])
    assert done.returncode == 0
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
        done = client.push("me/lamp", "LaMP_6", data_dir=files, options=options)
        assert done.returncode == 2
        assert "error: me/lamp is public; nothing was sent." in done.stderr
        assert f"{client.hub.endpoint}/datasets/me/lamp/settings" in done.stderr
    assert {seen.method for seen in client.hub.log} == {"GET"}
    assert len(client.hub.store.repos["me/lamp"].commits) == 1


@pytest.mark.parametrize(
    ("moment", "skip", "said", "sent"),
    [
        (("GET", "auth-check/write"), 0, "nothing was sent", 0),
        (("PUT", "^/upload/"), 0, "nothing was committed", 3),
        (("POST", "validate-yaml"), 0, "nothing was committed", 3),
        (("POST", "preupload/main"), 1, "nothing was committed", 3),
        (("POST", "/commit/main"), 0, "is in the repository", 3),
    ],
)
def test_made_public_on_the_way_what_was_sent_is_told_and_the_rest_is_not_sent(client, files, moment, skip, said, sent):
    repo = client.hub.store.create("me/lamp", private=True)
    client.hub.fault(*moment, skip=skip, act=lambda hub: setattr(repo, "private", False))
    done = client.push("me/lamp", "LaMP_2", data_dir=files)
    assert done.returncode == 2
    assert "error: me/lamp is public; " in done.stderr
    assert said in done.stderr
    assert len(client.hub.store.blobs) == sent
    assert (len(repo.commits) == 2) == (said == "is in the repository") == (repo.head.oid in done.stderr)


def test_a_repository_that_somebody_else_makes_and_publishes_gets_nothing(client, files):
    client.hub.fault("POST", "repos/create", act=lambda hub: hub.store.create("me/lamp", private=False))
    done = client.push("me/lamp", "LaMP_2", data_dir=files)
    assert (done.returncode, sent_nothing(client.hub)) == (2, True)
    assert "me/lamp is public; nothing was sent" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "has_files", "message"),
    [
        (["lamp", "LaMP_2"], True, "expected a repository as 'namespace/name', found 'lamp'"),
        (["me/la mp", "LaMP_2"], True, "Repo id must use"),
        (["me/lamp", "LaMP-2N"], True, "that task is 'LaMP_2_news' here"),
        (["me/lamp", "LaMP_2", "LaMP_7"], True, "LaMP_7"),
        (["me/lamp", "LaMP_2", "LaMP_6"], True, f"LaMP_6: these texts are under {TASKS['LaMP_6'].license}."),
        (["me/lamp", "LaMP_6", "--acknowledge-license"], False, "LaMP_6 is gated: its texts come from the Avocado"),
    ],
)
def test_what_is_wrong_here_is_told_before_any_request(client, files, arguments, has_files, message):
    done = client.typed("push", *arguments, *(["--data-dir", files] if has_files else []))
    assert (done.returncode, client.hub.log) == (2, [])
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
    ("token", "there", "message"),
    [
        ("", False, "error: no token for the Hub: run 'hf auth login', or set HF_TOKEN"),
        ("hf_nobodys", False, "the look at the repository (401: Invalid credentials"),
        ("hf_mereadsecret", False, "the creation of the repository (403: You don't have the rights"),
        ("hf_strangersecret", True, "the creation of the repository (403: You don't have the rights"),
    ],
)
def test_a_token_that_may_not_is_told_before_any_row_is_built(client, tmp_path, files, token, there, message):
    if there:
        client.hub.store.create("me/lamp", private=True)
    home = tmp_path / "untouched"
    done = client.typed("push", "me/lamp", "LaMP_2", "--data-dir", files, token=token, home=home)
    assert (done.returncode, sent_nothing(client.hub)) == (2, True)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(home.rglob("*.arrow"))


def test_without_a_network_it_is_one_line(client, files):
    offline = client.typed("push", "me/lamp", "LaMP_2", "--data-dir", files, HF_HUB_OFFLINE="1")
    assert "error: me/lamp: the look at the repository failed: Cannot reach" in offline.stderr
    nobody = {"HF_ENDPOINT": "https://127.0.0.1:9"}
    refused = client.typed("push", "me/lamp", "LaMP_2", "--data-dir", files, **nobody)
    assert refused.stderr.splitlines()[-1].startswith("error: me/lamp: the look at the repository failed: ")
    assert (offline.returncode, refused.returncode, len(client.hub.noted("waits"))) == (2, 2, 5)
    assert "xet" not in (offline.stderr + refused.stderr).lower()


def test_a_renamed_repository_is_not_written_under_its_old_name(client, files):
    repo = client.hub.store.create("me/new", private=True)
    client.hub.store.repos["me/old"] = repo
    done = client.push("me/old", "LaMP_2", data_dir=files)
    assert (done.returncode, sent_nothing(client.hub)) == (2, True)
    assert "me/old is now called me/new: push to that name" in done.stderr


def test_a_repository_with_a_script_of_its_name_is_refused_before_a_file_is_sent(client, files):
    repo = client.hub.store.create("me/lamp", private=True)
    repo.write("lamp.py", b"")
    done = client.push("me/lamp", "LaMP_2", data_dir=files)
    assert (done.returncode, len(repo.commits), sent_nothing(client.hub)) == (2, 2, True)
    assert "error: me/lamp: holds lamp.py, which load_dataset takes for a loading script" in done.stderr


def test_files_that_the_repository_ignores_are_not_lost_silently(client, files):
    repo = client.hub.store.create("me/lamp", private=True)
    repo.write(".gitignore", b"*.parquet\n")
    done = client.push("me/lamp", "LaMP_2", data_dir=files)
    assert (done.returncode, len(repo.commits)) == (2, 2)
    assert ".gitignore excludes LaMP_2/train-00000-of-00001.parquet" in done.stderr


def test_other_rows_than_were_sent_are_noticed(client, files, tmp_path):
    """After the commit, the hashes there are compared with those of the files that were sent."""
    write_all(tmp_path / "other", ["LaMP_2"], count=7, seed=1)
    client.push("me/other", "LaMP_2", data_dir=tmp_path / "other")
    others = {path: file for path, file in client.hub.store.repos["me/other"].head.files.items() if file.lfs}
    client.hub.fault("GET", "/tree/", skip=2, act=lambda hub: hub.store.repos["me/lamp"].head.files.update(others))
    done = client.push("me/lamp", "LaMP_2", data_dir=files)
    assert done.returncode == 2
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
    done = client.typed("push", "me/films", "Films", "--data-dir", tmp_path / "files", PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert client.hub.store.repos["me/films"].private
    rows = client.load("me/films", "Films")["Films"]
    assert {split: len(found) for split, found in rows.items()} == {"train": 5, "validation": 5, "test": 5}
