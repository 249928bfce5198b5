"""Fetch the public id files from the benchmark's site, for a user who has none."""

from __future__ import annotations

import http.client
import logging
import os
import urllib.error
import urllib.request
from pathlib import Path

from lamp_dataset import __version__
from lamp_dataset.formats.json_file import HEAD_BYTES, describe, looks_like_html
from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import BASE_URL

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 60
_BY_HAND = "Download it yourself and pass its folder: --ids-dir (from Python ids_dir)"


def fetch_ids(task: Task, splits: tuple[str, ...], folder: Path, base_url: str = BASE_URL) -> dict[str, Path]:
    """Fetch the questions files of ``splits`` into ``folder``.

    The site answers some wrong paths with status 200 and a web page, so the content is checked, not the status.

    Args:
        task: the config.
        splits: the splits; empty for all.
        folder: where to save them; it must exist.
        base_url: the site, or a mirror in its layout.

    Returns:
        Split -> path.

    Raises:
        OSError: there is no connection, the site answers an error, or the transfer was cut off.
        ValueError: the site sent a web page or nothing.
    """
    paths = {}
    for split in splits or tuple(SPLITS):
        url = f"{base_url.rstrip('/')}/{task.questions_path(split)}"
        log.info("fetching %s", url)
        paths[split] = folder / f"{SPLITS[split]}_questions.json"
        _fetch(url, paths[split])
    return paths


def _fetch(url: str, path: Path) -> None:
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url}: expected a URL that begins with http:// or https://")
    try:
        request = urllib.request.Request(url, headers={"User-Agent": f"lamp-hf/{__version__}"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            length = response.headers.get("Content-Length")
            size = _save(response, path)
    except urllib.error.HTTPError as error:
        raise OSError(f"{url}: the site answers {error.code} {error.reason}. {_BY_HAND}") from None
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise OSError(f"{url}: cannot be fetched ({getattr(error, 'reason', error)}). {_BY_HAND}") from None
    if length is not None and length.isdigit() and size != int(length):
        raise OSError(f"{url}: cut off, received {size:,} of {int(length):,} bytes. Try again")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if looks_like_html(head) or not head.strip():
        raise ValueError(f"{url}: expected JSON, the site sent {describe(head)}. {_BY_HAND}")


def _save(response: http.client.HTTPResponse, path: Path) -> int:
    size = 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        while block := response.read(1 << 16):
            file.write(block)
            size += len(block)
    return size
