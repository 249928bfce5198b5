import errno
import os
import shutil
import signal
from pathlib import Path

import pytest
from console import python
from folders import mode_of, names

import lamp_dataset
from lamp_dataset.atomic import folder as module
from lamp_dataset.atomic import whole_folder, work_folder

ROOT = str(Path(lamp_dataset.__file__).parent.parent)


def refuse(path):
    raise FileExistsError(f"{path} is in use")


def allow(path):
    pass


def state(folder):
    """Path below the folder -> content; None for a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def fill(folder, text):
    folder.mkdir(exist_ok=True)
    (folder / "file").write_text(text)
    return folder


def run(code, *arguments):
    code = f"import os, signal, sys\nsys.path.insert(0, {ROOT!r})\nfrom pathlib import Path\n{code}"
    return python(code, *arguments)


# ---------------------------------------------------------------- work folders


def test_a_work_folder_is_private_and_gone_afterwards(tmp_path):
    with work_folder(tmp_path / "new", "out") as work:
        assert work.parent == tmp_path / "new"
        assert mode_of(work) == 0o700
        assert {mode_of(path) for path in work.iterdir()} == {0o600}
        fill(work / "inside", "text")
        (work / "link").symlink_to(tmp_path)
    assert names(tmp_path / "new") == []
    with pytest.raises(KeyError), work_folder(tmp_path, "out"):
        raise KeyError
    assert names(tmp_path) == ["new"]


KILLED = """
from lamp_dataset.atomic import work_folder
with work_folder(Path(sys.argv[1]), 'out') as work:
    (work / 'file').write_text('half')
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_left_is_removed_and_a_live_one_is_left_untouched(tmp_path, caplog):
    assert run(KILLED, tmp_path).returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    with work_folder(tmp_path, "other"):
        assert (left / "file").read_text() == "half"
    with work_folder(tmp_path, "out") as live:
        (live / "file").write_text("mine")
        assert names(tmp_path) == [live.name]
        assert f"{left}: left behind by a killed run, removed" in caplog.text
        with work_folder(tmp_path, "out"), work_folder(tmp_path, "other"):
            assert (live / "file").read_text() == "mine"
    assert names(tmp_path) == []


def test_what_was_killed_before_it_had_its_lock_is_removed_and_odd_names_are_no_pattern(tmp_path):
    (tmp_path / ".out.0123456789abcdef.lamp-work").mkdir()
    with work_folder(tmp_path, "out"):
        pass
    assert names(tmp_path) == []
    other = fill(tmp_path / ".x.0123456789abcdef.lamp-work", "text")
    (other / "lamp-lock").touch()
    with work_folder(tmp_path, "[xyz]"), work_folder(tmp_path, "."), work_folder(tmp_path, "*"):
        assert (other / "file").read_text() == "text"


