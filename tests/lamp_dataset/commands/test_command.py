import errno
import os
import signal
import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path

import click
import pytest
import tqdm.auto
from click.testing import CliRunner

import lamp_dataset
from lamp_dataset import SAMPLE
from lamp_dataset.commands.command import DATA_DIR, Command, Group, UserPath, examples, stacked


@click.group(cls=Group)
def main():
    """Commands that fail."""


@main.command(cls=Command, epilog=examples("tool fail value", "tool fail disk"))
@stacked(click.argument("kind"), click.option("--data-dir", type=DATA_DIR), click.option("--last", type=UserPath()))
def fail(kind, data_dir, last):
    """Fail."""
    if kind == "bars":
        BARS.append(tqdm.auto.tqdm(total=2, desc="Upload"))
        BARS[0].update()
        raise ValueError("the upload failed")
    if kind == "warning":
        warnings.warn("two\nlines", stacklevel=1)
    if kind in ERRORS:
        raise ERRORS[kind]
    click.echo(f"{data_dir} {last}")


BARS = []
ERRORS = {
    "value": ValueError("q.json: two\nlines"),
    "disk": OSError(errno.ENOSPC, "No space left on device", "out.json"),
    "missing": ImportError("torch is not installed"),
    "silent": ValueError(),
    "escape": ValueError("bad id \x1b[31m\x07"),
    "path": FileNotFoundError(errno.ENOENT, "No such file", "\udcff\x1b[0m.json"),
    "nowhere": FileNotFoundError(errno.ENOENT, "No such file or directory"),
    "pipe": BrokenPipeError(),
    "bug": KeyError("x"),
}


def run(*arguments):
    return CliRunner().invoke(main, list(arguments), prog_name="tool")


def test_a_warning_is_one_line_and_progress_bars_end_before_an_error():
    show = warnings.showwarning
    result = run("fail", "warning", "--last", "x")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "None x\n", "warning: two lines\n")
    assert warnings.showwarning is show
    result = run("fail", "bars")
    BARS.pop().close()
    assert result.stderr.splitlines()[-1] == "error: the upload failed"
    assert "Upload:  50%" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("fail", "value"), "error: q.json: two lines"),
        (("fail", "disk"), "error: out.json: No space left on device"),
        (("fail", "missing"), "error: torch is not installed"),
        (("fail", "escape"), "error: bad id \\x1b[31m\\x07"),
        (("fail", "path"), "error: \\udcff\\x1b[0m.json: No such file"),
        (("fail", "silent"), "error: ValueError"),
        (("fail",), "error: Missing argument 'KIND'. See tool fail --help"),
        (("fail", "x", "--no"), "error: No such option '--no'. See tool fail --help"),
        (("nothing",), "error: No such command 'nothing'. See tool --help"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(arguments, line):
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr.splitlines()) == (2, "", [line])


#: A command that is at work, in a file and a folder, when a signal comes; one in a forked child changes nothing.
AT_WORK = """
import os, sys, threading
from pathlib import Path
from lamp_dataset.atomic import whole_folder, write_whole
from {package}.__main__ import main

@main.command("work")
def work():
    with write_whole("file"), whole_folder(Path("folder"), print):
        if not (child := os.fork()):
            signal.raise_signal(signal.{ending})
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), sorted(os.listdir()), flush=True)
        threading.Event().wait()

import signal
main(["work"], prog_name="tool")
"""


@pytest.mark.parametrize("package", ["lamp_dataset", "lamp_metric", "avocado_builder"])
def test_no_summary_is_cut(package):
    listed = CliRunner().invoke(import_module(f"{package}.__main__").main, ["--help"], terminal_width=80).output
    assert "..." not in listed.partition("Commands:")[2]


def test_a_tilde_is_the_home_folder_where_the_shell_leaves_it(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert run("fail", "x", "--last=~/out.json").stdout == "None /home/me/out.json\n"


ENDINGS = [("lamp_dataset", "SIGTERM", 143), ("lamp_metric", "SIGINT", 130), ("avocado_builder", "SIGTERM", 143)]


@pytest.mark.parametrize(("package", "ending", "status"), ENDINGS)
def test_a_signal_ends_every_command_with_its_status_and_leaves_nothing(tmp_path, package, ending, status):
    code = AT_WORK.format(package=package, ending=ending)
    environment = {**os.environ, "PYTHONPATH": str(Path(lamp_dataset.__file__).parent.parent)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, text=True, env=environment, **pipes)
    begun = command.stdout.readline()
    assert begun.startswith(f"{status} ['.file.")
    assert ".folder.lamp-lock" in begun
    command.send_signal(getattr(signal, ending))
    assert (command.communicate(), command.returncode, os.listdir(tmp_path)) == (("", ""), status, [])


def test_signals_are_as_before_after_a_command_and_an_ignored_one_stays_ignored(monkeypatch):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    handlers = []
    monkeypatch.setitem(ERRORS, "look", ValueError())
    monkeypatch.setattr(click, "echo", lambda *_, **__: handlers.append(list(map(signal.getsignal, SIGNALS))))
    run("fail", "x")
    assert handlers[0][0] == signal.SIG_IGN
    assert callable(handlers[0][1])
    assert list(map(signal.getsignal, SIGNALS)) == [signal.SIG_IGN, signal.SIG_DFL]
    signal.signal(signal.SIGINT, before)


SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize("kind", ["pipe", "bug"])
def test_other_errors_are_not_hidden(kind):
    result = run("fail", kind)
    assert result.exit_code == 1
    assert not result.stderr.startswith("error:")


def test_the_word_sample_is_the_embedded_folder():
    assert run("fail", "x", "--data-dir", "sample").stdout == f"{SAMPLE} None\n"
    assert run("fail", "x", "--data-dir", "./sample", "--last", "y").stdout == "./sample y\n"


def test_help_shows_options_in_order_and_examples_line_by_line():
    text = run("fail", "--help").stdout
    assert text.index("--data-dir") < text.index("--last")
    assert "Examples:\n    tool fail value\n    tool fail disk\n" in text
    assert "fail  Fail." in run().output


def test_a_deleted_working_directory_is_named(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert run("fail", "nowhere").stderr == "error: the working directory no longer exists; change to another one\n"
