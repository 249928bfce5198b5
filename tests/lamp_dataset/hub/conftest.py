"""A Hub on loopback, and clients in processes of their own: endpoint, home and token are read once, at import."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

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


@pytest.fixture(params=["lfs", "xet"])
def either_hub(request, tmp_path):
    """The Hub in both ways of taking files."""
    with Hub(tmp_path, xet=request.param == "xet", page_size=3) as hub:
        yield hub


@pytest.fixture
def xet_client(tmp_path, home):
    with Hub(tmp_path, xet=True) as hub:
        yield Client(hub, home)


@pytest.fixture
def hub(tmp_path):
    with Hub(tmp_path, page_size=3) as hub:
        yield hub


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
    cwd: Path | None = None

    def command(self, *arguments, token=ME, **environment):
        """``lamp-dataset ARGUMENTS`` as typed; asserts that no secret was printed."""
        done = self._run([COMMAND, *map(str, arguments)], token, self.home, environment)
        for secret in (ME, READER, STRANGER, "signature="):
            assert secret not in done.stdout + done.stderr
        return done

    def push(self, repo, *configs, data_dir, token=ME, options=(), **environment):
        return self.command("push", repo, *configs, "--data-dir", data_dir, *options, token=token, **environment)

    def python(self, code, *arguments, token=ME, home=None, interpreter=sys.executable, **environment):
        """What ``code`` gives to ``answer``, run in a process of its own; a fresh home unless given."""
        home = home or self.hub.folder / f"home-{os.urandom(4).hex()}"
        done = self._run([str(interpreter), "-c", PRELUDE + code, *map(str, arguments)], token, home, environment)
        answers = [line.removeprefix("ANSWER ") for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
        assert answers, done.stderr
        return json.loads(answers[-1])

    def _run(self, command, token, home, environment):
        environment = self.hub.environment(token, home) | environment
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, cwd=self.cwd)

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


@pytest.fixture
def client(hub, home):
    return Client(hub, home)


@pytest.fixture
def either_client(either_hub, home):
    return Client(either_hub, home)


@pytest.fixture(scope="session")
def source(files):
    """Function: split -> rows of a config as ``load_dataset("lamp", ...)`` gives them here."""
    import datasets

    def rows(config, data_dir=files):
        loaded = datasets.load_dataset("lamp", config, data_dir=str(data_dir))
        return {split: [*rows] for split, rows in loaded.items()}

    return rows
