"""The command, and the names without an import, in environments of their own."""

import os
import site
import subprocess
import textwrap
import venv
from pathlib import Path

import pytest
from click.testing import CliRunner

import lamp_dataset
from lamp_dataset.__main__ import main
from lamp_dataset.commands.autoload import LINE, NAME, find_startup_file, in_environment

pytestmark = pytest.mark.oldest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setattr("site.getsitepackages", lambda: [str(tmp_path)])
    monkeypatch.setattr("lamp_dataset.commands.autoload.in_environment", lambda: True)
    return tmp_path


def autoload(*arguments):
    result = CliRunner().invoke(main, ["autoload", *arguments])
    return result.exit_code, result.output


def test_the_status_is_the_answer(folder):
    path = folder / NAME
    off, on = (0, f"off: there is no {path}\n"), (0, f"on: {path}\n")
    assert [autoload(action) for action in ("status", "on", "status", "off", "off")] == [off, on, on, off, off]
    path.write_text(LINE.replace("lamp-hf 0", "lamp-hf 1"))
    code, output = autoload("status")
    assert code == 0
    assert output.startswith(f"stale: {path} is of version 1.")
    assert autoload("on") == on


def fails(*arguments):
    code, output = autoload(*arguments)
    assert (code, output.count("\n")) == (2, 1)
    assert output.startswith("error: ")
    return output


@pytest.mark.parametrize("action", ["on", "off", "status"])
def test_a_file_of_another_origin_stays(folder, action):
    (folder / NAME).write_text("mine\n")
    assert str(folder / NAME) in fails(action)
    assert (folder / NAME).read_text() == "mine\n"


def test_outside_environments_it_takes_an_option(folder, monkeypatch):
    monkeypatch.setattr("lamp_dataset.commands.autoload.in_environment", lambda: False)
    assert "--system" in fails("on")
    assert os.listdir(folder) == []
    assert autoload("on", "--system") == (0, f"on: {folder / NAME}\n")


def test_bad_input_is_one_line(folder):
    for action in ("off", "status"):
        assert "--system" in fails(action, "--system")
    assert "'up'" in fails("up")
    assert "on, off, status" in fails("--system")
    assert os.listdir(folder) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_named(folder):
    autoload("on")
    folder.chmod(0o500)
    try:
        assert str(folder / NAME) in fails("off")
        (folder / NAME).write_text(LINE.replace("lamp-hf 0", "lamp-hf 1"))
        assert str(folder / NAME) in fails("on")
    finally:
        folder.chmod(0o700)


