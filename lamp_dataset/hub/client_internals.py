"""All that relies on private names of ``huggingface_hub``: here and nowhere else. Works on 0.36 to 2.4."""

from collections.abc import Callable
from typing import Any


def client_factory() -> tuple[Callable[[Callable], object], Callable]:
    """What sets the function that makes HTTP clients, and the function set now: the library says only the first."""
    import huggingface_hub
    from huggingface_hub.utils import _http

    if hasattr(huggingface_hub, "set_client_factory"):  # since 1.0
        return huggingface_hub.set_client_factory, _http._GLOBAL_CLIENT_FACTORY
    return huggingface_hub.configure_http_backend, _http._GLOBAL_BACKEND_FACTORY


def is_ignored(operation: Any) -> bool:
    """Whether the repository's ``.gitignore`` keeps this file out of a commit, once it was asked about."""
    return bool(operation._should_ignore)


def is_committed(operation: Any) -> bool:
    """Whether the client takes this file for committed, as after any answer with status 200: it would not send it."""
    return bool(operation._is_committed)
