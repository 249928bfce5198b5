import types

import pytest
from console import printed_by

from lamp_dataset.loading import find_by_name


def run(code, folder):
    return " ".join(printed_by(code, cwd=folder)).split()


@pytest.fixture
def modules(tmp_path):
    (tmp_path / "waited_for.py").write_text("value = 1\n")
    (tmp_path / "broken.py").write_text("raise RuntimeError('on purpose')\n")
    return tmp_path


def test_called_at_once_or_when_the_module_comes(modules):
    code = """
    from lamp_dataset.loading.find_by_name import when_imported
    when_imported("waited_for", lambda module: print("early", module.value))
    print("nothing yet")
    import waited_for
    when_imported("waited_for", lambda module: print("late", module.value))
    """
    assert run(code, modules) == ["nothing", "yet", "early", "1", "late", "1"]


def test_the_module_looks_as_if_nobody_had_waited(modules):
    code = """
    import inspect, importlib, pickle
    from lamp_dataset.loading.find_by_name import when_imported
    when_imported("waited_for", lambda module: print("called"))
    import waited_for
    print(type(waited_for.__loader__).__name__, type(waited_for.__spec__.loader).__name__)
    print(inspect.getsource(waited_for))
    importlib.reload(waited_for)
    """
    loader = "SourceFileLoader"
    assert run(code, modules) == ["called", loader, loader, "value", "=", "1", "called"]


def test_a_module_that_another_thread_is_importing_is_waited_for(modules):
    (modules / "gate.py").write_text("import threading\nstarted, go = threading.Event(), threading.Event()\n")
    (modules / "slow.py").write_text("import gate\ngate.started.set()\nassert gate.go.wait(60)\nvalue = 1\n")
    code = """
    import threading, gate
    from lamp_dataset.loading import find_by_name
    real = find_by_name.import_module
    def release(name):
        gate.go.set()
        return real(name)
    find_by_name.import_module = release
    thread = threading.Thread(target=__import__, args=("slow",))
    thread.start()
    gate.started.wait(60)
    find_by_name.when_imported("slow", lambda module: print("whole", module.value))
    thread.join()
    """
    assert run(code, modules) == ["whole", "1"]


def test_two_may_wait_for_the_same_module_and_errors_pass_through(modules):
    code = """
    from lamp_dataset.loading.find_by_name import when_imported
    when_imported("waited_for", lambda module: print("first"))
    when_imported("waited_for", lambda module: print("second"))
    when_imported("broken", lambda module: print("never"))
    when_imported("not_there", lambda module: print("never"))
    import waited_for
    for name in ("broken", "not_there"):
        try:
            __import__(name)
        except Exception as error:
            print(type(error).__name__)
    """
    assert sorted(run(code, modules)) == ["ModuleNotFoundError", "RuntimeError", "first", "second"]


def test_tools_may_wrap_the_finders_and_copy_the_loader(modules):
    code = """
    import copy, sys
    from lamp_dataset.loading.find_by_name import when_imported
    class Wrapper:
        def __init__(self, finder):
            self.finder = finder
        def find_spec(self, *args):
            spec = self.finder.find_spec(*args)
            if spec is not None:
                spec.loader = copy.copy(spec.loader)
            return spec
    when_imported("waited_for", lambda module: print("first", module.value))
    when_imported("waited_for", lambda module: print("second", module.value))
    sys.meta_path[:] = [Wrapper(finder) for finder in sys.meta_path]
    import waited_for
    """
    assert sorted(run(code, modules)) == ["1", "1", "first", "second"]


STANDINS = ("None", "types.ModuleType('stub')", "unittest.mock.MagicMock()", "unittest.mock.Mock()", "object()")


@pytest.mark.parametrize("standin", STANDINS)
def test_what_stands_in_for_a_module_is_left_alone_until_the_real_one_comes(tmp_path, standin):
    code = f"""
    import sys, types, unittest.mock
    names = ("datasets.load", "datasets.inspect", "evaluate.loading")
    sys.modules.update(dict.fromkeys(names, {standin}))
    import lamp_dataset, lamp_metric
    for name in names:
        del sys.modules[name]
    import datasets
    print(datasets.get_dataset_config_names("lamp") == list(lamp_dataset.TASKS))
    """
    assert run(code, tmp_path) == ["True"]


def test_another_spelling_is_an_error_with_a_hint_unless_it_is_a_path(tmp_path, monkeypatch):
    asked = []
    library = types.SimpleNamespace(find=asked.append)
    find_by_name.patch_factory("lamp_x", library, "find", lambda: "ours")
    assert library.find("lamp_x") == "ours"
    for spelling in ("LaMP_x", "lamp-x", "LAMP-X"):
        with pytest.raises(FileNotFoundError, match=f"{spelling}.*'lamp_x'"):
            library.find(spelling)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "LaMP-x").mkdir()
    theirs = ["LaMP-x", "me/lamp_x", "lamp_xy", "lampx", tmp_path]
    for path in theirs:
        library.find(path)
    assert asked == theirs
