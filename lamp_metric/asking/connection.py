"""The way to a served model: its address, the key, the proxy, and requests whose every header is decided here.

The requests do not go through a client made for OpenAI's own server: it adds headers about this machine and from the
environment.
"""

import asyncio
import ipaddress
import json
import os
import re
import threading
import urllib.request
import weakref
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp

#: Scheme, host, port and path. A user name, a query or a fragment could hold a key, or hide the host.
_ADDRESS = re.compile(r"(https?)://(\[[\da-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?(/[\w.~/-]*)?", re.ASCII)
#: Environment variable of the key.
KEY = "OPENAI_API_KEY"
#: Seconds to reach the server.
CONNECT = 10.0
#: Seconds for which an unused connection is kept: less than the 5 or more after which servers close theirs.
IDLE = 3.0


def is_local(api: str) -> bool:
    """Whether the server is on this machine.

    Args:
        api: base address of the server.

    Raises:
        ValueError: it is not an address, or it has more parts than a host, a port and a path.

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


class Reply(NamedTuple):
    """What a server sent."""

    status_code: int
    headers: Mapping[str, str]
    data: bytes


class Connection:
    """Requests of any number of threads to one server.

    They send the key, a content type, what is accepted (uncompressed JSON) and ``User-Agent: lamp-hf``, but no cookies
    and nothing from the environment. Redirects are not followed. A proxy is used only for another machine.
    """

    def __init__(self, api: str) -> None:
        self._api, self._proxy = api.rstrip("/"), proxy_for(api)
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {key_for(api)}",
            "User-Agent": "lamp-hf",
        }
        self._loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._loop.run_forever, name="lamp-connection", daemon=True)
        thread.start()
        self._session = asyncio.run_coroutine_threadsafe(self._open(headers), self._loop).result()
        weakref.finalize(self, _close, self._session, self._loop, thread)  # however the last request ends

    async def _open(self, headers: Mapping[str, str]) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE)
        options: dict[str, Any] = {"cookie_jar": aiohttp.DummyCookieJar(), "auto_decompress": False}  # no bombs
        return aiohttp.ClientSession(connector=connector, headers=headers, **options)

    def send(self, path: str, question: Any = None, *, timeout: float) -> Reply:
        """Send a question as JSON, or get what is at ``path``.

        A reply whose last byte takes longer than ``timeout`` seconds is a TimeoutError, other failures are OSErrors.
        """
        return asyncio.run_coroutine_threadsafe(self._send(path, question, timeout), self._loop).result()

    async def _send(self, path: str, question: Any, timeout: float) -> Reply:
        limits = aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT)
        options: dict[str, Any] = {"allow_redirects": False, "proxy": self._proxy, "timeout": limits}
        if question is not None:
            options |= {"data": json.dumps(question).encode(), "headers": {"Content-Type": "application/json"}}
        try:
            ask = self._session.request("GET" if question is None else "POST", self._api + path, **options)
            async with ask as reply:
                return Reply(reply.status, reply.headers, await reply.read())
        except TimeoutError:
            raise TimeoutError(f"timed out after {timeout:g} seconds") from None
        except aiohttp.ClientHttpProxyError as error:
            return Reply(error.status, error.headers or {}, f"the proxy: {error.message}".encode())
        except (aiohttp.ClientError, UnicodeError) as error:
            number = getattr(error, "errno", None) or 0
            said = getattr(error, "message", error)  # the rest can hold the proxy's address, and so a password
            raise ConnectionError(os.strerror(number) if number > 0 else f"{said or type(error).__name__}") from error


def _close(session: aiohttp.ClientSession, loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    asyncio.run_coroutine_threadsafe(session.close(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()  # or else Python prints a traceback when it exits, after the error of one line
