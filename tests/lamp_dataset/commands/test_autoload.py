import os

import pytest
from click.testing import CliRunner

from lamp_dataset.__main__ import main
from lamp_dataset.loading.startup_file import LINE, NAME


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setattr("site.getsitepackages", lambda: [str(tmp_path)])
    monkeypatch.setattr("lamp_dataset.loading.startup_file.in_environment", lambda: True)
    return tmp_path


def autoload(*arguments):
    result = CliRunner().invoke(main, ["autoload", *arguments])
    return result.exit_code, result.output


def test_the_status_is_the_answer(folder):
    path = folder / NAME
    off, on = (0, f"off: there is no {path}\n"), (0, f"on: {path}\n")
    assert [autoload(action) for action in ("status", "on", "status", "off", "off")] == [off, on, on, off, off]
    path.write_text(LINE.replace("lamp-hf 0", "lamp-hf 1"))
    code, output = autoload("status")
    assert code == 0
    assert output.startswith(f"stale: {path} is of version 1.")
    assert autoload("on") == on


def fails(*arguments):
    code, output = autoload(*arguments)
    assert (code, output.count("\n")) == (2, 1)
    assert output.startswith("error: ")
    return output


@pytest.mark.parametrize("action", ["on", "off", "status"])
def test_a_file_of_another_origin_stays(folder, action):
    (folder / NAME).write_text("mine\n")
    assert str(folder / NAME) in fails(action)
    assert (folder / NAME).read_text() == "mine\n"


def test_outside_environments_it_takes_an_option(folder, monkeypatch):
    monkeypatch.setattr("lamp_dataset.loading.startup_file.in_environment", lambda: False)
    assert "--system" in fails("on")
    assert os.listdir(folder) == []
    assert autoload("on", "--system") == (0, f"on: {folder / NAME}\n")


def test_bad_input_is_one_line(folder):
    for action in ("off", "status"):
        assert "--system" in fails(action, "--system")
    assert "'up'" in fails("up")
    assert "on, off, status" in fails("--system")
    assert os.listdir(folder) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_named(folder):
    autoload("on")
    folder.chmod(0o500)
    try:
        assert str(folder / NAME) in fails("off")
        (folder / NAME).write_text(LINE.replace("lamp-hf 0", "lamp-hf 1"))
        assert str(folder / NAME) in fails("on")
    finally:
        folder.chmod(0o700)


def test_a_folder_in_which_nothing_can_be_made_is_named(folder, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied", "a temporary name")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    assert f"{folder / NAME}: Permission denied" in fails("on")


def test_a_missing_folder_is_named(folder):
    folder.rmdir()
    assert str(folder) in fails("on")
