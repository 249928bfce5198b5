"""Disks that are full, collections that are larger than memory, mails that are nested too deep."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import fake_avocado
import pytest

import avocado_builder
from avocado_builder.building import build


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


CHILD = """
import resource, sys
sys.path.insert(0, {root!r})
from avocado_builder.building import build
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
build({avocado!r}, {ids!r}, {out!r}, overwrite=True)
"""


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_full_disk_leaves_no_half_output_and_the_next_run_works(place, share):
    """A limit on the size of files stands for the full disk: writes fail in the middle, in spool or output."""
    arguments = {"avocado": str(place / "avocado-1.0.2"), "ids": str(place / "ids"), "out": str(place / "out")}
    build(place / "avocado-1.0.2", place / "time_ids", place / "out")
    before = contents(place / "out")
    build(place / "avocado-1.0.2", place / "ids", place / "free")
    limit = int(share * max(len(data) for data in contents(place / "free").values()))
    shutil.rmtree(place / "free")
    code = CHILD.format(root=str(Path(avocado_builder.__file__).parent.parent), limit=limit, **arguments)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert re.search(r"OSError: \[Errno 27\] File too large: .*\.lamp-work/new", result.stderr)
    assert contents(place / "out") == before
    assert sorted(path.name for path in place.iterdir()) == ["avocado-1.0.2", "ids", "out", "time_ids"]
    assert build(place / "avocado-1.0.2", place / "ids", place / "out", overwrite=True)["setting"] == "user"


def test_memory_does_not_grow_with_the_collection(tmp_path):
    """Peak of a process that builds from 400 mails of 100 kB each, 40 MB that are all needed."""
    body = ("a line of a long mail, some of them are\n" * 2_600).encode()
    members = ((f"001/001-{n:06}-EM.txt", b"Subject: s\n\n" + body) for n in range(400))
    fake_avocado.write_zip(tmp_path / "001.zip", members)
    names = [f"001-{n:06}-EM.txt" for n in range(400)]
    rows = [{"id": f"5{n}", "input": name, "profile": [{"text": name, "id": "0"}]} for n, name in enumerate(names)]
    (tmp_path / "ids").mkdir()
    (tmp_path / "ids" / "test_questions.json").write_text(json.dumps(rows))
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("needs /proc to measure memory")
    code = (
        f"import sys; sys.path.insert(0, {str(Path(avocado_builder.__file__).parent.parent)!r})\n"
        "from avocado_builder.building import build\n"
        f"build({str(tmp_path)!r}, {str(tmp_path / 'ids')!r}, {str(tmp_path.parent / 'memory_out')!r})\n"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (tmp_path.parent / "memory_out" / "test_questions.json").stat().st_size > 80_000_000
    assert int(result.stdout) < 60_000


def test_deeply_nested_parts_are_refused_by_name(tmp_path):
    head = b"Content-Type: message/rfc822\n\n"
    fake_avocado.write_zip(tmp_path / "001.zip", [("001/001-000000-EM.txt", b"Subject: s\n" + head * 5_000)])
    fake_avocado.write_ids(tmp_path / "ids", ["001-000000-EM.txt"])
    with pytest.raises(ValueError, match=r"001-000000-EM\.txt: its parts are nested too deep"):
        build(tmp_path, tmp_path / "ids", tmp_path.parent / "deep")
