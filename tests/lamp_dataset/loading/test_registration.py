"""The name "lamp", in processes of their own: what counts is what is imported first, and from where."""

import ast
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import lamp_dataset
from lamp_dataset.loading import registration

pytestmark = pytest.mark.oldest


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


def test_the_hash_of_the_sources_covers_every_module_that_the_builder_imports():
    root = Path(lamp_dataset.__file__).parent.parent
    found, waiting = set(), {"lamp_dataset.lamp"}
    while waiting:
        name = waiting.pop()
        found.add(name)
        for node in ast.walk(ast.parse((root / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lamp_dataset."):
                waiting |= {node.module} - found
    covered = {".".join(path.relative_to(root).with_suffix("").parts) for path in registration.source_files()}
    assert found <= covered
