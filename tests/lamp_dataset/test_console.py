import errno
import io
import os
import sys
import warnings

import pytest

from lamp_dataset.console import BarLines, one_line, plain_output, run_script, say


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


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_bars_in_a_log_are_a_line_now_and_then_and_their_last_state():
    from tqdm import tqdm

    log, clock = io.StringIO(), Clock()
    stream = BarLines(log, clock)
    with tqdm(total=6, desc="Ranking", file=stream, mininterval=0, ncols=60) as bar:
        for _ in range(6):
            clock.now += 20
            bar.update()
        print("a line MEANWHILE", file=stream)
        with tqdm(total=2, desc="Inside", file=stream, mininterval=0, ncols=60, leave=False, position=1) as inner:
            inner.update(2)
    print("the end", file=stream)
    lines = log.getvalue().split("\n")
    assert not [line for line in lines if "\r" in line or "\x1b" in line]
    assert [line.partition("|")[0] for line in lines if line] == [
        "Ranking:  33%", "Ranking:  67%", "Ranking: 100%", "a line MEANWHILE", "Ranking: 100%", "the end",
    ]  # fmt: skip


def test_a_terminal_keeps_its_bars(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    for stream, kept in ((terminal, True), (io.StringIO(), False), (None, True)):
        monkeypatch.setattr(sys, "stderr", stream)
        with plain_output():
            assert (sys.stderr is stream) == kept
        assert sys.stderr is stream


def test_lines_that_begin_with_a_carriage_return_and_blank_ones_stay():
    log = io.StringIO()
    stream = BarLines(log, Clock())
    for text in ("\rDownloaded\n", "next\n", "\n", "\x1b[Ahello\n", "\rHalf 50%|", "\n", "\rInner 30%|", "\x1b[A"):
        stream.write(text)
    assert log.getvalue() == "Downloaded\nnext\n\nhello\n"
