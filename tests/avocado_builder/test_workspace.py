import fcntl
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import avocado_builder
from avocado_builder import swap
from avocado_builder.building import build
from avocado_builder.verify import check_output
from avocado_builder.workspace import workspace

ROOT = str(Path(avocado_builder.__file__).parent.parent)


def refuse(path):
    raise FileExistsError(f"{path} is in use")


def allow(path):
    pass


def state(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_appears_when_the_block_ends(tmp_path):
    with workspace(tmp_path / "out", refuse) as work:
        (work / "a").write_text("1")
        assert not (tmp_path / "out").exists()
        assert work.parent == tmp_path
    assert state(tmp_path / "out") == {"a": b"1"}
    assert names(tmp_path) == ["out"]


def test_a_block_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), workspace(tmp_path / "out", refuse) as work:  # noqa: PT012
        (work / "a").write_text("1")
        1 / 0  # noqa: B018
    assert names(tmp_path) == []


@pytest.mark.parametrize("can_exchange", [True, False])
def test_what_was_there_is_replaced_as_one(tmp_path, monkeypatch, can_exchange):
    if not can_exchange:
        monkeypatch.setattr("avocado_builder.workspace.exchange", lambda a, b: False)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").write_text("0")
    with workspace(tmp_path / "out", allow) as work:
        (work / "a").write_text("1")
        assert state(tmp_path / "out") == {"old": b"0"}
    assert state(tmp_path / "out") == {"a": b"1"}
    assert names(tmp_path) == ["out"]


def test_permission_to_replace_is_asked_for_again_at_the_end(tmp_path):
    with pytest.raises(FileExistsError, match="out is in use"), workspace(tmp_path / "out", refuse) as work:  # noqa: PT012
        (work / "a").write_text("1")
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "of another program").write_text("2")
    assert state(tmp_path / "out") == {"of another program": b"2"}
    assert names(tmp_path) == ["out"]


def test_exchange_swaps_two_folders(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not swap.exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system cannot exchange two folders")
    assert (names(tmp_path / "a"), names(tmp_path / "b")) == (["b"], ["a"])
    with pytest.raises(FileNotFoundError):
        swap.exchange(tmp_path / "a", tmp_path / "nowhere")


def test_two_runs_at_once_the_second_is_refused(place):
    (place / ".out.lock").touch()
    with (place / ".out.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError, match="out: another run is building it"):
            build(place / "avocado-1.0.2", place / "ids", place / "out")
    assert not (place / "out").exists()
    build(place / "avocado-1.0.2", place / "ids", place / "out")
    assert names(place) == ["avocado-1.0.2", "ids", "out", "time_ids"]


def test_many_runs_at_once_give_one_whole_output(place):
    code = (
        f"import sys; sys.path.insert(0, {ROOT!r})\nfrom avocado_builder.building import build\n"
        f"try: build({str(place / 'avocado-1.0.2')!r}, {str(place / 'ids')!r}, {str(place / 'out')!r})\n"
        "except (BlockingIOError, FileExistsError) as error: sys.exit(type(error).__name__)"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(4)]
    errors = sorted(run.communicate()[1].strip().split("\n")[-1] for run in runs)
    assert errors[0] == ""
    assert set(errors[1:]) <= {"BlockingIOError", "FileExistsError"}
    assert check_output(place / "out").rows == {"train": 12, "validation": 12, "test": 12}
    assert names(place) == ["avocado-1.0.2", "ids", "out", "time_ids"]


def test_left_overs_of_killed_runs_are_named_and_removed(place, caplog):
    others = [".other.building-1", ".out.building-notes"]
    for name in (".out.building-77", ".out.old-78", *others):
        (place / name).mkdir()
        (place / name / "text").write_text("a mail")
    (place / "out").mkdir()
    build(place / "avocado-1.0.2", place / "ids", place / "out")
    assert ".out.building-77: left over by a killed run, removed" in caplog.text
    assert ".out.old-78: left over by a killed run, removed" in caplog.text
    assert names(place) == [*others, "avocado-1.0.2", "ids", "out", "time_ids"]


def test_an_output_that_a_killed_run_had_moved_away_is_put_back(place, caplog):
    build(place / "avocado-1.0.2", place / "ids", place / "out")
    before = state(place / "out")
    (place / "out").rename(place / ".out.old-9")
    with pytest.raises(FileExistsError):
        build(place / "avocado-1.0.2", place / "ids", place / "out")
    assert "out: put back" in caplog.text
    assert state(place / "out") == before


def test_an_odd_name_of_the_output_is_no_pattern(place):
    (place / ".x.building-1").mkdir()
    build(place / "avocado-1.0.2", place / "ids", place / "[xyz]")
    assert (place / ".x.building-1").exists()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ({"notes.txt": "x"}, r"exists already; --overwrite \(from Python overwrite=True\) replaces it"),
        ({"manifest.json": "{}"}, "exists already"),
    ],
)
def test_an_existing_output_is_refused_without_overwrite(place, content, match):
    (place / "out").mkdir()
    for name, text in content.items():
        (place / "out" / name).write_text(text)
    with pytest.raises(FileExistsError, match=match):
        build(place / "avocado-1.0.2", place / "ids", place / "out")
    assert state(place / "out") == {name: text.encode() for name, text in content.items()}


