import pytest

from lamp_dataset.atomic.exchange import exchange


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_two_folders_swap_their_names(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system cannot exchange two folders")
    assert (names(tmp_path / "a"), names(tmp_path / "b")) == (["b"], ["a"])
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "a", tmp_path / "nowhere")


def test_a_system_without_the_call_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")
    assert not exchange(tmp_path / "a", tmp_path / "b")
