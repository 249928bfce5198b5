"""Keep secrets out of what is shown: the token, and signed addresses, which carry a right in their query."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

_QUERY = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]*")


def redact(text: str, token: str) -> str:
    """``text`` without the token and without the query of any address.

    >>> redact("PUT https://files.example/ab?signature=12 with hf_x", "hf_x")
    'PUT https://files.example/ab with <token>'
    """
    return _QUERY.sub(r"\1", text).replace(token, "<token>")


@contextmanager
def redacted_logs(token: str) -> Iterator[None]:
    """Scrub what huggingface_hub logs meanwhile: its warning about a failed upload shows the signed address."""

    def clean(record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage(), token), None
        return True

    handlers = logging.getLogger("huggingface_hub").handlers
    for handler in handlers:
        handler.addFilter(clean)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(clean)
