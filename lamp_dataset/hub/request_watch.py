"""What a push demands of each HTTP request of huggingface_hub: a time-out, no redirect to another host, a last look.

The client waits for ever by default. It has one shared session of httpx or httpx2 (since 1.0), or one of requests for
each thread (0.36), and replaces them after some errors; so their factory is wrapped as long as a push is running. The
Xet client speaks HTTP on its own, with time-outs of its own, and is not reached from here.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from lamp_dataset.hub.client_internals import client_factory
from lamp_dataset.hub.errors import RefusedError

#: Seconds until a connection must be there, and until each next part of an answer must come.
CONNECT_SECONDS, ANSWER_SECONDS = 30, 120


@dataclass(frozen=True)
class Watch:
    """The demands of one push: ``before_commit`` is called right before the request that commits.

    ``stays`` refuses redirects to another host. Reading a file is exempt: large ones lie elsewhere.
    """

    repo_id: str
    stays: bool
    before_commit: Callable[[], object]
    so_far: Callable[[], str]

    def before(self, method: str, path: str) -> None:
        """Look at a request that is about to be sent."""
        if method == "POST" and f"/api/datasets/{self.repo_id}/commit/" in path:
            self.before_commit()

    def after(self, method: str, address: str, location: str | None) -> None:
        """Look at an answer; RefusedError if it leads to another host."""
        asked, target = urlsplit(address), urlsplit(urljoin(address, location or ""))
        reads_file = method in ("GET", "HEAD") and "/resolve/" in asked.path
        if self.stays and not reads_file and (asked.scheme, asked.netloc) != (target.scheme, target.netloc):
            raise RefusedError(
                f"{self.repo_id}: {asked.netloc} redirects {method} {asked.path} to another host, {target.netloc}; "
                f"{self.so_far()}. A push with gated texts follows no such redirect"
            )


_one_push = threading.Lock()


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Apply the demands of ``watch`` to all requests of huggingface_hub meanwhile; another push waits for its turn."""
    with _one_push:
        set_factory, old = client_factory()
        prepare = _prepare_httpx if set_factory.__name__ == "set_client_factory" else _prepare_requests
        set_factory(lambda: prepare(old(), watch))
        try:
            yield
        finally:
            set_factory(old)


def _prepare_httpx(client: Any, watch: Watch) -> Any:
    bounds = {"connect": CONNECT_SECONDS, "read": ANSWER_SECONDS, "write": ANSWER_SECONDS, "pool": ANSWER_SECONDS}

    def before(request: Any) -> None:
        given = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {name: given.get(name) or bound for name, bound in bounds.items()}
        watch.before(request.method, request.url.path)

    def after(response: Any) -> None:
        watch.after(response.request.method, str(response.url), response.headers.get("Location"))

    hooks = client.event_hooks
    client.event_hooks = {"request": [*hooks["request"], before], "response": [*hooks["response"], after]}
    return client


def _prepare_requests(session: Any, watch: Watch) -> Any:
    send = session.send

    def bounded(request: Any, **options: Any) -> Any:
        options["timeout"] = options.get("timeout") or (CONNECT_SECONDS, ANSWER_SECONDS)
        watch.before(request.method, urlsplit(request.url).path)
        return send(request, **options)

    def after(response: Any, **options: Any) -> None:
        watch.after(response.request.method, response.url, response.headers.get("Location"))

    session.send = bounded
    session.hooks["response"].append(after)
    return session
