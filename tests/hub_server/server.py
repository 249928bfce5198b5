"""The Hub behind TLS on two origins of loopback, its log, and faults on order."""

import dataclasses
import hmac
import os
import re
import shutil
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import trustme

from hub_server.routes import ROUTES, Answer, Request, as_json
from hub_server.store import RefusedError, Store

#: Token -> (user, role). "me" owns the repositories of the tests.
TOKENS = {
    "hf_mewritesecret": ("me", "write"),
    "hf_mereadsecret": ("me", "read"),
    "hf_strangersecret": ("stranger", "write"),
}


@dataclasses.dataclass
class Fault:
    """What goes wrong with the next ``times`` requests of a method whose path matches.

    Attributes:
        method: None stands for all.
        skip: so many matching requests pass first.
        status: answered instead of the true answer, nothing done.
        headers: of that answer.
        body: of that answer; an error in JSON by default.
        drop: "before" closes the connection with nothing done, "after" does the work and then says nothing, or with a
            body says that; "silence" keeps the connection open and never answers.
        act: called with the hub first; on its own it only changes the state of things.
    """

    method: str | None
    path: str
    times: int = 1
    skip: int = 0
    status: int | None = None
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes | None = None
    drop: str | None = None
    act: object = None

    def answer(self):
        if self.body is None:
            return as_json({"error": "on order"}, self.status, **self.headers)
        kind = "text/html" if self.body.startswith(b"<") else "application/json"
        return Answer(self.body, self.status or 200, {"Content-Type": kind, **self.headers})


@dataclasses.dataclass
class Seen:
    """A request in the log; ``size`` in bytes of its body."""

    origin: str
    method: str
    path: str
    target: str
    token: str | None
    size: int
    status: int = 0


class Hub:
    """The server, used in a ``with``: ``endpoint`` is its address, ``log`` what it saw, ``store`` what it keeps.

    Args:
        folder: for certificates, the Xet store and the homes of clients.
        xet: whether files go through Xet; LFS otherwise.
        page_size: entries of a page of a listing.
    """

    def __init__(self, folder, xet=False, page_size=1000):
        self.folder, self.xet, self.page_size = Path(folder), xet, page_size
        self.transfer = "xet" if xet else "basic"
        self.xet_folder = self.folder / "cas"
        self.lock, self._secret, self.closing = threading.RLock(), os.urandom(16), threading.Event()
        self.reset()

    def reset(self):
        """An empty Hub at the same address."""
        self.store, self.log, self.faults = Store(dict(TOKENS)), [], []
        shutil.rmtree(self.xet_folder, ignore_errors=True)
        for path in self.folder.glob("*.txt"):
            path.unlink()

    def __enter__(self):
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.folder / "ca.pem")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(tls)
        self._servers = [_Server(self, tls, origin) for origin in ("127.0.0.1", "localhost")]
        self.endpoint, self.files_origin = (f"https://{s.origin}:{s.server_port}" for s in self._servers)
        return self

    def __exit__(self, *problem):
        self.closing.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def fault(self, method, path, **kind):
        self.faults.append(Fault(method, path, **kind))

    def seen(self, method, path):
        """The requests of the log with this method and a path that matches."""
        return [seen for seen in self.log if seen.method == method and re.search(path, seen.path)]

    def signed(self, action, oid):
        """An address on the other origin that carries its own right, as the Hub's storage has."""
        return f"{self.files_origin}/{action}/{oid}?signature={self._signature(f'/{action}/{oid}')}"

    def _signature(self, path):
        return hmac.new(self._secret, path.encode(), "sha256").hexdigest()

    def check_signature(self, request):
        if not hmac.compare_digest(request.query.get("signature", [""])[0], self._signature(request.path)):
            raise RefusedError(403, "no valid signature")

    def environment(self, token, home):
        """Environment of a client: this endpoint, this home, this token, and nothing of the machine's own Hub set-up.

        A look-up outside loopback fails and is written down, see :meth:`noted`.
        """
        assert urlsplit(self.endpoint).hostname == "127.0.0.1"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING", "XDG_"))}
        modules = [str(Path(__file__).parent / "guard"), *filter(None, [os.environ.get("PYTHONPATH")])]
        ours = {
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": str(home),
            "HF_TOKEN": token,
            "HF_HUB_DISABLE_XET": None if self.xet else "1",
            "SSL_CERT_FILE": str(self.folder / "ca.pem"),
            "REQUESTS_CA_BUNDLE": str(self.folder / "ca.pem"),
            "LOOPBACK_GUARD": str(self.folder),
            "PYTHONPATH": os.pathsep.join(modules),
        }
        return kept | {name: value for name, value in ours.items() if value is not None}

    def noted(self, kind):
        """What clients wrote down: hosts ``outside`` loopback that they looked up, ``waits`` of half a second up."""
        path = self.folder / f"{kind}.txt"
        return path.read_text(encoding="utf-8").split() if path.exists() else []

    def answer(self, request, seen):
        """The answer to a request, or None where the connection is to be closed without one."""
        fault = self._fault(request)
        if fault and fault.act:
            fault.act(self)
        if fault and fault.drop == "silence":
            self.closing.wait()
        if fault and fault.drop in ("before", "silence"):
            return None
        if fault and fault.status:
            return fault.answer()
        answer = self._route(request)
        seen.status = answer.status
        if fault and fault.drop == "after":
            return None if fault.body is None else fault.answer()
        return answer

    def _fault(self, request):
        with self.lock:
            for fault in self.faults:
                if fault.times and fault.method in (None, request.method) and re.search(fault.path, request.path):
                    if not fault.skip:
                        fault.times -= 1
                        return fault
                    fault.skip -= 1

    def _route(self, request):
        for method, pattern, function in ROUTES:
            if method == request.method and (match := re.fullmatch(pattern, request.path)):
                try:
                    return function(dataclasses.replace(request, match=match))
                except RefusedError as refused:
                    return as_json({"error": str(refused)}, refused.status, **refused.headers)
        return as_json({"error": "no such route"}, 404)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub, tls, origin):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub, self.origin = hub, origin
        # the handshake waits for the connection's own thread: a client that never speaks stops nobody else
        self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that was killed or cut off is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    #: Head and body of an answer are two packets, and the second would wait 40 ms for the receipt of the first.
    disable_nagle_algorithm = True

    def _any(self):
        target = urlsplit(self.path)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        body = self._body()
        seen = Seen(self.server.origin, self.command, unquote(target.path), self.path, token, len(body))
        self.server.hub.log.append(seen)
        query = parse_qs(target.query, keep_blank_values=True)
        request = Request(self.server.hub, self.command, seen.path, query, self.headers, body, token)
        answer = self.server.hub.answer(request, seen)
        if answer is None:
            self.close_connection = True
            return
        seen.status = answer.status
        self._send(answer)

    def _body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self):
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _send(self, answer: Answer):
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 (http.server's names)

    def log_message(self, *args):
        """The log of the hub is enough."""
