"""Where a served model is, the key for it, and the way to it."""

import ipaddress
import os
import re
import urllib.request
from contextlib import suppress
from urllib.parse import urlsplit

#: Scheme, host, port and path. A user name, a query or a fragment could hold a key, or hide the host.
_ADDRESS = re.compile(r"(https?)://(\[[\da-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?(/[\w.~/-]*)?", re.ASCII)
#: Environment variable of the key.
KEY = "OPENAI_API_KEY"


def is_local(api: str) -> bool:
    """Whether the server is on this machine.

    Args:
        api: base address of the server.

    Raises:
        ValueError: it is not an address, or holds more than host, port and path.

    >>> is_local("http://127.0.0.1:8000/v1"), is_local("https://models.example/v1")
    (True, False)
    """
    host = _parts(api)[2]
    with suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return host.lower() == "localhost"


def _parts(api: str) -> re.Match[str]:
    parts = _ADDRESS.fullmatch(api)
    if parts is None or int((parts[3] or ":0")[1:]) > 65535:  # not quoted: it may hold a key
        found = "another form; a key belongs in the environment variable " + KEY
        raise ValueError(f"address of the server: expected one such as http://127.0.0.1:8000/v1, found {found}")
    return parts


def proxy_for(api: str) -> str | None:
    """The environment's proxy for a server on another machine; a server on this machine is asked directly."""
    parts, proxies = _parts(api), urllib.request.getproxies()
    proxy = proxies.get(parts[1]) or proxies.get("all")
    if is_local(api) or not proxy or urllib.request.proxy_bypass(parts[2] + (parts[3] or "")):
        return None
    with suppress(ValueError):
        way = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        if way.scheme in ("http", "https") and way.hostname and way.port != 0:
            return way.geturl()
    raise ValueError(f"proxy for {api}: expected an address such as http://proxy.example:3128, found another form")


def key_for(api: str) -> str:
    """The key in the environment; a server on this machine needs none, and ``"none"`` is sent."""
    key = os.environ.get(KEY, "").strip() or ("none" if is_local(api) else "")
    if not re.fullmatch("[!-~]+", key):
        found = "other characters" if key else "nothing; if any key will do, set it to the word none"
        raise ValueError(f"{KEY}: expected the key of {api}, in visible ASCII characters, found {found}")
    return key


def secret() -> str:
    """The key to keep out of messages and files, or "" where it is a word such as ``none``."""
    key = os.environ.get(KEY, "").strip()
    return key if len(key) > 7 else ""
