import fcntl
import json
import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import zipfile

import pytest
from click.testing import CliRunner
from folders import tree

from avocado_builder.__main__ import main


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_build_and_both_checks(place):
    collection = ["--avocado-dir", place / "avocado-1.0.2", "--ids-dir", place / "ids"]
    check = run("check", *collection)
    assert check.exit_code == 0
    assert "emails of LaMP_6, all there (train 12, validation 12, test 12 samples)" in check.output
    assert not (place / "out").exists()
    result = run("build", *collection, "--output-dir", place / "out")
    assert result.exit_code == 0, result.output
    assert "LaMP_6: train 12, validation 12, test 12 samples from" in result.output
    assert "6 emails: the first of several subjects was taken (00" in result.output
    assert "do not publish, upload or share them" in result.output
    assert f'load_dataset("lamp", "LaMP_6", data_dir="{place / "out"}")' in result.output
    verdict = run("check", "--output-dir", place / "out")
    assert verdict.exit_code == 1
    assert f"{place / 'out'}: intact LaMP_6" in verdict.output
    assert "not the whole published task: train has 12 samples, the published one has 4,840" in verdict.output


@pytest.mark.parametrize(("ids", "more"), [("ids", []), ("time_ids", ["--time_based_separation"])])
def test_the_official_flags_work(place, ids, more, snapshot):
    before = snapshot(place / "avocado-1.0.2")
    result = run(
        "build",
        *["--avocado_files_dir", place / "avocado-1.0.2" / "data" / "text"],
        *["--extract_addr", place / "avocado-1.0.2" / "data" / "text"],
        *["--output_dir", place / "out"],
        *["--input_question_file_train", place / ids / "train_questions.json"],
        *["--input_question_file_dev", place / ids / "dev_questions.json"],
        *["--input_question_file_test", place / ids / "test_questions.json"],
        *more,
    )
    assert result.exit_code == 0, result.output
    extract = place / "avocado-1.0.2" / "data" / "text"
    assert f"--extract_addr {extract}: not touched; nothing is extracted\n" in result.output
    assert snapshot(place / "avocado-1.0.2") == before
    run("build", "--avocado-dir", place / "avocado-1.0.2", "--ids-dir", place / ids, "--output-dir", place / "other")
    assert tree(place / "out") == tree(place / "other")


