import errno
import fcntl
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from folders import mode_of

from lamp_dataset.atomic import check_not_input, check_replaceable, real_path, write_whole
from lamp_dataset.atomic.file import lock_file, release


@pytest.fixture
def _umask_027():
    old = os.umask(0o027)
    yield
    os.umask(old)


def write(path, text, **how):
    with write_whole(path, **how) as file:
        file.write(text)


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "out.json"
    with write_whole(path) as file:
        file.write("one\r\n")
        assert not path.exists()
    assert path.read_bytes() == b"one\r\n"

    def fail():
        with write_whole(path) as file:
            file.write("two")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"one\r\n"
    assert os.listdir(tmp_path) == ["out.json"]


@pytest.mark.usefixtures("_umask_027")
def test_permissions_of_a_new_file_are_those_asked_for_under_the_umask(tmp_path):
    write(tmp_path / "a", "x")
    write(tmp_path / "b", b"x", mode="wb", permissions=0o600)
    assert mode_of(tmp_path / "a") == 0o640
    assert mode_of(tmp_path / "b") == 0o600


@pytest.mark.parametrize(("mode", "asked"), [(0o600, {}), (0o666, {}), (0o755, {}), (0o666, {"permissions": 0o600})])
def test_permissions_of_an_older_file_are_kept_unless_others_are_asked_for(tmp_path, mode, asked):
    path = tmp_path / "out"
    path.write_text("old")
    path.chmod(mode)
    write(path, "new", **asked)
    assert (path.read_text(), mode_of(path)) == ("new", asked.get("permissions", mode))


def test_the_owner_of_an_older_file_stays_its_owner(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root may give a file away")
    path = tmp_path / "out"
    path.write_text("old")
    path.chmod(0o600)
    os.chown(path, 1234, 5678)
    write(path, "new")
    assert (path.stat().st_uid, path.stat().st_gid, mode_of(path)) == (1234, 5678, 0o600)


def test_links_are_followed(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("second link")
    (tmp_path / "second link").symlink_to(tmp_path / "disk" / "target")
    for text in ("new file", "replaced"):
        write(tmp_path / "link", text)
        assert (tmp_path / "disk" / "target").read_text() == text
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "second link").is_symlink()
    assert os.listdir(tmp_path / "disk") == ["target"]


def device(tmp_path, name):
    """A device such as /dev/null; for root a copy, since with a fault the tests would replace the system's own."""
    if not os.path.exists(f"/dev/{name}"):
        pytest.skip(f"this system has no /dev/{name}")
    if os.geteuid() != 0:
        return Path("/dev", name)
    try:
        os.mknod(tmp_path / name, stat.S_IFCHR | 0o666, os.stat(f"/dev/{name}").st_rdev)
    except PermissionError:
        pytest.skip("this root may not make devices")
    return tmp_path / name


def test_a_device_is_written_and_not_replaced(tmp_path):
    null = device(tmp_path, "null")
    before = null.stat()
    (tmp_path / "link").symlink_to(null)
    for path in (null, tmp_path / "link"):
        write(path, "text")
        write(path, b"text", mode="wb", permissions=0o600)
    after = null.stat()
    assert (after.st_rdev, after.st_mode, after.st_ino) == (before.st_rdev, before.st_mode, before.st_ino)
    assert (tmp_path / "link").is_symlink()


def test_a_named_pipe_is_written_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write(pipe, "through the pipe\n")
    assert pipe.is_fifo()
    assert os.read(reader, 100) == b"through the pipe\n"
    os.close(reader)


STANDARD_OUTPUT = """
import os, sys
from lamp_dataset.atomic import write_whole
print("before")
with write_whole(sys.argv[1]) as file:
    file.write("text\\n")
print("after")
"""


def run(code, *arguments, **how):
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], text=True, check=False, **how)


@pytest.fixture
def stdout(tmp_path):
    """A link to /dev/stdout, since with a fault the tests would replace the system's own."""
    (tmp_path / "stdout").symlink_to("/dev/stdout")
    return tmp_path / "stdout"


def test_standard_output_is_written_in_its_turn(stdout):
    done = run(STANDARD_OUTPUT, stdout, stdout=subprocess.PIPE)
    assert done.stdout == "before\ntext\nafter\n"
    assert stdout.is_symlink()


@pytest.mark.parametrize("name", ["stdout", "log"])
def test_a_log_file_that_standard_output_goes_to_is_written_on_and_not_emptied(tmp_path, stdout, name):
    log = tmp_path / "log"
    log.write_text("yesterday\n")
    with log.open("a") as file:
        run(STANDARD_OUTPUT, tmp_path / name, stdout=file)
    assert log.read_text() == "yesterday\nbefore\ntext\nafter\n"
    assert sorted(os.listdir(tmp_path)) == ["log", "stdout"]


def test_a_full_disk_is_an_error_with_the_path_and_leaves_nothing(tmp_path):
    code = (
        "import resource, signal, sys\nfrom lamp_dataset.atomic import write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (9, 9))\n"
        "with write_whole(sys.argv[1]) as file: file.write('text that is too long')"
    )
    done = run(code, tmp_path / "out.json", stderr=subprocess.PIPE)
    assert done.stderr.splitlines()[-1] == f"OSError: [Errno 27] File too large: '{tmp_path / 'out.json'}'"
    assert os.listdir(tmp_path) == []


