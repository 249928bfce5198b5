"""Before anything imports a Hugging Face library: caches of this run alone, nothing sent anywhere, no progress bars."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest
from fake_model import serve_fake
from forks import ForkServer

_HOME = tempfile.mkdtemp(prefix="lamp-tests-")
os.environ.update(
    HF_HOME=_HOME,
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_UPDATE_DOWNLOAD_COUNTS="0",
    HF_DATASETS_DISABLE_PROGRESS_BARS="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
)
for _name in ("HF_TOKEN", "HF_ENDPOINT", "HF_DATASETS_CACHE", "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
    os.environ.pop(_name, None)
# What a shell starts in the background ignores interrupts, and so would the processes that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


#: Marker -> what its tests import. Those of models that need a tokenizer alone have both markers.
NEEDED = {
    "models": ("torch", "transformers", "sentence_transformers", "ray", "peft", "trl"),
    "tokenizers": ("transformers", "tokenizers", "jinja2"),
    "lm_eval": ("lm_eval",),
    "inspect": ("inspect_ai",),
}


def pytest_collection_modifyitems(items):
    """Skip what needs libraries that are not there, so that a bare ``pytest`` works in every environment.

    Not under ``make test-models``, where all must be there.
    """
    if os.environ.get("LAMP_ALL_TESTS"):
        return
    missing = {marker: [name for name in names if not find_spec(name)] for marker, names in NEEDED.items()}
    for item in items:
        markers = [name for name in NEEDED if item.get_closest_marker(name)]
        if markers == ["tokenizers"]:  # it says itself what it cannot do without them
            continue
        lacking = missing[markers[-1]] if markers else []
        if lacking:
            reason = f"needs {', '.join(lacking)}, not installed here: make test-models runs it"
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_unconfigure():
    import shutil

    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(autouse=True)
def umask():
    """Each test begins with the usual umask, whatever a gated task has set before. Gives the one of the moment."""
    before = os.umask(0o022)
    yield lambda: os.umask(os.umask(0o022))
    os.umask(before)


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache of prepared rows for this test alone."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture(scope="session")
def forks(tmp_path_factory):
    """Starts processes that have imported what loads, exports and scores."""
    modules = ["datasets", "evaluate", "sklearn.metrics", "lamp_dataset.lamp", "lamp_dataset.hub.export"]
    server = ForkServer(tmp_path_factory.mktemp("forks"), [*modules, "lamp_metric.lamp_metric"])
    yield server
    server.close()


@pytest.fixture(scope="session")
def real_model():
    """The folder of the real chat model that ``make test-models`` unpacks."""
    folder = os.environ.get("LAMP_REAL_MODEL", "")
    if not Path(folder, "config.json").is_file():
        pytest.skip("no real model: LAMP_REAL_MODEL names no folder of a model (make test-models makes one)")
    return folder


@pytest.fixture(scope="session")
def served_model(real_model):
    """The base URL of an OpenAI-compatible server of :func:`real_model` on loopback; the model's name is its folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [os.environ["LAMP_MODEL_SERVER"], "serve", real_model, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--dtype", "float32"]  # most processors are several times slower with the 16 bits of the weights
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(f"http://127.0.0.1:{port}/health", server)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait()


def _await(url, server, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(url, timeout=2).close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
            break
    raise RuntimeError(f"the model's server did not start: {server.args}")


@pytest.fixture
def fake(monkeypatch):
    """A served model that is none."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with serve_fake() as fake:
        yield fake