def test_one_official_id_file_is_enough(place):
    ids = ["--input_question_file_dev", place / "ids" / "dev_questions.json"]
    result = run("build", "--avocado_files_dir", place / "avocado-1.0.2", "--output_dir", place / "out", *ids)
    assert result.exit_code == 0, result.output
    assert sorted(tree(place / "out")) == ["dev_outputs.json", "dev_questions.json", "manifest.json"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ids-dir", "{place}/no"], "error: {place}/no: expected the folder of the id files, found nothing\n"),
        (["--ids-dir", "{place}/ids", "--overwrite", "--output-dir", "{place}/ids"], "or an older build, found "),
        (
            ["--ids-dir", "{place}/ids", "--avocado-dir", "{place}/gone"],
            "error: {place}/gone: expected the Avocado collection",
        ),
        (["--input_question_file_dev", "{place}/gone.json"], "error: {place}/gone.json: No such file or directory\n"),
    ],
)
def test_errors_are_one_line_and_status_two(place, arguments, message):
    options = ["--avocado-dir", "{place}/avocado-1.0.2", "--output-dir", "{place}/out", *arguments]
    result = run("build", *(option.format(place=place) for option in options))
    assert result.exit_code == 2
    assert message.format(place=place) in result.output
    assert result.output.count("\n") == 1
    assert not (place / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check"], "give either --avocado-dir or --output-dir"),
        (
            ["build", "--avocado-dir", "a", "--output-dir", "b", "--ids-dir", "c", "--input_question_file_dev", "d"],
            "give either --ids-dir or --input_question_file_…, not both",
        ),
        (
            ["build", "--avocado-dir", "a", "--output-dir", "b", "--setting", "user", "--time_based_separation"],
            "--time_based_separation contradicts --setting user",
        ),
        (["build", "--output-dir", "b"], "Missing option '--avocado-dir'"),
    ],
)
def test_wrong_usage_is_explained(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_nothing_but_the_result_is_printed_where_nobody_watches(place):
    """No progress bar in a pipe, no traceback, and the module runs as a command."""
    arguments = ["--avocado-dir", place / "avocado-1.0.2", "--ids-dir", place / "ids", "--output-dir", place / "out"]
    result = subprocess.run(
        [sys.executable, "-m", "avocado_builder", "build", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    assert result.stderr == ""
    assert result.stdout.startswith("LaMP_6: train 12")


def test_a_terminal_sees_mails_per_second(place):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    arguments = ["--avocado-dir", place / "avocado-1.0.2", "--ids-dir", place / "ids", "--output-dir", place / "out"]
    command = [sys.executable, "-m", "avocado_builder", "build", *map(str, arguments)]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 65_536).decode()
    os.close(ours)
    assert re.search(r"mails: 100%\|.*\| (\d+)/\1 .*mail/s", shown)
    assert result.stdout.startswith(b"LaMP_6: train 12")


def test_the_command_leaves_the_logging_of_the_process_alone(place):
    logger = logging.getLogger("avocado_builder")
    before = list(logger.handlers), list(logging.getLogger().handlers)
    (place / "avocado-1.0.2" / "data" / "text" / "notes.txt").touch()
    result = run("check", "--avocado-dir", place / "avocado-1.0.2", "--ids-dir", place / "ids")
    assert "data/text: ignored because they are not accounts of the collection: notes.txt\n" in result.stderr
    assert (list(logger.handlers), list(logging.getLogger().handlers)) == before


def test_the_word_sample_is_the_tiny_made_up_collection(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check = run("check", "--avocado-dir", "sample", "--setting", "time")
    assert "24 emails of LaMP_6_time, all there" in check.output
    result = run("build", "--avocado-dir", "sample", "--output-dir", "tried")
    assert result.exit_code == 0, result.output
    assert "LaMP_6: train 6, validation 3, test 3 samples from 35 emails" in result.output
    assert "error: sample: expected the Avocado collection" in run("check", "--avocado-dir", "./sample").output


@pytest.fixture
def both_settings(place):
    """One folder with the id files of both settings as on the site, without the user-based ones of validation."""
    for ids, below in [("ids", "LaMP_6"), ("time_ids", "time/LaMP_6")]:
        for path in (place / ids).iterdir():
            target = place / "both" / below / path.name.partition("_")[0] / path.name
            target.parent.mkdir(parents=True)
            target.write_bytes(path.read_bytes())
    (place / "both/LaMP_6/dev/dev_questions.json").unlink()
    return ["--avocado-dir", place / "avocado-1.0.2", "--ids-dir", place / "both"]


@pytest.mark.parametrize("command", ["build", "check"])
def test_a_split_without_id_file_is_said_to_be_left_out(place, both_settings, command):
    output = ["--output-dir", place / "out"] if command == "build" else []
    result = run(command, *both_settings, *output)
    assert result.exit_code == 0
    looked_for = "looked for LaMP_6/dev/dev_questions.json"
    sentence = f"no id file for validation: {looked_for}; that split is left out"
    assert result.stderr == f"{place}/both: {sentence}\n"
    assert "train 12, test 12 samples" in result.stdout
    if output:
        manifest = json.loads((place / "out" / "manifest.json").read_text())
        assert (list(manifest["splits"]), manifest["left_out"]) == (["train", "test"], {"validation": sentence})
    result = run(command, *both_settings, *output, "--split", "train", "--split", "test", *output and ["--overwrite"])
    assert result.stderr == ""


def test_a_folder_without_manifest_gets_sentences_that_fit(place):
    collection = ["--avocado-dir", place / "avocado-1.0.2", "--ids-dir", place / "ids"]
    run("build", *collection, "--output-dir", place / "out", "--split", "test")
    (place / "out" / "manifest.json").unlink()
    result = run("check", "--output-dir", place / "out")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{place}/out: well-formed LaMP_6 (test 12 samples)",
        "without manifest.json nothing shows whether the files changed since the build",
        "not the whole published task: train is missing",
        "not the whole published task: validation is missing",
        "not the whole published task: test has 12 samples, the published one has 1,246",
    ]


def test_a_check_of_names_says_that_it_reads_no_mail(place):
    """A damaged mail passes it, and is what build then names."""
    zip_ = place / "avocado-1.0.2" / "data" / "text" / "001.zip"
    data = bytearray(zip_.read_bytes())
    with zipfile.ZipFile(zip_) as archive:
        for info in archive.infolist():
            if info.filename.endswith("-EM.txt"):
                at = info.header_offset + 30 + len(info.filename) + info.compress_size // 2
                data[at] ^= 0xFF
    zip_.write_bytes(data)
    collection = ["--avocado-dir", place / "avocado-1.0.2", "--ids-dir", place / "ids"]
    check = run("check", *collection)
    assert check.exit_code == 0
    assert check.stdout.endswith(
        "\nonly names were checked; whether the emails can be read will show when build reads them\n"
    )
    assert "by name only; build reads the emails." in " ".join(run("check", "-h").output.split())
    result = run("build", *collection, "--output-dir", place / "out")
    assert result.exit_code == 2
    assert re.search(r"001\.zip: member 001/001-\d{6}-EM\.txt is damaged", result.stderr)
