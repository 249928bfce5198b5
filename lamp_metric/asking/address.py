"""Where a served model is, and the key for it."""

from __future__ import annotations

import ipaddress
import os
import re
from contextlib import suppress

#: Scheme, host, port and path. A user name, a query or a fragment could hold a key, or hide the host.
_ADDRESS = re.compile(r"https?://(\[[\da-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?(/[\w.~/-]*)?", re.ASCII)
#: Environment variable of the key.
KEY = "OPENAI_API_KEY"


def is_local(api: str) -> bool:
    """Whether the server is on this machine.

    Args:
        api: base address of the server.

    Raises:
        ValueError: it is no address, or holds more than host, port and path.

    >>> is_local("http://127.0.0.1:8000/v1"), is_local("https://models.example/v1")
    (True, False)
    """
    parts = _ADDRESS.fullmatch(api)
    if parts is None:  # not quoted: it may hold a key
        found = "another form; a key belongs in the environment variable " + KEY
        raise ValueError(f"address of the server: expected one such as http://127.0.0.1:8000/v1, found {found}")
    with suppress(ValueError):
        return ipaddress.ip_address(parts[1].strip("[]")).is_loopback
    return parts[1].lower() == "localhost"


def key_for(api: str) -> str:
    """The key in the environment; a server on this machine needs none, and ``"none"`` is sent.

    Raises:
        ValueError: there is none, or it has characters that no key has. The message does not show it.
    """
    key = os.environ.get(KEY, "").strip() or ("none" if is_local(api) else "")
    if not re.fullmatch("[!-~]+", key):
        found = "other characters" if key else "nothing; if any key will do, set it to the word none"
        raise ValueError(f"{KEY}: expected the key of {api}, in visible ASCII characters, found {found}")
    return key


def secret() -> str:
    """The key to keep out of messages, or "" where it is a word such as ``none``."""
    key = os.environ.get(KEY, "").strip()
    return key if len(key) > 7 else ""
