"""Before anything imports a Hugging Face library: caches of this run alone, nothing sent anywhere, no progress bars."""

import os
import tempfile

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


def pytest_unconfigure():
    import shutil

    shutil.rmtree(_HOME, ignore_errors=True)