def test_what_cannot_be_removed_now_is_removed_the_next_time(tmp_path, monkeypatch):
    def refuse_to_remove(path):
        raise OSError(errno.EBUSY, "still in use", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", refuse_to_remove)
        fill(tmp_path / "out", "old")
        with whole_folder(tmp_path / "out", allow) as new:
            fill(new, "new")
    assert (new.parent / "old" / "file").exists()
    shutil.rmtree(tmp_path / "out")
    with work_folder(tmp_path, "out"):
        assert not new.parent.exists()
    assert names(tmp_path) == [], "what was replaced is not put back"


@pytest.mark.parametrize("marked", [False, True], ids=["before the lock exists", "before it is held"])
def test_a_run_survives_that_another_takes_its_new_folder_for_left_behind(tmp_path, monkeypatch, marked):
    taken, lock_file = [], module.lock_file

    def look_first(path, **how):
        if len(taken) < 3:
            if marked:
                path.touch()
            taken.append(path.parent)
            module._remove_left_overs(tmp_path, "out")
        return lock_file(path, **how)

    monkeypatch.setattr(module, "lock_file", look_first)
    with work_folder(tmp_path, "out") as work:
        assert taken
        assert mode_of(work) == 0o700
        assert names(work) == ["lamp-lock"]
        with work_folder(tmp_path, "out"):
            assert work.exists(), "the lock is held"
    assert names(tmp_path) == []


#: What a user may have beside a target ``out``: files and folders of similar names, none of them ours.
SIBLINGS = {
    ".out.important.lock": "file",
    ".out.important.part": "folder",
    ".out.lock": "file",
    ".out.building-1": "folder",
    ".out.old-1": "folder",
    ".out.0123456789abcdef.lamp-work.bak": "folder",
    ".out.0123456789abcdef.lamp-work": "folder",  # our pattern, but without the lock that we put inside
    ".out.fedcba9876543210.lamp-work": "link",
    ".out.00000000ffffffff.lamp-work": "file",
    ".other.0123456789abcdef.lamp-work": "marked folder",
    ".xout.0123456789abcdef.lamp-work": "marked folder",
}


def test_siblings_of_similar_names_are_the_users(tmp_path):
    place = tmp_path / "here"
    marked = fill(tmp_path / "elsewhere", "years of work")
    (marked / "lamp-lock").touch()
    place.mkdir()
    for name, kind in SIBLINGS.items():
        if kind == "file":
            (place / name).write_text("years of work")
        elif kind == "link":
            (place / name).symlink_to(marked)
        else:
            fill(place / name, "years of work")
            if kind == "marked folder":
                (place / name / "lamp-lock").touch()
    before = state(place), state(marked)
    for text in ("first", "second"):
        with whole_folder(place / "out", allow) as new:
            fill(new, text)
        assert state(place / "out") == {"file": text.encode()}
        shutil.copytree(place / "out", tmp_path / text)
    shutil.rmtree(place / "out")
    assert (state(place), state(marked)) == before


# ---------------------------------------------------------------- whole folders


def test_a_folder_appears_when_the_block_ends(tmp_path):
    with whole_folder(tmp_path / "out", refuse, 0o700) as new:
        (new / "a").write_text("1")
        assert not (tmp_path / "out").exists()
    assert state(tmp_path / "out") == {"a": b"1"}
    assert mode_of(tmp_path / "out") == 0o700
    assert names(tmp_path) == ["out"]


def test_a_block_that_fails_leaves_nothing_and_its_error_is_not_the_folders(tmp_path):
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "out", refuse) as new:  # noqa: PT012
        (new / "a").write_text("1")
        1 / 0  # noqa: B018
    assert names(tmp_path) == []
    with pytest.raises(ConnectionResetError) as caught, whole_folder(tmp_path / "out", allow):
        raise ConnectionResetError(104, "the Hub hung up")
    assert caught.value.filename is None


def test_a_folder_takes_the_place_of_nothing_an_empty_one_and_an_old_one(tmp_path):
    target = tmp_path / "out"
    for text in ("first", "second", "third"):
        before = state(target)
        with whole_folder(target, allow) as new:
            fill(new, text)
            assert state(target) == before
        assert state(target) == {"file": text.encode()}
        if text == "second":
            (target / "file").unlink()
    assert names(tmp_path) == ["out"]


def test_permission_to_replace_is_asked_for_again_at_the_end(tmp_path):
    with pytest.raises(FileExistsError, match="out is in use"), whole_folder(tmp_path / "out", refuse):
        fill(tmp_path / "out", "of another program")
    assert state(tmp_path / "out") == {"file": b"of another program"}
    assert names(tmp_path) == ["out"]


def test_permission_to_replace_is_asked_for_before_any_work(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsError, match="in use"), whole_folder(tmp_path / "out", refuse):
        pytest.fail("the block was entered")
    assert names(tmp_path) == ["out"]


def test_a_second_run_with_the_same_target_is_refused(tmp_path):
    target = tmp_path / "out"
    with whole_folder(target, allow) as new:
        fill(new, "first")
        with pytest.raises(BlockingIOError, match=f"{target}: .*run"), whole_folder(target, allow):
            pytest.fail("the block was entered")
        with whole_folder(tmp_path / "other", allow):
            pass
    assert state(target) == {"file": b"first"}
    assert names(tmp_path) == ["other", "out"]


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("text")
    (tmp_path / ".out.lamp-lock").symlink_to(tmp_path / "precious")
    with (
        pytest.raises(OSError, match=f"symbolic links: '{tmp_path / 'out'}'"),
        whole_folder(tmp_path / "out", allow),
    ):
        pytest.fail("the block was entered")
    assert (tmp_path / "precious").read_text() == "text"


