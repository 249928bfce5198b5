import copy
import errno
import os
import subprocess
import sys
import textwrap

import datasets
import pytest
from datasets.exceptions import DatasetGenerationError

import lamp_dataset
from lamp_dataset.formats.layout import Files
from lamp_dataset.lamp import Lamp
from lamp_dataset.loading.datasets_internals import (
    BuilderOverrides,
    cache_path,
    feature_format,
    fingerprint_of,
    table_of,
)

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


def test_results_are_cached_where_map_keeps_its_own(tmp_path):
    datasets.Dataset.from_dict({"a": ["x", "y"]}).save_to_disk(tmp_path)
    rows = datasets.load_from_disk(tmp_path)
    assert cache_path(rows, "abc") == str(tmp_path / "cache-abc.arrow")
    for other in (datasets.Dataset.from_dict({"a": ["x"]}), rows.to_iterable_dataset(), [], None):
        assert str(tmp_path) not in cache_path(other, "abc")


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

    def before_preparing(self, folder):
        assert folder == self._output_dir

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


# The name "lamp", in processes of their own: what counts is what is imported first, and from where.


def run(code, cwd, **environment):
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip().splitlines()


LOAD = """
from datasets import load_dataset
print(len(load_dataset("lamp", "LaMP_2", data_dir=lamp_dataset.SAMPLE, split="train", cache_dir="cache")))
"""


@pytest.mark.parametrize(
    "imports",
    [
        "import lamp_dataset",
        "import lamp_dataset, datasets",
        "import datasets, lamp_dataset",
        "import datasets.load, lamp_dataset",
        "from datasets import load_dataset; import lamp_dataset",
        "import datasets.inspect, lamp_dataset, importlib; importlib.reload(lamp_dataset)",
    ],
)
def test_found_whatever_is_imported_first(imports, tmp_path):
    assert run(f"{imports}\n{LOAD}", tmp_path)[-1] == "6"


def test_a_folder_called_lamp_is_not_in_the_way(tmp_path):
    (tmp_path / "lamp").mkdir()
    (tmp_path / "lamp" / "rows.csv").write_text("a\n1\n2\n")
    code = f"""
    import lamp_dataset
    {LOAD.strip().replace(chr(10), chr(10) + "    ")}
    print(load_dataset("./lamp", split="train", cache_dir="cache").to_list())
    """
    assert run(code, tmp_path) == ["6", "[{'a': 1}, {'a': 2}]"]


def test_other_data_sets_load_as_before(tmp_path):
    (tmp_path / "rows.json").write_text('[{"a": 1}]')
    code = """
    import lamp_dataset
    from datasets import load_dataset
    print(load_dataset("json", data_files="rows.json", split="train", cache_dir="cache").to_list())
    """
    assert run(code, tmp_path) == ["[{'a': 1}]"]


def test_names_of_configs_and_splits_touch_neither_files_nor_the_network(tmp_path):
    code = """
    import builtins, socket
    import lamp_dataset
    from datasets import get_dataset_config_names, get_dataset_infos, get_dataset_split_names, load_dataset_builder

    def refuse(*args, **kwargs):
        raise OSError("the network was asked")

    socket.socket.connect = socket.getaddrinfo = refuse
    names = get_dataset_config_names("lamp")
    print(names == list(lamp_dataset.TASKS), len(names))
    print(all(get_dataset_split_names("lamp", name) == ["train", "validation", "test"] for name in names))
    infos = get_dataset_infos("lamp")
    print(list(infos) == names, infos["LaMP_6"].license == lamp_dataset.TASKS["LaMP_6"].license)
    print(infos["LaMP_4"].splits["validation"].num_examples)
    print(load_dataset_builder("lamp", "LaMP_6").info.config_name)
    """
    assert run(code, tmp_path) == ["True 16", "True", "True True", "1925", "LaMP_6"]


def test_threads_that_import_at_once(tmp_path):
    code = f"""
    import threading
    start = threading.Barrier(8)
    def work():
        start.wait()
        import lamp_dataset, datasets
        assert datasets.get_dataset_config_names("lamp")[0] == "LaMP_1"
        done.append(1)
    done = []
    threads = [threading.Thread(target=work) for _ in range(8)]
    [t.start() for t in threads]; [t.join() for t in threads]
    import lamp_dataset
    {LOAD.strip().replace(chr(10), chr(10) + "    ")}
    print(len(done))
    """
    assert run(code, tmp_path) == ["6", "8"]


def test_worker_processes(tmp_path):
    (tmp_path / "work.py").write_text(
        "import lamp_dataset\n"
        "from multiprocessing import get_context\n"
        "def work(n):\n"
        "    from datasets import load_dataset\n"
        "    rows = load_dataset('lamp', 'LaMP_2', data_dir=lamp_dataset.SAMPLE, split='train', cache_dir='c')\n"
        "    return rows[n]['id']\n"
        "if __name__ == '__main__':\n"
        "    for method in ('fork', 'spawn'):\n"
        "        with get_context(method).Pool(2) as pool:\n"
        "            print(pool.map(work, range(3)))\n"
    )
    result = subprocess.run([sys.executable, "work.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["['100', '101', '102']"] * 2


def test_two_processes_that_prepare_the_same_config_at_once(forks, tmp_path):
    started = [forks.start(f"import lamp_dataset\n{LOAD}", cwd=tmp_path) for _ in range(3)]
    assert [process.ended().stdout.split()[-1] for process in started] == ["6"] * 3


def test_importing_costs_no_datasets(tmp_path):
    assert run("import lamp_dataset, sys; print('datasets' in sys.modules, 'pyarrow' in sys.modules)", tmp_path) == [
        "False False"
    ]
    assert os.path.isdir(lamp_dataset.SAMPLE)