def test_an_error_of_the_block_is_not_blamed_on_the_file(tmp_path):
    with pytest.raises(ConnectionResetError) as caught, write_whole(tmp_path / "out"):
        raise ConnectionResetError(104, "the Hub hung up")
    assert caught.value.filename is None


def test_a_target_that_cannot_be_written(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError, match="folder: expected .*file"), write_whole(tmp_path / "folder"):
        pass
    with pytest.raises(FileNotFoundError, match=f"out: .*{tmp_path / 'no'} "), write_whole(tmp_path / "no" / "out"):
        pass
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="loop"), write_whole(tmp_path / "loop"):
        pass


def test_a_name_as_long_as_names_may_be(tmp_path):
    write(tmp_path / ("n" * 255), "x")
    assert os.listdir(tmp_path) == ["n" * 255]
    with pytest.raises(OSError, match=f"'{tmp_path}/{'n' * 256}'"):
        write(tmp_path / ("n" * 256), "x")


KILLED = """
import os, signal, sys
from lamp_dataset.atomic import write_whole
with write_whole(sys.argv[1]) as file:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_left_is_removed_and_a_live_one_is_left_untouched(tmp_path):
    path = tmp_path / "[out].json"
    siblings = [".[out].json.part", ".o.0123456789abcdef.lamp-part", ".[out].json.0123456789abcdef.lamp-part.bak"]
    for name in siblings:
        (tmp_path / name).write_text("years of work")
    assert run(KILLED, path).returncode == -signal.SIGKILL
    assert len(os.listdir(tmp_path)) == len(siblings) + 1
    with write_whole(path) as live:
        live.write("first to start")
        write(path, "second to start")
        assert path.read_text() == "second to start"
    assert path.read_text() == "first to start"
    assert sorted(os.listdir(tmp_path)) == sorted([*siblings, path.name])


def test_a_file_is_in_use_until_it_has_its_name(tmp_path, monkeypatch):
    path, replace = tmp_path / "out", os.replace

    def late(*names):
        monkeypatch.setattr(os, "replace", replace)
        write(path, "second to start")
        replace(*names)

    monkeypatch.setattr(os, "replace", late)
    write(path, "first to start")
    assert (path.read_text(), os.listdir(tmp_path)) == ("first to start", ["out"])


@pytest.mark.parametrize("moment", ["before it is locked", "while it is locked"])
def test_a_run_survives_that_another_takes_its_new_file_for_left_behind(tmp_path, monkeypatch, moment):
    flock = fcntl.flock

    def taken(descriptor, operation):
        monkeypatch.setattr(fcntl, "flock", flock)
        (new,) = tmp_path.iterdir()
        if moment == "before it is locked":
            new.unlink()
            flock(descriptor, operation)
        else:
            raise BlockingIOError

    monkeypatch.setattr(fcntl, "flock", taken)
    write(tmp_path / "out", "text")
    assert (tmp_path / "out").read_text() == "text"


def test_a_file_system_without_locks_will_do(tmp_path, monkeypatch):
    def no_locks(*_, **__):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    write(tmp_path / "out", "text")
    assert os.listdir(tmp_path) == ["out"]


def test_a_real_path_need_not_exist_and_a_new_output_may_have_any_name(tmp_path):
    (tmp_path / "link").symlink_to("disk")
    assert real_path(tmp_path / "link" / "out") == tmp_path.resolve() / "disk" / "out"
    path = tmp_path / "new.json"
    check_not_input(path, [path])
    check_not_input("/dev/null", ["/dev/null"])


@pytest.mark.parametrize("link", [None, os.symlink, os.link])
def test_an_output_that_is_an_input_is_refused_through_links_too(tmp_path, link):
    path, output = tmp_path / "in.json", tmp_path / "out.json"
    path.write_text("kept")
    if link is None:
        output = tmp_path / "." / ".." / tmp_path.name / "in.json"
    else:
        link(path, output)
    with pytest.raises(ValueError, match=re.escape(f"{output}: is also an input")):
        check_not_input(output, [tmp_path / "other.json", path])


def test_only_an_empty_folder_or_what_the_same_program_wrote_is_replaceable(tmp_path):
    (tmp_path / "old" / "inner").mkdir(parents=True)
    (tmp_path / "file").touch()
    check_replaceable(tmp_path / "new")
    check_replaceable(tmp_path / "old" / "inner")
    check_replaceable(tmp_path / "old", lambda names: set(names) - {"inner"})
    with pytest.raises(ValueError, match="file: expected a folder to write into, found a file"):
        check_replaceable(tmp_path / "file")
    with pytest.raises(ValueError, match="old: expected a new or an empty folder, found inner; choose another"):
        check_replaceable(tmp_path / "old")
    with pytest.raises(ValueError, match="expected a new folder, an empty one or an older run, found inner; no"):
        check_replaceable(tmp_path / "old", lambda names: names, "run", "no")


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