#: The work is killed at one of the two renames that replace a folder: 1 before the first, 2 between them.
KILLED_WHILE_REPLACING = """
from lamp_dataset.atomic import folder
count = 0
def hook(event, arguments):
    global count
    if event == "os.rename":
        count += 1
        if count == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
with folder.whole_folder(Path(sys.argv[1]), lambda path: None) as new:
    (new / "file").write_text("new")
    sys.addaudithook(hook)
"""


@pytest.mark.parametrize("moment", [1, 2])
def test_an_old_folder_that_a_killed_run_had_moved_away_is_put_back(tmp_path, caplog, moment):
    target = fill(tmp_path / "out", "old")
    assert run(KILLED_WHILE_REPLACING, target, moment).returncode == -signal.SIGKILL
    assert target.exists() == (moment == 1)
    with pytest.raises(FileExistsError), whole_folder(target, refuse):
        pytest.fail("the block was entered")
    assert state(target) == {"file": b"old"}
    assert ("put back" in caplog.text) == (moment == 2)
    with whole_folder(target, allow) as new:
        fill(new, "newer")
    assert state(target) == {"file": b"newer"}
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), SystemExit(130)], ids=["failure", "interrupt"])
def test_where_the_second_rename_does_not_happen_the_old_folder_is_put_back(tmp_path, monkeypatch, error):
    target = fill(tmp_path / "out", "old")
    rename = Path.rename

    def fail(self, other):
        if self.name == "new":
            raise error
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(type(error)), whole_folder(target, allow):
        pass
    assert state(target) == {"file": b"old"}
    assert names(tmp_path) == ["out"]


def test_a_link_as_target_is_followed(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    with whole_folder(tmp_path / "out", allow) as new:
        fill(new, "text")
    assert (tmp_path / "out").is_symlink()
    assert state(tmp_path / "disk") == {"file": b"text"}


def test_a_missing_parent_and_a_deleted_working_directory_are_named(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match=f"{tmp_path / 'nowhere'}: .*out"),
        whole_folder(tmp_path / "nowhere" / "out", allow),
    ):
        pass
    code = (
        "from lamp_dataset.atomic import whole_folder\nos.chdir(sys.argv[1]); os.rmdir(sys.argv[1])\n"
        "with whole_folder(Path('out'), print): pass"
    )
    (tmp_path / "gone").mkdir()
    error = run(code, tmp_path / "gone").stderr.splitlines()[-1]
    assert error.startswith("FileNotFoundError: out: ")
    assert "working directory" in error


def test_files_and_names_are_on_disk_before_the_folder_has_its_name(tmp_path, monkeypatch):
    synced, sync = [], module._sync
    monkeypatch.setattr(module, "_sync", lambda folder: (synced.append(Path(folder).name), sync(folder)))
    with whole_folder(tmp_path / "out", allow) as new:
        fill(new / "inner", "text")
    assert synced == ["new", "inner", tmp_path.name]
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("target", ["/proc/x", f"/tmp/{'n' * 300}"])
def test_where_nothing_can_be_made_the_error_names_the_target(target):
    with pytest.raises(OSError, match=f"(No such file or directory|too long): '{target}'"):  # noqa: SIM117
        with whole_folder(Path(target), allow):
            pytest.fail("the block was entered")


@pytest.mark.parametrize(("at", "shown"), [("new/a", "out/a"), (None, "out")])
def test_a_full_disk_is_an_error_with_the_place_that_the_file_would_have_got(tmp_path, at, shown):
    with (
        pytest.raises(OSError, match="No space left") as caught,
        whole_folder(tmp_path / "out", allow) as new,
    ):
        raise OSError(errno.ENOSPC, "No space left on device", at and str(new.parent / at))
    assert caught.value.filename == str(tmp_path / shown)
