import os

import pytest

from lamp_dataset.atomic.lock import lock_file, release


def test_a_lock_is_held_by_one_until_it_is_released(tmp_path):
    path = tmp_path / "lock"
    held = lock_file(path)
    with pytest.raises(BlockingIOError):
        lock_file(path)
    release(held)
    release(lock_file(path))


def test_a_child_that_lives_on_does_not_keep_a_lock_that_was_released(tmp_path):
    held, (child_waits, go) = lock_file(tmp_path / "lock"), os.pipe()
    if not (child := os.fork()):
        os.close(go)
        os.read(child_waits, 1)
        os._exit(0)
    release(held)
    release(lock_file(tmp_path / "lock"))
    os.close(go)
    os.waitpid(child, 0)


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic links"):
        lock_file(tmp_path / "lock")
    assert not (tmp_path / "precious").exists()
