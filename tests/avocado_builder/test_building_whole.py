import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import avocado_builder
from avocado_builder.building import build
from avocado_builder.verify import check_output
from lamp_dataset.atomic import whole_folder

ROOT = str(Path(avocado_builder.__file__).parent.parent)


def state(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_two_runs_at_once_the_second_is_refused(place):
    with whole_folder(place / "out", print, alone=True):
        with pytest.raises(BlockingIOError, match=f"{place / 'out'}: another run"):
            build(place / "avocado-1.0.2", place / "ids", place / "out")
        assert not (place / "out").exists()
    build(place / "avocado-1.0.2", place / "ids", place / "out", overwrite=True)
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


def test_files_of_similar_names_beside_the_output_are_the_users(place):
    for name in (".out.lock", ".out.important.lock", ".out.building-1", ".out.important.part"):
        (place / name).mkdir()
        (place / name / "text").write_text("years of work")
    before = names(place)
    for overwrite in (False, True):
        build(place / "avocado-1.0.2", place / "ids", place / "out", overwrite)
    assert names(place) == sorted([*before, "out"])
    assert {(place / name / "text").read_text() for name in before if name.startswith(".")} == {"years of work"}


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
    with pytest.raises(FileNotFoundError, match="nowhere: .*out "):
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


@pytest.mark.parametrize(
    "prepare", ["", "import lamp_dataset.atomic.folder as f; f.exchange = lambda one, other: False"]
)
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
            found = state(next(place.glob(".out.*.lamp-work/old")))
            assert found == old
        seen.add((killed, found == new))
        assert not [path for path in place.glob("**/*EM.txt*") if path.is_file()]
        again = build(place / "avocado-1.0.2", place / "ids", place / "out", overwrite=True)
        assert state(place / "out") == new
        assert json.loads(new["manifest.json"]) == again
        assert names(place) == ["avocado-1.0.2", "first", "ids", "out", "time_ids"]
        shutil.rmtree(place / "out")
    assert {(True, False), (True, True)} <= seen, "killed before the change of names, and after it"
