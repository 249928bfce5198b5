import subprocess
import sys

import pytest

from lamp_dataset.hub import folders
from lamp_dataset.hub.folders import put_in_place, work_folder


def fill(folder, text):
    folder.mkdir()
    (folder / "file").write_text(text)
    return folder


def test_a_work_folder_is_private_and_gone_afterwards(tmp_path):
    with work_folder(tmp_path / "new", "out") as work:
        assert work.parent == tmp_path / "new"
        assert work.stat().st_mode & 0o777 == 0o700
        fill(work / "inside", "text")
    assert list((tmp_path / "new").iterdir()) == []
    with pytest.raises(KeyError), work_folder(tmp_path, "out"):
        raise KeyError
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_what_a_killed_run_left_is_removed_and_a_live_one_is_let_alone(tmp_path):
    killed = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom lamp_dataset.hub.folders import work_folder\n"
        "with work_folder(Path(sys.argv[1]), 'out') as work:\n"
        "    (work / 'file').write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", killed, str(tmp_path)], check=False)
    left = [path.name for path in tmp_path.glob(".out.*.part")]
    assert len(left) == 1
    with work_folder(tmp_path, "out") as live:
        (live / "file").write_text("mine")
        assert left[0] not in [path.name for path in tmp_path.iterdir()]
        with work_folder(tmp_path, "out"), work_folder(tmp_path, "other"):
            assert (live / "file").read_text() == "mine"
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_removed_now_is_removed_the_next_time(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(folders.shutil, "rmtree", lambda folder, ignore_errors: None)
        with work_folder(tmp_path, "out") as work:
            (work / "file").write_text("still in use")
    assert (work / "file").exists()
    with work_folder(tmp_path, "out"):
        assert not work.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("swap", [True, False], ids=["swap", "two renames"])
def test_a_folder_takes_the_place_of_nothing_an_empty_one_and_an_old_one(tmp_path, monkeypatch, swap):
    if not swap:
        monkeypatch.setattr(folders, "_swap", lambda one, other: False)
    target = tmp_path / "out"
    for text in ("first", "second", "third"):
        with work_folder(tmp_path, "out") as work:
            put_in_place(fill(work / "new", text), target)
        assert (target / "file").read_text() == text
        if text == "second":
            (target / "file").unlink()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
