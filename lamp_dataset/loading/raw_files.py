"""Raw files, local or remote: opened and hashed, with network errors that say what to do.

A silent server is an error, and a slow one is not. The client below ``datasets`` gives five minutes to a whole file,
however fast it comes, and while streaming tries that twenty times.
"""

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import tenacity
import xxhash

from lamp_dataset.formats.files import RowFiles, is_url, parts
from lamp_dataset.task import Task


@contextmanager
def open_raw(path: str) -> Iterator[Any]:
    """Open a local file or a URL for reading bytes, files on the Hub in any order; errors as for :func:`fetching`.

    A cut connection is made again as often as ``datasets`` would; a silent server is not asked again. Files on the Hub
    are opened as ``datasets`` does it: it knows the token, and its client for the Hub has time-outs.
    """
    if not is_url(path):
        with open(path, "rb") as file:
            yield file
        return
    import aiohttp
    import datasets
    import fsspec
    from datasets.utils.file_utils import xopen

    with fetching(path):
        if path.startswith((datasets.config.HF_ENDPOINT, "hf://")):
            with xopen(path, "rb") as file:
                yield file
        else:
            with fsspec.open(path, "rb", client_kwargs=client_options()) as file:
                again = tenacity.retry(
                    retry=tenacity.retry_if_exception_type(aiohttp.ClientError),
                    wait=tenacity.wait_fixed(datasets.config.STREAMING_READ_RETRY_INTERVAL),
                    stop=tenacity.stop_after_attempt(datasets.config.STREAMING_READ_MAX_RETRIES),
                    reraise=True,
                )
                yield SimpleNamespace(read=again(file.read))


def hub_files(task: Task, splits: Iterable[str], revision: str | None, token: Any = None) -> dict[str, RowFiles]:
    """Split -> its files on the Hub, at the commit that ``revision`` names now; by default, of the main branch.

    Raises:
        ConnectionError: the Hub cannot be reached, or has no such revision.
        ValueError: it lacks files of a split.
    """
    from huggingface_hub import HfApi

    api = HfApi(token=token)
    folder = f"{api.endpoint}/datasets/{task.hub.repo}/{task.hub.folder}"
    with fetching(folder):
        info = api.dataset_info(task.hub.repo, revision=revision)
    names = [file.rfilename.rpartition("/") for file in info.siblings]
    names = [name for place, _, name in names if place == task.hub.folder]
    root, found = f"hf://datasets/{task.hub.repo}@{info.sha}/{task.hub.folder}", {}
    for split in splits:
        found[split] = RowFiles(task, split, tuple(f"{root}/{name}" for name in parts(names, split, folder)))
        if not found[split].paths:
            raise ValueError(f"{folder}: expected files of the split {split!r}, found {', '.join(sorted(names))}")
    return found


#: Fast: shows whether files in a folder changed.
CONTENT: Callable[[], Any] = xxhash.xxh3_128
#: For the record: the site publishes no checksums.
PROVENANCE: Callable[[], Any] = hashlib.sha256


def hash_file(path: str, algorithm: Callable[[], Any]) -> tuple[int, str]:
    """Size in bytes and hash of a local file."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, algorithm)
        return file.tell(), digest.hexdigest()


BY_OTHER_MEANS = (
    "Complete files were kept, so try again, or pass data_dir=… (--data-dir in commands) with files fetched by other "
    "means; lamp_dataset.SAMPLE (--data-dir sample) is a made-up sample that needs no network"
)


@contextmanager
def fetching(url: str, advice: str = BY_OTHER_MEANS) -> Iterator[None]:
    """Turn network errors into a ConnectionError, which says what to do; errors about content pass unchanged."""
    try:
        yield
    except Exception as error:
        if isinstance(error, ValueError) and not isinstance(error, OSError):
            raise
        from aiohttp import ServerTimeoutError
        from fsspec.exceptions import FSTimeoutError

        cause = error
        while cause.__cause__ is not None:  # the first of them says what happened, the last often only the address
            cause = cause.__cause__
        reason = f"{type(cause).__name__}: {' '.join(str(cause).split())}"
        if isinstance(cause, ServerTimeoutError | FSTimeoutError):
            limit = f"the environment variable {VARIABLE} sets the limit"
            reason = f"the server sent nothing for {patience():g} seconds; {limit}"
        raise ConnectionError(f"could not fetch {url} ({reason}). Is the site reachable? {advice}") from error


#: The environment variable with the seconds without a byte after which a server counts as silent.
VARIABLE = "LAMP_TIMEOUT"
#: Its default.
SECONDS = 60.0


def patience() -> float:
    """Seconds without a byte until a server counts as silent; ValueError for a wrong :data:`VARIABLE`."""
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
    """Give a download manager of ``datasets`` our time-outs, unless its caller chose others, and a single process.

    An error from another process lacks its cause, and forked processes of ``datasets`` 3.6 can wait for ever.
    """
    config = dl_manager.download_config.copy()  # the caller may use the object elsewhere
    config.num_proc = 1
    config.storage_options["client_kwargs"] = client_options(config.storage_options.get("client_kwargs"))
    dl_manager.download_config = config
