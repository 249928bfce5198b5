import click.testing
import datasets
import pytest

import lamp_dataset
from lamp_dataset.__main__ import main


@pytest.fixture
def run(tmp_path, monkeypatch, own_cache):
    """Run a command in an empty folder with a cache of its own; gives exit status and both outputs."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def call(*arguments):
        result = click.testing.CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return call


@pytest.fixture
def sample():
    """The rows of a split of the embedded sample."""
    return lambda name, split="validation": datasets.load_dataset(
        "lamp", name, split=split, data_dir=lamp_dataset.SAMPLE
    )
