import errno
import os
import warnings

import pytest

from lamp_dataset.console import one_line, run_script, say


def test_what_is_said_keeps_its_lines_and_escapes_the_rest(capsys):
    say("a\x1b[31m\nb\r")
    say("c\udcff", err=True)
    assert capsys.readouterr() == ("a\\x1b[31m\nb\\r\n", "c\\udcff\n")


@pytest.mark.parametrize(("name", "hinted"), [("home/.cache", True), ("home/.cache/hf/x", True), ("out", False)])
def test_a_cache_that_cannot_be_written_is_said_to_be_movable(monkeypatch, tmp_path, name, hinted):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_CACHE_HOME", str(tmp_path / "home/.cache/hf"))
    line = one_line(OSError(errno.EROFS, "Read-only file system", str(tmp_path / name)))
    assert line.startswith(f"{tmp_path / name}: Read-only file system")
    assert line.endswith("/.cache/hf; set HF_HOME to another folder") == hinted


def test_a_disk_that_is_full_without_a_name_is_that_of_the_caches(monkeypatch, tmp_path):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_CACHE_HOME", str(tmp_path))
    error = OSError(errno.ENOSPC, "Error writing bytes to file")  # as Arrow has it
    said = f"No space left on device, probably in the caches. The caches of datasets are in {tmp_path}; set HF_HOME"
    assert one_line(error).startswith(said)


def test_what_goes_wrong_in_a_script_is_one_line_and_its_status(capsys):
    def main():
        warnings.warn("two\nlines", UserWarning, stacklevel=1)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "answers\x1b[31m.jsonl")

    with pytest.raises(SystemExit) as ended:
        run_script(main)
    said = "warning: two lines\nerror: answers\\x1b[31m.jsonl: No space left on device\n"
    assert (ended.value.code, capsys.readouterr().err) == (2, said)
