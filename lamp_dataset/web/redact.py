"""Keep secrets out of what is shown: the token, and signed addresses, whose query is a key."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_ADDRESS = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]*")
#: As urllib3 logs it, with the host in another place.
_PATH = re.compile(r"(/[^\s?'\"]*)\?[^\s'\"]*=[^\s'\"]*")


def redact(text: str, token: str) -> str:
    """``text`` without the token and without the query of any address.

    >>> redact("PUT https://files.example/ab?signature=12 with hf_x", "hf_x")
    'PUT https://files.example/ab with <token>'
    """
    text = _PATH.sub(r"\1", _ADDRESS.sub(r"\1", text))
    return text.replace(token, "<token>") if token else text


#: They log addresses: huggingface_hub at WARNING, httpx at INFO, urllib3 and httpcore at DEBUG.
LIBRARIES = ("huggingface_hub", "httpx", "httpx2", "httpcore", "httpcore2", "urllib3", "requests", "openai", "hf_xet")


@contextmanager
def redacted_logs(token: str) -> Iterator[None]:
    """Redact what the :data:`LIBRARIES` log meanwhile, to whatever handler."""

    def clean(record: logging.LogRecord) -> bool:
        with suppress(TypeError, ValueError):  # arguments that do not fit the message: the handler reports that
            record.msg, record.args = redact(record.getMessage(), token), None
        return True

    names = [name for name in list(logging.root.manager.loggerDict) if name.partition(".")[0] in LIBRARIES]
    for name in names:
        logging.getLogger(name).addFilter(clean)
    try:
        yield
    finally:
        for name in names:
            logging.getLogger(name).removeFilter(clean)
