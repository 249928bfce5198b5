"""Files on the web: with time-outs, so that a server that keeps silent ends in an error and a slow one does not.

The client below ``datasets`` has other habits: five minutes for a whole file, however fast it comes, and while
streaming twenty tries of that.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tenacity

#: The environment variable with the seconds without a byte after which a server counts as silent.
VARIABLE = "LAMP_TIMEOUT"
#: Its default.
SECONDS = 60.0


def patience() -> float:
    """Seconds without a byte after which a server counts as silent.

    Raises:
        ValueError: :data:`VARIABLE` is set to anything but a positive number.
    """
    given = os.environ.get(VARIABLE) or SECONDS
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(f"{VARIABLE}: expected a positive number of seconds, such as 300, found {given!r}")
    return seconds


def client_options(given: dict[str, Any] | None = None) -> dict[str, Any]:
    """Options of the HTTP client: those given, proxies as the environment says, and our time-outs."""
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=None, connect=patience(), sock_read=patience())
    return {"trust_env": True, "timeout": timeout, **(given or {})}


def set_timeouts(dl_manager: Any) -> None:
    """Give a download manager of ``datasets`` our time-outs, unless its caller chose others."""
    config = dl_manager.download_config.copy()  # the caller may use the object elsewhere
    config.storage_options["client_kwargs"] = client_options(config.storage_options.get("client_kwargs"))
    dl_manager.download_config = config


@contextmanager
def open_url(url: str) -> Iterator[Any]:
    """Open a URL for reading bytes.

    Files on the Hub are opened as ``datasets`` does it: it knows the token, and that client has time-outs.
    """
    import datasets
    import fsspec
    from datasets.utils.file_utils import xopen

    if url.startswith(datasets.config.HF_ENDPOINT):
        with xopen(url, "rb") as file:
            yield file
    else:
        with fsspec.open(url, "rb", client_kwargs=client_options()) as file:
            yield _Persistent(file)


class _Persistent:
    """Reads on after a cut connection, as often as ``datasets`` would; a silent server is not asked again."""

    def __init__(self, file: Any) -> None:
        import aiohttp
        from datasets import config

        self._file = file
        self._again = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(aiohttp.ClientError),
            wait=tenacity.wait_fixed(config.STREAMING_READ_RETRY_INTERVAL),
            stop=tenacity.stop_after_attempt(config.STREAMING_READ_MAX_RETRIES),
            reraise=True,
        )

    def read(self, size: int = -1) -> bytes:
        """The next bytes; empty at the end."""
        return self._again(self._file.read, size)


def silence(error: BaseException) -> str:
    """What to do if the error is that a server kept silent for too long, else ""."""
    from aiohttp import ServerTimeoutError
    from fsspec.exceptions import FSTimeoutError

    if not isinstance(error, ServerTimeoutError | FSTimeoutError):
        return ""
    return f"the server sent nothing for {patience():g} seconds; the environment variable {VARIABLE} sets the limit"
