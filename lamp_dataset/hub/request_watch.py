"""What a push demands of each HTTP request of huggingface_hub: a timeout, no redirect to another host, a last look.

The client waits forever by default. It has one shared session of httpx or httpx2 (since 1.0), or one of requests for
each thread (0.36), and replaces them after some errors; so their factory is wrapped while a push is running. The Xet
client speaks HTTP on its own, with timeouts of its own, and is not watched.

All private names of ``huggingface_hub`` are used here and nowhere else. They work on 0.36 to 2.4.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from lamp_dataset.hub import errors_and_retries as failures
from lamp_dataset.hub.remote import Remote


@dataclass(frozen=True)
class Watch:
    """The demands of one push to ``remote``, which is looked at once more right before the request that commits.

    ``stays`` refuses redirects to another host. Reading a file is exempt: large ones are stored elsewhere.
    """

    remote: Remote
    stays: bool

    def before(self, method: str, path: str) -> None:
        """Check a request that is about to be sent."""
        if method == "POST" and f"/api/datasets/{self.remote.repo_id}/commit/" in path:
            self.remote.require_unseen()

    def after(self, method: str, address: str, location: str | None) -> None:
        """Check an answer; RefusedError if it redirects to another host."""
        asked, target = urlsplit(address), urlsplit(urljoin(address, location or ""))
        reads_file = method in ("GET", "HEAD") and "/resolve/" in asked.path
        if self.stays and not reads_file and (asked.scheme, asked.netloc) != (target.scheme, target.netloc):
            raise failures.RefusedError(
                f"{self.remote.repo_id}: {asked.netloc} redirects {method} {asked.path} to another host, "
                f"{target.netloc}; {self.remote.so_far}. A push with gated texts follows no such redirect"
            )


_one_push = threading.Lock()


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Meanwhile, apply the demands of ``watch`` to all requests of huggingface_hub; other pushes wait their turn."""
    import huggingface_hub
    from huggingface_hub.utils import _http

    with _one_push:
        if hasattr(huggingface_hub, "set_client_factory"):  # since 1.0
            set_factory, old, prepare = huggingface_hub.set_client_factory, _http._GLOBAL_CLIENT_FACTORY, _prepare_httpx
        else:
            set_factory, old = huggingface_hub.configure_http_backend, _http._GLOBAL_BACKEND_FACTORY
            prepare = _prepare_requests
        set_factory(lambda: prepare(old(), watch))
        try:
            yield
        finally:
            set_factory(old)


def _prepare_httpx(client: Any, watch: Watch) -> Any:
    bounds = dict.fromkeys(("read", "write", "pool"), failures.ANSWER_SECONDS) | {"connect": failures.CONNECT_SECONDS}

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
        options["timeout"] = options.get("timeout") or (failures.CONNECT_SECONDS, failures.ANSWER_SECONDS)
        watch.before(request.method, urlsplit(request.url).path)
        return send(request, **options)

    def after(response: Any, **options: Any) -> None:
        watch.after(response.request.method, response.url, response.headers.get("Location"))

    session.send = bounded
    session.hooks["response"].append(after)
    return session


def is_ignored(operation: Any) -> bool:
    """Whether the repository's ``.gitignore`` keeps a file out of a commit, once the Hub was asked about it."""
    return bool(operation._should_ignore)


def is_committed(operation: Any) -> bool:
    """Whether the client takes a file for committed, as after any answer with status 200; it would not send it."""
    return bool(operation._is_committed)