def test_overwrite_replaces_only_what_this_builder_wrote(place):
    build(place / "avocado-1.0.2", place / "ids", place / "out", splits=("train",))
    build(place / "avocado-1.0.2", place / "time_ids", place / "out", overwrite=True)
    assert check_output(place / "out").task.name == "LaMP_6_time"
    (place / "out" / "my results.txt").write_text("x")
    with pytest.raises(FileExistsError, match=r"out: holds my results\.txt, which this builder did not write"):
        build(place / "avocado-1.0.2", place / "ids", place / "out", overwrite=True)
    shutil.rmtree(place / "out")
    (place / "out").mkdir()
    (place / "out" / "manifest.json").write_text('{"name": "a web extension"}')
    with pytest.raises(ValueError, match=r"manifest\.json: expected a manifest of avocado-builder"):
        build(place / "avocado-1.0.2", place / "ids", place / "out", overwrite=True)


def test_an_empty_folder_is_taken_and_a_file_is_not(place):
    (place / "out").mkdir()
    build(place / "avocado-1.0.2", place / "ids", place / "out")
    (place / "file").write_text("x")
    with pytest.raises(FileExistsError, match="file: expected a folder to make, found a file"):
        build(place / "avocado-1.0.2", place / "ids", place / "file", overwrite=True)
    with pytest.raises(FileNotFoundError, match="nowhere: there is no such folder to put out into"):
        build(place / "avocado-1.0.2", place / "ids", place / "nowhere" / "out")


def test_a_link_as_output_is_followed(place):
    (place / "disk").mkdir()
    (place / "out").symlink_to(place / "disk")
    build(place / "avocado-1.0.2", place / "ids", place / "out")
    assert (place / "out").is_symlink()
    assert check_output(place / "disk").task.name == "LaMP_6"


#: Counts calls of functions, C functions included, and kills the process without warning at one of them.
KILLED = """
import os, signal, sys
sys.path.insert(0, {root!r})
from avocado_builder.building import build
import tqdm
calls = 0
def count(frame, event, argument):
    global calls
    calls += 1
    if calls == {kill_at}:
        os.kill(os.getpid(), signal.SIGKILL)
{prepare}
sys.setprofile(count)
build({avocado!r}, {ids!r}, {out!r}, overwrite=True)
sys.setprofile(None)
print(calls)
"""


@pytest.mark.parametrize("prepare", ["", "import avocado_builder.workspace as w; w.exchange = lambda a, b: False"])
def test_killed_at_any_moment_the_old_state_stays_or_the_new_is_there(place, prepare):
    """kill -9 at seeded moments, the last ones (renaming) more often; every run starts from an old output."""
    arguments = {"root": ROOT, "avocado": str(place / "avocado-1.0.2"), "ids": str(place / "ids"), "prepare": prepare}
    build(place / "avocado-1.0.2", place / "time_ids", place / "first")
    old = state(place / "first")

    def run(kill_at):
        shutil.copytree(place / "first", place / "out")
        code = KILLED.format(**arguments, out=str(place / "out"), kill_at=kill_at)
        environment = {**os.environ, "PYTHONHASHSEED": "0"}  # the same calls in every run
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)

    whole = run(0)
    calls = int(whole.stdout)
    new = state(place / "out")
    assert new != old
    shutil.rmtree(place / "out")
    rng = random.Random(6)
    moments = [rng.randrange(calls) for _ in range(5)] + [calls - rng.randrange(400) for _ in range(8)]
    seen = set()
    for moment in moments:
        result = run(moment)
        killed = result.returncode == -9
        if (place / "out").exists():
            found = state(place / "out")
            assert found in (old, new)
        else:  # only where two renames stand for the exchange: the next run puts the old one back
            assert prepare
            assert killed
            found = state(next(place.glob(".out.old-*")))
            assert found == old
        seen.add((killed, found == new))
        assert not [path for path in place.glob("**/*EM.txt*") if path.is_file()]
        again = build(place / "avocado-1.0.2", place / "ids", place / "out", overwrite=True)
        assert state(place / "out") == new
        assert json.loads(new["manifest.json"]) == again
        assert names(place) == ["avocado-1.0.2", "first", "ids", "out", "time_ids"]
        shutil.rmtree(place / "out")
    assert {(True, False), (True, True)} <= seen, "killed before the change of names, and after it"
