import copy
import subprocess
import sys

import datasets
import pytest
from console import printed_by

from lamp_dataset.lamp import Lamp
from lamp_dataset.loading.datasets_internals import BuilderOverrides, cache_path, fingerprint_of, table_of

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


def test_fingerprints_tell_rows_apart_and_results_are_cached_where_map_keeps_its_own(tmp_path):
    rows = datasets.Dataset.from_dict({"a": ["x", "y"]})
    assert fingerprint_of(rows) == fingerprint_of(copy.copy(rows))
    assert fingerprint_of(rows) != fingerprint_of(rows.select([1]))
    datasets.Dataset.from_dict({"a": ["x", "y"]}).save_to_disk(tmp_path)
    rows = datasets.load_from_disk(tmp_path)
    assert cache_path(rows, "abc") == str(tmp_path / "cache-abc.arrow")
    for other in (datasets.Dataset.from_dict({"a": ["x"]}), rows.to_iterable_dataset(), [], None):
        assert str(tmp_path) not in cache_path(other, "abc")


# The name "lamp", in processes of their own: what counts is what is imported first, and from where.


LOAD = """
from datasets import load_dataset
print(len(load_dataset("lamp", "LaMP_2", data_dir=lamp_dataset.SAMPLE, split="train", cache_dir="cache")))
"""


@pytest.mark.parametrize(
    "imports",
    [
        "import lamp_dataset, datasets",
        "import datasets, lamp_dataset",
        "from datasets import load_dataset; import lamp_dataset",
        "import datasets.inspect, lamp_dataset, importlib; importlib.reload(lamp_dataset)",
    ],
)
def test_found_whatever_is_imported_first(imports, tmp_path):
    assert printed_by(f"{imports}\n{LOAD}", cwd=tmp_path)[-1] == "6"


def test_a_folder_called_lamp_is_not_in_the_way(tmp_path):
    (tmp_path / "lamp").mkdir()
    (tmp_path / "lamp" / "rows.csv").write_text("a\n1\n2\n")
    code = f"""
    import lamp_dataset
    {LOAD.strip().replace(chr(10), chr(10) + "    ")}
    print(load_dataset("./lamp", split="train", cache_dir="cache").to_list())
    """
    assert printed_by(code, cwd=tmp_path) == ["6", "[{'a': 1}, {'a': 2}]"]


def test_names_of_configs_and_splits_touch_neither_files_nor_the_network(tmp_path):
    code = """
    import builtins, socket
    import lamp_dataset
    from datasets import get_dataset_config_names, get_dataset_infos, get_dataset_split_names, load_dataset_builder

    def refuse(*args, **kwargs):
        raise OSError("the network was asked")

    socket.socket.connect = socket.getaddrinfo = refuse
    names = get_dataset_config_names("lamp")
    print(names == list(lamp_dataset.TASKS), "LaMP_7_time" in names)
    print(all(get_dataset_split_names("lamp", name) == ["train", "validation", "test"] for name in names))
    infos = get_dataset_infos("lamp")
    print(list(infos) == names, infos["LaMP_6"].license == lamp_dataset.TASKS["LaMP_6"].license)
    print(infos["LaMP_4"].splits["validation"].num_examples)
    print(load_dataset_builder("lamp", "LaMP_6").info.config_name)
    """
    assert printed_by(code, cwd=tmp_path) == ["True True", "True", "True True", "1925", "LaMP_6"]


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
