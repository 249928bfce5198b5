"""A Hub on loopback, and clients in processes of their own: endpoint, home and token are read once, at import."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import hub_server
import pytest
from hub_server import Hub
from made_up import write_all

import lamp_dataset  # noqa: F401 (makes load_dataset find "lamp")

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


class Forks:
    """Runs commands against ``hub`` in forks of one process, see ``hub_server/fork.py``."""

    def __init__(self, hub, home):
        self._output, script = str(hub.folder / "printed"), Path(hub_server.__file__).with_name("fork.py")
        self._process = subprocess.Popen(
            [sys.executable, script],
            env=hub.environment(ME, home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments, token):
        self._process.stdin.write(json.dumps({"arguments": arguments, "token": token, "output": self._output}) + "\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        printed = [Path(f"{self._output}.{number}").read_text(encoding="utf-8") for number in (1, 2)]
        return subprocess.CompletedProcess(arguments, status, *printed)

    def close(self):
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


@dataclass
class Client:
    """Runs commands and code against ``hub``."""

    hub: Hub
    home: Path
    forks: Forks

    def push(self, repo, *configs, data_dir, token=ME, options=()):
        """``lamp-dataset push …``; asserts that no secret was printed."""
        arguments = ["push", repo, *configs, "--data-dir", str(data_dir), *options]
        return _discreet(self.forks.run(arguments, token))

    def typed(self, *arguments, token=ME, home=None, **environment):
        """``lamp-dataset ARGUMENTS`` as a user types it, with all imports to be done."""
        return _discreet(self._run([COMMAND, *map(str, arguments)], token, home or self.home, environment))

    def python(self, code, *arguments, token=ME, home=None, interpreter=sys.executable, **environment):
        """What ``code`` gives to ``answer``, run in a process of its own; a fresh home unless given."""
        done = self.run_python(code, *arguments, token=token, home=home, interpreter=interpreter, **environment)
        answers = [line.removeprefix("ANSWER ") for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
        assert answers, done.stderr
        return json.loads(answers[-1])

    def run_python(self, code, *arguments, token=ME, home=None, interpreter=sys.executable, **environment):
        """The ended process of such code."""
        home = home or self.hub.folder / f"home-{os.urandom(4).hex()}"
        return self._run([str(interpreter), "-c", PRELUDE + code, *map(str, arguments)], token, home, environment)

    def _run(self, command, token, home, environment):
        environment = self.hub.environment(token, home) | environment
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)

    def start_push(self, repo, *configs, data_dir):
        """A push in the background."""
        command = [COMMAND, "push", repo, *configs, "--data-dir", str(data_dir)]
        environment = self.hub.environment(ME, self.home)
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def load(self, repo, *configs, token=ME, interpreter=sys.executable, **load):
        """Config -> split -> rows, loaded by plain ``datasets``, with a fresh cache; or the name of the error."""
        options = json.dumps([str(repo), configs, load])
        return self.python(LOAD, options, token=token, interpreter=interpreter, HF_UPDATE_DOWNLOAD_COUNTS="0")


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


def _discreet(done):
    for secret in (ME, READER, STRANGER, "signature="):
        assert secret not in done.stdout + done.stderr
    return done


def _site(folder, home, **how):
    with Hub(folder, **how) as hub:
        forks = Forks(hub, home)
        yield Client(hub, home, forks)
        forks.close()


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
