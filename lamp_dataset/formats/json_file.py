"""JSON from disk, and what a wrong file seems to hold.

Standard library only: the metric and the mail builder use it without ``datasets``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

#: The first bytes of a file are enough to tell a web page from JSON.
HEAD_BYTES = 4096
BOM = b"\xef\xbb\xbf"


def looks_like_html(head: bytes) -> bool:
    """Whether ``head``, the first bytes of a file, begin a web page: what the site sends for some wrong paths.

    >>> looks_like_html(b"\\n<!DOCTYPE html><html>"), looks_like_html(b'[{"id": "110"}]')
    (True, False)
    """
    return head.removeprefix(BOM).lstrip()[:1] == b"<"


def describe(head: bytes) -> str:
    """What a file seems to be, for an error message.

    >>> describe(b""), describe(b"PK\\x03\\x04...")
    ('an empty file', 'a zip file')
    """
    if not head.strip():
        return "an empty file" if not head else "nothing but white space"
    if looks_like_html(head):
        return "an HTML page (a failed download?)"
    for magic, kind in ((b"PK\x03\x04", "a zip file"), (b"\x1f\x8b", "a gzip file"), (b"PAR1", "a Parquet file")):
        if head.startswith(magic):
            return kind
    return f"a file that begins {head[:40]!r}"


def load_json(data: bytes, name: str) -> Any:
    """The value in ``data``, a whole JSON document in UTF-8; a byte order mark is passed over.

    Args:
        data: the bytes of the file.
        name: the file's name, for messages.

    Raises:
        ValueError: the bytes are no JSON or no UTF-8; the message says where and what they seem to be.
    """
    try:
        return json.loads(data.removeprefix(BOM).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: expected UTF-8, found byte {data[error.start]:#04x} at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{name}: expected JSON, {_json_trouble(data, error)}") from None
    except RecursionError:
        raise ValueError(f"{name}: expected JSON of this benchmark, found lists nested too deep to read") from None
    except ValueError as error:  # a whole number of more digits than Python reads
        raise ValueError(f"{name}: expected JSON of this benchmark, but {error}") from None


def _json_trouble(data: bytes, error: json.JSONDecodeError) -> str:
    head = data[:HEAD_BYTES]
    if not head.strip() or error.pos == 0 or looks_like_html(head):
        return f"found {describe(head)}"
    if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated"):
        return f"but it ends in the middle, at character {len(error.doc)}: cut off? Fetch or write it again"
    return f"but {error.msg} at character {error.pos}: {error.doc[max(0, error.pos - 20) : error.pos + 20]!r}"


def read_json(path: str | os.PathLike) -> Any:
    """The value in the JSON file ``path``.

    Raises:
        ValueError: it is no JSON, see :func:`load_json`, or a folder.
        OSError: it cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path}: expected a JSON file, found a folder")
    return load_json(path.read_bytes(), str(path))
