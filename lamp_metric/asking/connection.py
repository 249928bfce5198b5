"""Requests to one server: what they hold is decided here, and each has a deadline.

Not by a client made for OpenAI's own server: it adds headers about this machine and from the environment.
"""

import asyncio
import json
import os
import threading
import weakref
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp

from lamp_metric.asking.address import key_for, proxy_for

#: Seconds to find the server.
CONNECT = 10.0
#: Seconds that an unused connection is kept. Servers close theirs after 5 or more, and a request must not meet that.
IDLE = 3.0


class Reply(NamedTuple):
    """What a server sent."""

    status_code: int
    headers: Mapping[str, str]
    data: bytes


class Connection:
    """Requests of any number of threads to one server.

    Sent are the key, a content type, what is accepted (JSON, not compressed) and ``User-Agent: lamp-hf``; nothing from
    the environment, and no cookies. Redirects are not followed. A proxy is used only for another machine.
    """

    def __init__(self, api: str) -> None:
        """Start the thread in which requests wait."""
        self._api, self._proxy = api.rstrip("/"), proxy_for(api)
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {key_for(api)}",
            "User-Agent": "lamp-hf",
        }
        self._loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._loop.run_forever, name="lamp-connection", daemon=True)
        thread.start()
        self._session = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        weakref.finalize(
            self, _close, self._session, self._loop, thread
        )  # its connections, however the last request ends

    async def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE)
        options: dict[str, Any] = {"cookie_jar": aiohttp.DummyCookieJar(), "auto_decompress": False}  # nor a bomb
        return aiohttp.ClientSession(connector=connector, headers=self._headers, **options)

    def send(self, path: str, question: Any = None, *, timeout: float) -> Reply:
        """Send a question as JSON, or ask for what is at ``path``.

        ``timeout``: seconds from the first step to the last byte of the reply; then TimeoutError, else OSError.
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
            said = getattr(error, "message", error)  # all of it can hold the proxy's address, and so a password
            raise ConnectionError(os.strerror(number) if number > 0 else f"{said or type(error).__name__}") from error


def _close(session: aiohttp.ClientSession, loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    asyncio.run_coroutine_threadsafe(session.close(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()  # or Python prints a traceback where it exits, behind the error of one line
