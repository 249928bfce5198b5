"""``kill -9`` and races: what is there is the old state or the new one, whole, and the next run ends the work."""

import random
import threading

import pytest
from made_up import write_all


@pytest.fixture(scope="module")
def other_files(tmp_path_factory):
    """The same config as in ``files`` with other rows."""
    folder = tmp_path_factory.mktemp("other")
    write_all(folder, ["LaMP_2"], count=6, seed=1)
    return folder


def state(repo):
    """The repository's files without the mark of who made them."""
    return {path: file.oid for path, file in repo.head.files.items()}


def test_a_push_killed_at_any_moment_leaves_the_old_or_the_new(client, files, other_files):
    hub, old = client.hub, {}
    client.push("me/lamp", "LaMP_2", data_dir=other_files)
    repo = hub.store.repos["me/lamp"]
    old, count = repo.commits[:], len(hub.log)
    client.push("me/lamp", "LaMP_2", data_dir=files)
    requests, new = len(hub.log) - count, state(repo)
    commit = next(n for n, seen in enumerate(hub.log[count:]) if "/commit/" in seen.path)
    moments = [*random.Random(7).sample([n for n in range(requests) if n != commit], 3), commit, commit]
    for moment, drop in zip(moments, ["before", "after", "before", "before", "after"], strict=True):
        repo.commits[:] = old
        hub.store.blobs = {file.oid: file.data for file in repo.head.files.values() if file.lfs}
        hub.faults.clear()
        push = client.start_push("me/lamp", "LaMP_2", data_dir=files)
        hub.fault(None, "", skip=moment, drop=drop, act=lambda hub, push=push: push.kill())
        assert push.ended().returncode == -9
        assert state(repo) in (new, {path: file.oid for path, file in old[-1].files.items()})
        assert (state(repo) == new) == (len(repo.commits) > len(old))
        sent = {oid for oid in new.values() if oid in hub.store.blobs}
        hub.log.clear()
        client.push("me/lamp", "LaMP_2", data_dir=files)
        assert state(repo) == new
        assert len(repo.commits) == len(old) + 1
        assert len(hub.seen("PUT", "^/upload/")) == 3 - len(sent)


def race(client, pushes):
    """Run pushes that all stand before the commit before one of them goes on."""
    barrier = threading.Barrier(len(pushes))
    client.hub.fault("POST", "/commit/main", times=len(pushes), act=lambda hub: barrier.wait(60))
    running = [client.start_push("me/lamp", *configs, data_dir=folder) for configs, folder in pushes]
    return [push.ended() for push in running]


def test_racing_pushes_of_two_configs_both_arrive(client, files):
    ends = race(client, [(["LaMP_2"], files), (["LaMP_3_time"], files)])
    assert [end.returncode for end in ends] == [0, 0], ends
    assert sum("somebody else's commit came first" in end.stderr for end in ends) == 1
    assert len(client.hub.store.repos["me/lamp"].commits) == 3
    loaded = client.load("me/lamp", "LaMP_2", "LaMP_3_time")
    assert [len(loaded[config]["train"]) for config in loaded] == [7, 5]
