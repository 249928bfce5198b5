"""What goes wrong on the way: main is the old or the new state, whole, and the next run sends the rest."""

from made_up import write_all


def commits(client, repo="me/lamp"):
    return [commit.title for commit in client.hub.store.repos[repo].commits]


PUSHED = ["initial commit", "Push LaMP_2"]


def test_too_many_requests_are_waited_for_as_long_as_the_server_says(client, files):
    """On the calls that the client does not repeat."""
    for number, (method, path) in enumerate(
        [
            ("GET", "^/api/datasets/me/lamp/revision/main$"),
            ("GET", "auth-check/write"),
            ("POST", "repos/create"),
            ("POST", "validate-yaml"),
            ("POST", "/commit/main"),
        ]
    ):
        limit = {"RateLimit": f'"api";r=0;t={10 + number}', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}
        client.hub.fault(method, path, times=2, status=429, headers=limit)
    done = client.push("me/lamp", "LaMP_2", data_dir=files)
    assert sorted(client.hub.noted("waits")) == sorted(f"{seconds}.0" for seconds in range(11, 16) for _ in range(2))
    assert "the Hub answered 429; trying again in 15 s" in done.stderr
    assert commits(client) == PUSHED


def test_a_lasting_trouble_at_the_commit_leaves_main_and_the_next_run_sends_no_file(client, files):
    client.hub.fault("POST", "/commit/main", times=6, status=500)
    done = client.push("me/lamp", "LaMP_2", data_dir=files, status=2)
    assert commits(client) == ["initial commit"]
    assert "error: me/lamp: the commit failed: the Hub answered 500: on order; nothing was committed" in done.stderr
    client.hub.log.clear()
    client.push("me/lamp", "LaMP_2", data_dir=files)
    assert client.hub.seen("PUT", "") == []
    assert commits(client) == PUSHED


def test_uploads_that_are_cut_leave_main_and_the_next_run_sends_the_rest(client, files):
    client.hub.fault("PUT", "^/upload/", act=lambda hub: None)  # the first passes
    client.hub.fault("PUT", "^/upload/", times=1000, drop="before")
    done = client.push("me/lamp", "LaMP_2", data_dir=files, status=2)
    assert commits(client) == ["initial commit"]
    assert "error: me/lamp: the upload of files failed:" in done.stderr
    sent = len(client.hub.store.blobs)
    assert sent == 1
    client.hub.faults.clear()
    client.hub.log.clear()
    client.push("me/lamp", "LaMP_2", data_dir=files)
    assert len(client.hub.seen("PUT", "^/upload/")) == 3 - sent
    assert commits(client) == PUSHED


def test_somebody_elses_commit_is_built_upon(client, files):
    """A race lost: their config and their words on the card stay, with ours."""
    client.push("me/lamp", "LaMP_2", data_dir=files)
    client.push("me/theirs", "LaMP_3_time", data_dir=files)
    theirs = client.hub.store.repos["me/theirs"].head

    def their_commit(hub):
        repo = hub.store.repos["me/lamp"]
        both = {**repo.head.files, **theirs.files}
        repo.commit("theirs", both)

    client.hub.store.repos["me/lamp"].commits.pop()
    client.hub.fault("POST", "/commit/main", act=their_commit)
    done = client.push("me/lamp", "LaMP_2", data_dir=files)
    assert "somebody else's commit came first" in done.stderr
    assert commits(client) == ["initial commit", "theirs", "Push LaMP_2"]
    loaded = client.load("me/lamp", "LaMP_2", "LaMP_3_time")
    assert {config: {split: len(rows) for split, rows in splits.items()} for config, splits in loaded.items()} == {
        "LaMP_2": {"train": 7, "validation": 7, "test": 7},
        "LaMP_3_time": {"train": 5, "validation": 5, "test": 5},
    }


def test_a_race_lost_for_ever_ends(client, files):
    client.hub.fault("POST", "/commit/main", times=100, status=412)
    done = client.push("me/lamp", "LaMP_2", data_dir=files, status=2)
    assert (commits(client), len(client.hub.seen("POST", "/commit/"))) == (["initial commit"], 12)
    assert "the commit failed: the Hub answered 412" in done.stderr


def test_a_config_that_somebody_removed_meanwhile_does_not_come_back(client, files):
    client.push("me/lamp", "LaMP_2", "LaMP_3_time", data_dir=files)
    client.push("me/only", "LaMP_2", data_dir=files)
    repo, only = client.hub.store.repos["me/lamp"], client.hub.store.repos["me/only"].head.files
    repo.write("LaMP_2/train-00000-of-00001.parquet", b"old")
    client.hub.fault("POST", "/commit/main", act=lambda hub: repo.commit("one config less", dict(only)))
    client.push("me/lamp", "LaMP_2", data_dir=files)
    assert sorted(repo.head.files) == sorted(only)
    assert repo.head.files["README.md"] == only["README.md"]


def test_fewer_shards_and_a_split_less_leave_no_stale_file(client, files, tmp_path):
    """Other files of the folder stay; old shards go in the same commit as the new ones come."""
    many = """
import lamp_dataset, lamp_dataset.hub.export as plan
plan.number_of_shards = lambda sizes: dict.fromkeys(sizes, 3)
lamp_dataset.push_to_hub("me/lamp", ["LaMP_2", "LaMP_3_time"], arguments[0])
answer(None)
"""
    client.pushed(many, files)
    repo = client.hub.store.repos["me/lamp"]
    assert len([path for path in repo.head.files if path.startswith("LaMP_2/train-")]) == 3
    repo.write("LaMP_2/NOTES.txt", b"ours\n")
    write_all(tmp_path / "less", ["LaMP_2"], count=2, splits=("train", "validation"))
    done = client.push("me/lamp", "LaMP_2", data_dir=tmp_path / "less")
    assert "removed LaMP_2/test-00002-of-00003.parquet" in done.stdout
    assert [path for path in repo.head.files if path.startswith("LaMP_2/")] == [
        "LaMP_2/NOTES.txt",
        "LaMP_2/train-00000-of-00001.parquet",
        "LaMP_2/validation-00000-of-00001.parquet",
    ]
    assert len([path for path in repo.head.files if path.startswith("LaMP_3_time/")]) == 9
    loaded = client.load("me/lamp", "LaMP_2", "LaMP_3_time", streaming=True)
    assert {split: len(rows) for split, rows in loaded["LaMP_2"].items()} == {"train": 2, "validation": 2}
    assert len(loaded["LaMP_3_time"]["test"]) == 5
