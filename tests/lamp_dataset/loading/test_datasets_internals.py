import copy
import errno
import subprocess
import sys

import datasets
import pytest
from datasets.exceptions import DatasetGenerationError

from lamp_dataset.formats.layout import Files
from lamp_dataset.lamp import Lamp
from lamp_dataset.loading.datasets_internals import BuilderOverrides, feature_format, fingerprint_of, table_of

pytestmark = pytest.mark.oldest

PRIVATE = [name for name in vars(BuilderOverrides) if name.startswith("_") and not name.startswith("__")]


@pytest.mark.parametrize("name", PRIVATE)
def test_every_private_override_has_something_to_override(name):
    assert name in vars(datasets.ArrowBasedBuilder) | vars(datasets.DatasetBuilder)


def test_the_builder_itself_overrides_public_names_alone():
    theirs = vars(datasets.ArrowBasedBuilder) | vars(datasets.DatasetBuilder)
    assert not [name for name in vars(Lamp) if name.startswith("_") and not name.startswith("__") and name in theirs]


def test_the_table_behind_a_batch_of_map():
    rows = datasets.Dataset.from_dict({"a": ["x", "y"], "b": ["1", "2"]})
    seen = []

    def look(batch):
        batch["b"]  # makes Python objects of this column
        seen.append(table_of(batch))
        return batch

    rows.map(look, batched=True, load_from_cache_file=False)
    table, untouched = seen[0]
    assert table.column("a").to_pylist() == ["x", "y"]
    assert untouched == {"a"}
    for other in ({"a": ["x"]}, rows.with_format("arrow")[:1], None):
        assert table_of(other) is None


def test_a_fingerprint_tells_rows_from_others():
    rows = datasets.Dataset.from_dict({"a": ["x", "y"]})
    assert fingerprint_of(rows) == fingerprint_of(copy.copy(rows))
    assert fingerprint_of(rows) != fingerprint_of(rows.select([1]))


def test_plain_batches_need_no_datasets():
    code = (
        "import sys; from lamp_dataset.loading.datasets_internals import table_of; "
        "print(table_of({}), 'datasets' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["None", "False"]


def test_the_feature_format_is_that_of_this_version():
    assert '"id"' in feature_format()
    assert feature_format() == feature_format()


class Theirs:
    """Stands for ``datasets``' own builder: its split fails as told, and an OSError out of it gets reworded."""

    _output_dir, _cache_dir_root = "out", "cache"

    def _download_and_prepare(self, dl_manager, verification_mode, **options):
        try:
            self._prepare_split(datasets.SplitGenerator("test", {"files": ("q.json", None)}))
        except OSError:
            raise OSError("reworded") from None

    def _prepare_split(self, split_generator, **options):
        if isinstance(self.error, RowsError):
            raise DatasetGenerationError from self.error.args[0]
        raise self.error


class RowsError(Exception):
    """The error inside comes out of the rows."""


class Ours(BuilderOverrides, Theirs):
    def __init__(self, error):
        self.error, self.rejected = error, []

    def reject(self, files):
        self.rejected.append(files)


def failing(error):
    builder = Ours(error)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its type is what the callers look at
        builder._download_and_prepare(None, None)
    return caught.value, builder.rejected


@pytest.mark.parametrize("wrap", [RowsError, lambda error: error])
@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "gone", "q.json"), ConnectionError("no network")])
def test_errors_of_files_and_networks_come_as_they_are(error, wrap):
    assert failing(wrap(error)) == (error, [])


@pytest.mark.parametrize("wrap", [RowsError, lambda error: error])
def test_a_full_disk_gets_the_path_of_the_cache(wrap):
    found, rejected = failing(wrap(OSError(errno.ENOSPC, "No space left on device")))
    assert (found.errno, found.filename, rejected) == (errno.ENOSPC, "cache", [])


def test_wrong_content_is_rejected_and_named():
    error = ValueError("q.json: damaged")
    assert failing(RowsError(error)) == (error, [Files("q.json", None)])


def test_other_errors_stay_those_of_datasets():
    found, rejected = failing(RowsError(KeyError("x")))
    assert (type(found), rejected) == (DatasetGenerationError, [])
