import pytest
from click.testing import CliRunner

import lamp_dataset
import lamp_dataset.hub.push
from lamp_dataset.__main__ import main
from lamp_dataset.hub.push import PushResult


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="lamp-dataset")


def result(**changes):
    rows = {"LaMP_2": {"train": 1_234, "test": 5}}
    sizes = {"LaMP_2/train-00000-of-00001.parquet": 2_500_000, "README.md": 700}
    told = {
        "repo_id": "me/lamp",
        "url": "https://hub.example/datasets/me/lamp",
        "visibility": "private",
        "commit": "abc123",
        "new_commit": True,
        "num_rows": rows,
        "sizes": sizes,
        "removed": ["LaMP_2/old"],
    }
    return PushResult(**{**told, **changes})


@pytest.fixture
def pushed(monkeypatch):
    """What ``push_to_hub`` was called with, and what it returns."""
    calls = {"result": result()}

    def push_to_hub(repo_id, configs, data_dir, acknowledge_license, dry_run):
        calls["arguments"] = (repo_id, configs, data_dir, acknowledge_license, dry_run)
        return calls["result"]

    monkeypatch.setattr(lamp_dataset.hub.push, "push_to_hub", push_to_hub)
    return calls


def test_push_passes_its_options_on(pushed):
    done = run("push", "me/lamp", "LaMP_2", "LaMP_6", "--data-dir", "my/files", "--acknowledge-license")
    assert done.exit_code == 0, done.output
    assert pushed["arguments"] == ("me/lamp", ("LaMP_2", "LaMP_6"), "my/files", True, False)
    assert run("push", "me/lamp", "LaMP_2", "--dry-run").exit_code == 0
    assert pushed["arguments"] == ("me/lamp", ("LaMP_2",), None, False, True)


def test_push_shows_what_was_sent_and_removed_and_the_commit(pushed):
    lines = run("push", "me/lamp", "LaMP_2").output.splitlines()
    assert lines == [
        "committed LaMP_2/train-00000-of-00001.parquet (2.5 MB)",
        "committed README.md (0.7 kB)",
        "removed LaMP_2/old",
        "LaMP_2: train 1,234, test 5 rows",
        "https://hub.example/datasets/me/lamp (private): commit abc123",
    ]


@pytest.mark.parametrize(
    ("changes", "options", "facts"),
    [
        ({"new_commit": False, "sizes": {}, "removed": []}, [], ["nothing to send", "abc123"]),
        ({"commit": None, "new_commit": False}, ["--dry-run"], ["would send", "2 files", "2.5 MB"]),
        ({"commit": None, "new_commit": False, "visibility": "to be created"}, ["--dry-run"], ["(to be created)"]),
    ],
)
def test_push_tells_how_it_ended(pushed, changes, options, facts):
    pushed["result"] = result(**changes)
    last = run("push", "me/lamp", "LaMP_2", *options).output.splitlines()[-1]
    assert all(fact in last for fact in facts), last


def test_a_wrong_name_is_one_line(tmp_path):
    for done in (run("push", "lamp", "LaMP_2", "--dry-run"), run("export", "LaMP_99", "-o", tmp_path / "out")):
        assert done.exit_code == 2
        assert done.output.startswith("error: ")
        assert done.output.count("\n") == 1
