"""A Hub on loopback, and clients in processes of their own: endpoint, home and token are read once, at import."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from forks import ForkServer
from hub_server import READING, Hub
from made_up import write_all

import lamp_dataset

#: As installed, beside the interpreter.
COMMAND = str(Path(sys.executable).with_name("lamp-dataset"))
ME, READER, STRANGER = "hf_mewritesecret", "hf_mereadsecret", "hf_strangersecret"


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A home of clients that push: what they prepare is prepared once for all tests."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """A folder with official files of some configs, one of them gated."""
    folder = tmp_path_factory.mktemp("files")
    for name, rows in [("LaMP_2", 7), ("LaMP_3_time", 5), ("LaMP_6", 4)]:
        write_all(folder, [name], count=rows)
    return folder


@dataclass
class Client:
    """Runs commands and code against ``hub``."""

    hub: Hub
    home: Path
    pushing: ForkServer
    reading: ForkServer

    def push(self, repo, *configs, data_dir, token=ME, options=(), status=0):
        """``lamp-dataset push …``; asserts its exit status, if any, and that no secret was printed."""
        arguments = ["push", repo, *configs, "--data-dir", data_dir, *options]
        return _discreet(self.pushing.run(PUSH, *arguments, environment={"HF_TOKEN": token}), status)

    def start_push(self, repo, *configs, data_dir):
        """A push in the background, which can be killed."""
        return self.pushing.start(PUSH, "push", repo, *configs, "--data-dir", data_dir)

    def pushed(self, code, *arguments, cwd=None):
        """What ``code``, which pushes, gives to ``answer``."""
        return _answer(self.pushing.run(PRELUDE + code, *arguments, cwd=cwd))

    def typed(self, *arguments, token=ME, home=None, status=0, **environment):
        """``lamp-dataset ARGUMENTS`` as a user types it, with all imports to be done."""
        return _discreet(self._run([COMMAND, *map(str, arguments)], token, home or self.home, environment), status)

    def python(self, code, *arguments, token=ME, home=None, interpreter=sys.executable, **environment):
        """What ``code`` gives to ``answer``, run in a process of its own; a fresh home unless given."""
        return _answer(
            self.run_python(code, *arguments, token=token, home=home, interpreter=interpreter, **environment)
        )

    def run_python(self, code, *arguments, token=ME, home=None, interpreter=sys.executable, **environment):
        """The ended process of such code."""
        home = home or self.hub.folder / f"home-{os.urandom(4).hex()}"
        return self._run([str(interpreter), "-c", PRELUDE + code, *map(str, arguments)], token, home, environment)

    def _run(self, command, token, home, environment):
        environment = self.hub.environment(token, home) | environment
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)

    def load(self, repo, *configs, interpreter=None, **load):
        """Config -> split -> rows, loaded by plain ``datasets``, with a fresh cache; or the name of the error."""
        options = json.dumps([str(repo), configs, load])
        if interpreter:
            return self.python(LOAD, options, interpreter=interpreter, HF_UPDATE_DOWNLOAD_COUNTS="0")
        shutil.rmtree(_reader_home(self.hub), ignore_errors=True)
        return _answer(self.reading.run(PRELUDE + LOAD, options))


#: In processes that have imported it, see ``hub_server/pushing.py``.
PUSH = """
import sys, lamp_dataset.__main__
lamp_dataset.__main__.main(sys.argv[1:], prog_name="lamp-dataset")
"""
PRELUDE = """
import json, sys
arguments = sys.argv[1:]
def answer(value):
    print("ANSWER", json.dumps(value), flush=True)
"""
LOAD = """
import datasets
repo, configs, options = json.loads(arguments[0])
found = {}
for config in configs:
    try:
        loaded = datasets.load_dataset(repo, config, **options)
        found[config] = {split: [*rows] for split, rows in loaded.items()}
    except Exception as error:
        found[config] = type(error).__name__
answer(found)
"""


def _answer(done):
    answers = [line.removeprefix("ANSWER ") for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    assert answers, done.stderr
    return json.loads(answers[-1])


def _discreet(done, status):
    assert status in (None, done.returncode), done.stderr
    for secret in (ME, READER, STRANGER, "signature="):
        assert secret not in done.stdout + done.stderr
    return done


def _reader_home(hub):
    return hub.folder / "reader"


def _site(folder, home, **how):
    with Hub(folder, **how) as hub:
        no_counts = {"HF_UPDATE_DOWNLOAD_COUNTS": "0"}
        pushing = ForkServer(folder / "pushing", [*READING, "hub_server.pushing"], hub.environment(ME, home))
        reading = ForkServer(folder / "reading", READING, hub.environment(ME, _reader_home(hub)) | no_counts)
        yield Client(hub, home, pushing, reading)
        for server in (pushing, reading):
            server.close()


@pytest.fixture(scope="session")
def lfs_site(tmp_path_factory, home):
    yield from _site(tmp_path_factory.mktemp("lfs"), home, page_size=3)


@pytest.fixture(scope="session")
def xet_site(tmp_path_factory, home):
    yield from _site(tmp_path_factory.mktemp("xet"), home, page_size=3, xet=True)


@pytest.fixture
def client(lfs_site):
    """A client of an empty Hub that takes files by LFS."""
    lfs_site.hub.reset()
    return lfs_site


@pytest.fixture
def xet_client(xet_site):
    """The same where files go through Xet."""
    xet_site.hub.reset()
    return xet_site


@pytest.fixture(params=["lfs", "xet"])
def either_client(request):
    return request.getfixturevalue("client" if request.param == "lfs" else "xet_client")


@pytest.fixture(scope="session")
def source(files):
    """Function: split -> rows of a config as ``load_dataset("lamp", ...)`` gives them here."""
    import datasets

    def rows(config, data_dir=files):
        loaded = datasets.load_dataset("lamp", config, data_dir=str(data_dir))
        return {split: [*rows] for split, rows in loaded.items()}

    return rows


@pytest.fixture(scope="session")
def configs():
    """The plans of two configs of the embedded sample."""
    from lamp_dataset.hub.export import find_builders, prepare

    return {config.name: config for config in prepare(find_builders(["LaMP_2", "LaMP_6"], lamp_dataset.SAMPLE))}
