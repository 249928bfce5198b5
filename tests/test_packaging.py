"""A release: what is in the sdist and the wheel, what an index shows, and what a type checker sees."""

import ast
import configparser
import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("lamp_dataset", "lamp_metric", "avocado_builder")
FOLDERS = (*PACKAGES, "benchmarks", "docs", "examples", "tests", ".ci")
FILES = {path.name for path in ROOT.glob("*.*") if path.suffix in {".md", ".cff", ".yml", ".cfg", ".toml", ".in"}}


def files_below(root, folders):
    """Paths relative to ``root`` of all files in ``folders``, but for what Python and the system leave there."""
    found = [path for folder in folders for path in (root / folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(root)) for path in found if not {"__pycache__", ".DS_Store"} & {*path.parts}}


def run(*command, **options):
    done = subprocess.run([sys.executable, "-m", *map(str, command)], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A folder with an sdist of a copy of this tree, and the wheel made from that sdist."""
    source, release = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("release")
    for folder in FOLDERS:
        # other tests, which run at the same time, write there
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, source)
    run("build", "--no-isolation", "--outdir", release, source)
    return release


@pytest.fixture(scope="module")
def wheel(release):
    return zipfile.ZipFile(*release.glob("*.whl"))


@pytest.fixture(scope="module")
def metadata(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return email.message_from_bytes(wheel.read(name))


def test_the_sdist_is_the_whole_tree(release):
    with tarfile.open(*release.glob("*.tar.gz")) as archive:
        members = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert {name for name in members if name.partition("/")[0] in FOLDERS} == files_below(ROOT, FOLDERS)
    assert members >= FILES | {"Makefile", "LICENSE", ".gitignore"}


def test_the_wheel_holds_the_packages_whole_and_nothing_else(wheel):
    members = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert members == files_below(ROOT, PACKAGES)
    assert {f"{package}/py.typed" for package in PACKAGES} <= members


def test_the_index_takes_the_release(release):
    assert run("twine", "check", "--strict", *release.iterdir()).count("PASSED") == 2


def test_the_metadata(metadata):
    assert metadata.get_payload(decode=True).decode() == (ROOT / "README.md").read_text(encoding="utf-8")
    assert metadata["Author"] == "lamp-hf contributors"
    systems = [line for line in metadata.get_all("Classifier") if line.startswith("Operating System")]
    assert systems == ["Operating System :: MacOS", "Operating System :: POSIX :: Linux"]
    pythons = [line.rpartition(".")[2] for line in metadata.get_all("Classifier") if ":: 3." in line]
    assert pythons == ["11", "12", "13"]


#: Extras of libraries that a package imports only inside functions, where it says how to get them.
EXTRAS = ["app", "report", "measures", "models", "dense", "lm-eval", "inspect"]
#: Modules that are not named after the package that provides them.
BROUGHT_BY = {"mailparser": "mail-parser", "sklearn": "scikit-learn", "yaml": "pyyaml", "gradio_client": "gradio"}
BROUGHT_BY |= {"griffe": "griffelib"}


def declared(*extras):
    """Names in setup.cfg: what installing the project brings, with extras."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    lists = [settings["options"]["install_requires"], *(settings["options.extras_require"][extra] for extra in extras)]
    return {re.split(r"[\[<>=]", line)[0] for text in lists for line in text.split()}


def imports(folder):
    """What the modules of a folder import of others, under the names in setup.cfg, and whether at a module's top."""
    own = {path.stem for path in ROOT.glob("*/*") if path.suffix in ("", ".py")} | {*PACKAGES}
    own.add("_typeshed")  # which type checkers alone know
    for path in (ROOT / folder).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules = [node.module] if isinstance(node, ast.ImportFrom) else modules
            for name in {module.split(".")[0] for module in modules} - own - sys.stdlib_module_names:
                yield BROUGHT_BY.get(name, name.replace("_", "-")), node in tree.body


def test_the_packages_import_what_they_declare_and_declare_what_they_import():
    found = {pair for package in PACKAGES for pair in imports(package)}
    assert {name for name, _ in found} <= declared(*EXTRAS)
    at_top = {name for name, top in found if top} - {"inspect-ai"}  # this harness imports the module of its tasks
    assert at_top <= declared(), "an extra is imported only inside functions"
    assert {name for name, _ in found} >= declared()


@pytest.mark.parametrize("folder", ["tests", "examples", "benchmarks", "docs"])
def test_what_is_imported_beside_the_packages_is_declared(folder):
    assert {name for name, _ in imports(folder)} <= declared(*EXTRAS, "adapters", "ray", "docs", "test", "test-models")


#: What parts of programs in a document may lack; whether they run is for the documents' own tests.
LENIENT = '# mypy: disable-error-code="name-defined, no-untyped-def"'


def python_of(document):
    """The Python blocks of a document at their lines, so that an error there names the document's own line."""
    code, inside = [], False
    for line in document.read_text(encoding="utf-8").splitlines():
        starts = line.startswith("```python")
        inside = starts or (inside and not line.startswith("```"))
        code.append(line if inside and not starts else "")
    return "\n".join([LENIENT, *code[1:]]) + "\n"


def test_the_public_names_and_the_code_of_the_documents_have_the_right_types(wheel, tmp_path):
    """mypy --strict, as it reads the installed wheel; each document's code is one file."""
    wheel.extractall(tmp_path / "installed")
    shutil.copy(ROOT / "tests" / "public_api.py", tmp_path)
    for document in (ROOT / "README.md", ROOT / "lamp_metric" / "README.md", *(ROOT / "docs").rglob("*.md")):
        name = re.sub(r"\W", "_", str(document.relative_to(ROOT).with_suffix("")))
        (tmp_path / f"{name}.py").write_text(python_of(document), encoding="utf-8")
    options = ["--config-file", ROOT / "pyproject.toml", "--cache-dir", tmp_path / "cache"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    run("mypy", *options, *tmp_path.glob("*.py"), cwd=tmp_path, env=environment)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_type_checker_reads_a_use_of_every_public_name(package):
    uses = (ROOT / "tests" / "public_api.py").read_text(encoding="utf-8")
    used = {*re.findall(rf"\b{package}\.(\w+)", uses), "Task"}
    assert used >= set(__import__(package).__all__)