def test_a_folder_in_which_nothing_can_be_made_is_named(folder, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied", "a temporary name")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    assert f"{folder / NAME}: Permission denied" in fails("on")


def test_a_missing_folder_is_named(folder):
    folder.rmdir()
    assert str(folder) in fails("on")


ROOT = Path(lamp_dataset.__file__).parent.parent

LOAD = f"""
from datasets import load_dataset
print(len(load_dataset("lamp", "LaMP_2", data_dir={lamp_dataset.SAMPLE!r}, split="train", cache_dir="cache")))
"""


class Environment:
    """A new virtual environment, which finds what this one has, and our packages."""

    def __init__(self, folder):
        venv.create(folder / "env", with_pip=False, symlinks=True)
        self.python = folder / "env" / "bin" / "python"
        (self.packages,) = (folder / "env" / "lib").glob("python*/site-packages")
        self.folder = folder
        self.see(ROOT, *site.getsitepackages())

    def see(self, *paths):
        (self.packages / "elsewhere.pth").write_text("".join(f"{path}\n" for path in paths))

    def run(self, *arguments, **variables):
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CONDA"))}
        result = subprocess.run(
            [self.python, *arguments], cwd=self.folder, env={**ours, **variables}, capture_output=True, text=True
        )
        assert (result.returncode, "Error" in result.stderr) == (0, False), result.stderr
        return result.stdout.split("\n")[:-1]

    def code(self, code, *options):
        return self.run(*options, "-c", textwrap.dedent(code))

    def switch(self, action):
        return self.run("-m", "lamp_dataset", "autoload", action)


@pytest.fixture(scope="module")
def switched_on(tmp_path_factory):
    environment = Environment(tmp_path_factory.mktemp("on"))
    environment.switch("on")
    return environment


def test_off_until_it_is_switched_on_and_off_again(tmp_path):
    environment = Environment(tmp_path)
    path, waiting = environment.packages / NAME, "import sys; print('LampAutoload' in str(sys.meta_path))"
    off, on = [f"off: there is no {path}"], [f"on: {path}"]
    assert (environment.switch("status"), environment.code(waiting)) == (off, ["False"])
    assert environment.switch("on") == environment.switch("on") == environment.switch("status") == on
    assert environment.code(waiting) == ["True"]
    assert sorted(os.listdir(environment.packages)) == ["elsewhere.pth", NAME]
    assert environment.switch("off") == environment.switch("off") == environment.switch("status") == off
    assert environment.code(waiting) == ["False"]


@pytest.mark.parametrize("options", [(), ("-I",), ("-E",)])
def test_both_names_are_found(options, switched_on):
    assert switched_on.code(LOAD, *options) == ["6"]
    code = """
    import evaluate
    print(evaluate.load("lamp_metric", "LaMP_3").compute(predictions=["4"], references=["5"])["MAE"])
    """
    assert switched_on.code(code, *options) == ["1.0"]


def test_a_python_without_its_site_has_nothing(switched_on):
    assert switched_on.code("import sys; print('LampAutoload' in str(sys.meta_path))", "-S") == ["False"]


def test_our_packages_are_imported_with_the_libraries_and_no_earlier(switched_on):
    code = """
    import sys
    def ours():
        print(sorted({"lamp_dataset", "lamp_metric"} & set(sys.modules)))
    ours()
    import importlib.util, json, xml.dom.minidom
    importlib.util.find_spec("datasets"), importlib.util.find_spec("evaluate")
    ours()
    import datasets
    ours()
    import evaluate
    ours()
    """
    assert switched_on.code(code) == ["[]", "[]", "['lamp_dataset']", "['lamp_dataset', 'lamp_metric']"]


@pytest.mark.parametrize("imports", ["import datasets.load, lamp_dataset", "import lamp_dataset, datasets, evaluate"])
def test_an_import_of_ours_changes_nothing(imports, switched_on):
    code = f"""
    {imports}
    import lamp_metric, evaluate.loading, sys
    for module, name in ((datasets.load, "dataset"), (datasets.inspect, "dataset"), (evaluate.loading, "evaluation")):
        print(getattr(module, name + "_module_factory").knows)
    print(len([finder for finder in sys.meta_path if type(finder).__name__ == "_Finder"]))
    """
    assert switched_on.code(code) == ["('lamp',)", "('lamp',)", "('lamp_metric',)", "3"]


def test_processes_started_anew_know_the_name(switched_on):
    (switched_on.folder / "work.py").write_text(
        "from multiprocessing import get_context\n"
        "def work(n):\n"
        "    from datasets import load_dataset\n"
        f"    return load_dataset('lamp', 'LaMP_2', data_dir={lamp_dataset.SAMPLE!r}, split='train')[n]['id']\n"
        "if __name__ == '__main__':\n"
        "    with get_context('spawn').Pool(2) as pool:\n"
        "        print(pool.map(work, range(3)))\n"
    )
    assert switched_on.run("work.py") == ["['100', '101', '102']"]


@pytest.mark.models
def test_trl_loads_a_data_set_by_its_name(switched_on):
    pytest.importorskip("trl", reason="trl is not installed: no extra of ours asks for it")
    code = f"""
    from trl.scripts.utils import DatasetConfig, DatasetMixtureConfig, get_dataset
    one = DatasetConfig(path="lamp", name="LaMP_2", data_dir={lamp_dataset.SAMPLE!r}, columns=["input", "output"])
    print(get_dataset(DatasetMixtureConfig(datasets=[one]))["train"].to_list()[0]["output"])
    """
    assert switched_on.code(code)[-1:] == ["comedy"]


@pytest.mark.parametrize("what", ["gone", "broken", "half an installation"])
def test_libraries_load_as_ever_when_our_packages_do_not(what, tmp_path):
    environment = Environment(tmp_path)
    environment.switch("on")
    broken = tmp_path / "broken"
    broken.mkdir()
    if what == "broken":
        for name in ("lamp_dataset", "lamp_metric"):
            (broken / f"{name}.py").write_text("1 / 0\n")
    elif what == "half an installation":
        for name in ("lamp_dataset", "lamp_metric"):
            (broken / name).mkdir()
            (broken / name / "__init__.py").write_text(f"import {name}.registration\n")
    environment.see(broken, *site.getsitepackages())
    (tmp_path / "rows.json").write_text('[{"a": 1}]')
    code = """
    import datasets, evaluate, sys
    print(datasets.load_dataset("json", data_files="rows.json", split="train", cache_dir="cache").to_list())
    """
    assert environment.code(code) == ["[{'a': 1}]"]


def test_the_line_of_another_version_is_stale_and_replaced(folder):
    (folder / NAME).write_text(LINE.replace(f"lamp-hf {lamp_dataset.__version__}", "lamp-hf 0.0.9rc1"))
    file = find_startup_file()
    assert (file.path, file.version, file.current) == (folder / NAME, "0.0.9rc1", False)
    file.write(system=True)
    assert (folder / NAME).read_text() == LINE
    assert find_startup_file().current


@pytest.mark.parametrize("content", [b"", b"/usr/lib/mine\n", b"\xff\xfe", LINE[:-30].encode()])
def test_a_file_that_something_else_wrote_is_left_alone(content, folder):
    (folder / NAME).write_bytes(content)
    with pytest.raises(ValueError, match=f"{folder / NAME}.*another"):
        find_startup_file()
    assert (folder / NAME).read_bytes() == content


def test_a_folder_that_python_does_not_read_is_refused(folder, monkeypatch):
    monkeypatch.setattr("site.getsitepackages", lambda: ["/elsewhere"])
    with pytest.raises(ValueError, match=f"{folder}.*/elsewhere"):
        find_startup_file().write(system=True)
    assert os.listdir(folder) == []


def test_a_python_outside_environments_needs_a_word_more(folder, monkeypatch):
    monkeypatch.setattr("lamp_dataset.commands.autoload.in_environment", lambda: False)
    with pytest.raises(ValueError, match="--system"):
        find_startup_file().write()
    assert os.listdir(folder) == []
    find_startup_file().write(system=True)
    assert find_startup_file().current


def test_virtual_and_conda_environments_are_told_by_their_marks(tmp_path, monkeypatch):
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.setattr("sys.base_prefix", str(tmp_path))
    monkeypatch.setattr("sys.prefix", str(tmp_path / "env"))
    assert in_environment()
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    assert not in_environment()
    monkeypatch.setenv("CONDA_PREFIX", str(tmp_path / "other"))  # a system's Python, called in an active environment
    assert not in_environment()
    monkeypatch.setenv("CONDA_PREFIX", f"{tmp_path}/")
    assert in_environment()
    monkeypatch.delenv("CONDA_PREFIX")
    (tmp_path / "conda-meta").mkdir()
    assert in_environment()
