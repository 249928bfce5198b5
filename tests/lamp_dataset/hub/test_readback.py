import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import lamp_dataset
from lamp_dataset.hub import readback
from lamp_dataset.hub.errors import ContentError, FailedError
from lamp_dataset.hub.readback import check_readable, environment

ROWS = {"LaMP_2": {"train": [{"id": "1"}], "test": []}}
CONFIGS = [
    SimpleNamespace(name=name, splits={split: SimpleNamespace(source=rows) for split, rows in splits.items()})
    for name, splits in ROWS.items()
]
REMOTE = SimpleNamespace(repo_id="me/lamp", token="hf_x", clean=lambda text: text)


def child(monkeypatch, code):
    """Let ``code`` be what the other process runs."""
    run = readback.subprocess.run
    monkeypatch.setattr(readback.subprocess, "run", lambda command, **how: run([sys.executable, "-c", code], **how))


@pytest.mark.parametrize(
    ("answer", "error", "fact"),
    [
        ('{"LaMP_2": {"train": {"id": "2"}, "test": null}}', ContentError, "LaMP_2, train"),
        ('{"LaMP_2": {"train": {"id": "1"}, "test": null, "more": null}}', ContentError, "one split more"),
        ("not JSON", FailedError, "reading it back failed"),
        ("", FailedError, "reading it back failed"),
    ],
)
def test_other_rows_or_no_answer_are_an_error_with_the_commit(monkeypatch, tmp_path, answer, error, fact):
    child(monkeypatch, f"print({answer!r})")
    with pytest.raises(error, match=rf"me/lamp.*{fact}") as caught:
        check_readable(REMOTE, "abc123", CONFIGS, tmp_path / "home")
    assert "abc123" in str(caught.value)


def test_the_same_first_rows_are_fine(monkeypatch, tmp_path):
    child(monkeypatch, """print('{"LaMP_2": {"train": {"id": "1"}, "test": null}}')""")
    check_readable(REMOTE, "abc123", CONFIGS, tmp_path / "home")


def test_a_failure_shows_its_last_line(monkeypatch, tmp_path):
    child(monkeypatch, "raise SystemExit('first\\nthe reason')")
    with pytest.raises(FailedError, match="abc123.*the reason"):
        check_readable(REMOTE, "abc123", CONFIGS, tmp_path / "home")


def test_a_process_that_never_ends_is_ended(monkeypatch, tmp_path):
    child(monkeypatch, "import threading; threading.Event().wait()")
    monkeypatch.setattr(readback, "SECONDS_PER_SPLIT", 0.5)
    with pytest.raises(FailedError, match=r"abc123.*1\.0 s"):
        check_readable(REMOTE, "abc123", CONFIGS, tmp_path / "home")


def test_the_environment_has_caches_of_its_own_and_finds_our_modules(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", ["", "relative", str(tmp_path), *sys.path])
    for name in ("HF_HUB_CACHE", "HF_DATASETS_CACHE", "HF_ASSETS_CACHE", "HF_TOKEN_PATH", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example")
    found = environment("hf_x", tmp_path / "home")
    assert {name: value for name, value in found.items() if name.startswith("HF_") and "DISABLE" not in name} == {
        "HF_ENDPOINT": "https://hub.example",
        "HF_TOKEN": "hf_x",
        "HF_HOME": str(tmp_path / "home"),
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
    }
    modules = found["PYTHONPATH"].split(os.pathsep)
    assert modules[0] == str(tmp_path)
    assert all(map(os.path.isabs, modules))
    assert str(Path(lamp_dataset.__file__).parents[1]) in modules
