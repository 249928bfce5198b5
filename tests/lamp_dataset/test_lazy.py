"""Lazy public names: the same to Python, to help and to type checkers, in all three packages."""

import importlib
import pydoc
import sys
from pathlib import Path

import pytest
from console import printed_by

from lamp_dataset.lazy import check_installed, lazy_exports, load_model, require

PACKAGES = ("lamp_dataset", "lamp_metric", "avocado_builder")


@pytest.fixture(params=PACKAGES)
def package(request):
    return importlib.import_module(request.param)


def test_every_lazy_name_is_a_public_one_of_its_module(package):
    lazy = set(package.__dir__()) - set(vars(package))
    assert set(package.__all__) >= lazy != set()
    assert {getattr(package, name) is not None for name in lazy} == {True}


def test_dir_and_help_show_every_public_name_before_its_first_use(package):
    code = f"import {package.__name__} as package; print(set(package.__all__) - set(dir(package)))"
    assert printed_by(code) == ["set()"]
    page = pydoc.render_doc(package, renderer=pydoc.plaintext)
    assert not [name for name in package.__all__ if name not in page]


def test_only_public_names_are_there_whatever_is_imported(package):
    with pytest.raises(AttributeError, match=f"{package.__name__}.*'nothing'"):
        package.nothing  # noqa: B018
    submodules = {path.stem for path in Path(package.__file__).parent.iterdir()}
    assert not submodules & set(package.__all__)


def test_a_name_is_read_from_its_module_when_asked_for(tmp_path, monkeypatch):
    text = "if TYPE_CHECKING:\n    from lazy_encoder import dumps as dumps, gone as gone, other\n"
    (tmp_path / "__init__.py").write_text(text)
    package, module = (type(sys)(name) for name in ("tests_of_lazy", "lazy_encoder"))
    package.__file__, package.here = str(tmp_path / "__init__.py"), 1
    monkeypatch.setitem(sys.modules, "tests_of_lazy", package)
    monkeypatch.setitem(sys.modules, "lazy_encoder", module)
    get, names, public = lazy_exports("tests_of_lazy")
    assert public == ["dumps", "gone"]
    module.dumps = "first"
    assert get("dumps") == "first"
    module.dumps = "second"
    assert get("dumps") == "second"
    assert {"dumps", "gone", "here"} <= set(names())
    with pytest.raises(AttributeError, match="gone"):
        get("gone")


def test_a_missing_package_is_named_with_the_extra_that_brings_it():
    assert require("json", "test").dumps(1) == "1"
    check_installed("json", "test")
    for function, name in ((require, ""), (check_installed, ""), (require, ".part")):
        with pytest.raises(
            ImportError, match=r"no-such-package is not installed; from a checkout.*'\.\[dense\]'"
        ) as caught:
            function(f"no_such_package{name}", "dense")
        assert caught.value.name == f"no_such_package{name}"


def test_an_error_inside_an_optional_package_passes_through(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import no_such_package_either\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_package_either") as caught:
        require("half_installed", "dense")
    assert caught.value.name == "no_such_package_either"


@pytest.mark.parametrize("error", [OSError("offline\nsecond line"), ValueError("no such model")])
def test_a_model_that_cannot_be_loaded_is_one_error_of_one_line(error):
    def load(name, revision):
        raise error

    first = str(error).splitlines()[0]
    with pytest.raises(OSError, match=f"'me/model'.*{first}$") as caught:
        load_model(load, "me/model", revision="main")
    assert "\n" not in str(caught.value)
    assert load_model(lambda name, revision: (name, revision), "me/model", revision="main") == ("me/model", "main")
