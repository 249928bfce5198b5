"""A server on loopback that plays a served model, with the ways of such servers to fail.

As a script it is a process of its own, for benchmarks: ``python tests/fake_model.py SECONDS`` prints its address and
answers each question after so many seconds.
"""

import gzip
import json
import socket
import sys
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = "made-up-1"
PAGE = b"<!DOCTYPE html><html><body>The gateway is having a rest</body></html>"


class FakeModel:
    """What the server does, and what it was asked.

    Attributes:
        failures: names of entries in ``FAILURES``, used up by the next questions.
        rejects: options that a question may not hold.
        adapters: names that it answers to besides ``NAME``.
        key: that every request must have, or None.
        answer: the text of a question -> what the model says.
        change: completion -> what is sent instead, for odd answers.
        questions: bodies of the questions that got an answer.
        requests: (path, headers) of all requests.
        pages: whether it answers everything with a page.
        elsewhere: where "redirect" leads.
        is_busy: whether it keeps those waiting who ask for the list of models.
        cookie: that every reply brings, or "".
    """

    def __init__(self):
        self.failures, self.rejects, self.key, self.seconds, self.adapters = [], (), None, 0, ()
        self.answer, self.change = (lambda text: "4"), (lambda completion: completion)
        self.questions, self.requests, self.released = [], [], threading.Event()
        self.url, self.elsewhere, self.pages, self.is_busy, self.cookie = "", "", False, False, ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.server.fake.is_busy:
            self.server.fake.released.wait(60)
        models = [{"id": name, "object": "model"} for name in (NAME, *self.server.fake.adapters)]
        self._handle(lambda: self.reply(200, {"object": "list", "data": models}))

    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._handle(lambda: self._question(question))

    def do_CONNECT(self):
        self.server.fake.requests.append((self.path, dict(self.headers)))
        FAILURES[self.server.fake.failures.pop(0)](self)

    def _handle(self, then):
        fake = self.server.fake
        fake.requests.append((self.path, dict(self.headers)))
        given = self.headers.get("Authorization", "")
        if fake.key is not None and given != f"Bearer {fake.key}":
            self.reply(401, {"error": {"message": f"Incorrect API key: {given}"}})
        elif fake.pages:
            self.reply(200, PAGE)
        elif not self.path.startswith("/v1/"):
            self.reply(404, {"detail": "Not Found"})
        else:
            then()

    def _question(self, question):
        fake = self.server.fake
        if fake.failures:
            return FAILURES[fake.failures.pop(0)](self)
        if question["model"] not in (NAME, *fake.adapters):
            return self.reply(404, {"error": {"message": f"The model {question['model']} does not exist."}})
        for name in fake.rejects:
            if name in question:
                message = f"Unsupported parameter: '{name}' is not supported with this model."
                return self.reply(400, {"error": {"message": message, "param": name}})
        if fake.seconds:
            time.sleep(fake.seconds)
        fake.questions.append(question)
        chat = self.path.endswith("/chat/completions")
        text = fake.answer(question["messages"][-1]["content"] if chat else question["prompt"])
        said = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        choice = {"index": 0, "finish_reason": "stop", **said}
        self.reply(
            200, fake.change({"id": "1", "object": "c", "created": 1, "model": "made-up-1.7", "choices": [choice]})
        )

    def reply(self, status, body, kind="application/json", length=None, **headers):
        kind, data = ("text/html", body) if isinstance(body, bytes) and body[:1] == b"<" else (kind, body)
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length or len(data)))
        headers |= {"Set_Cookie": self.server.fake.cookie} if self.server.fake.cookie else {}
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def drip(self):
        """A blank now and then, and never an end."""
        self.send_response(200)
        self.send_header("Content-Length", "99999")
        self.end_headers()
        with suppress(OSError):
            while not self.server.fake.released.wait(0.05):
                self.wfile.write(b" ")
                self.wfile.flush()
        self.close_connection = True

    def cut(self):
        self.reply(200, b'{"id": "1", "choi', length=500)
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_):
        pass


#: Name -> what the handler does.
FAILURES = {
    "429": lambda handler: handler.reply(429, {"error": {"message": "Too many requests"}}, Retry_After="0"),
    "429 for 7 s": lambda handler: handler.reply(429, {"error": {"message": "Too many requests"}}, Retry_After="7"),
    "500": lambda handler: handler.reply(500, {"error": {"message": "oops"}}, Retry_After="0"),
    "502 page": lambda handler: handler.reply(502, PAGE, Retry_After="0"),
    "cut": _Handler.cut,
    "429 for ²": lambda handler: handler.reply(429, {}, Retry_After=b"\xb2".decode("latin-1")),
    "drip": _Handler.drip,
    "deep": lambda handler: handler.reply(200, b"[" * 200_000),
    "deep error": lambda handler: handler.reply(500, b'{"a":' * 200_000),
    "escapes": lambda handler: handler.reply(400, {"error": {"message": "\x1b]0;mine\x07 \x1b[31mred\x1b[0m"}}),
    "no JSON": lambda handler: handler.reply(200, b'{"id": "1", "choi'),
    "compressed": lambda handler: handler.reply(
        200, gzip.compress(b'{"choices": [{"message": {"content": "4"}}]}'), Content_Encoding="gzip"
    ),
    "proxy": lambda handler: handler.reply(407, {}),
    "no HTTP": lambda handler: handler.wfile.write(b"SSH-2.0-made_up\r\n\r\n"),
    "page": lambda handler: handler.reply(200, PAGE),
    "hang": lambda handler: handler.server.fake.released.wait(60),
    "no system": lambda handler: handler.reply(400, {"error": {"message": "System role not supported"}}),
    "extra seed": lambda handler: handler.reply(
        422, {"detail": [{"type": "extra", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}
    ),
    "redirect": lambda handler: handler.reply(
        307, b"", Location=f"{handler.server.fake.elsewhere}/chat/completions", length=0
    ),
    "too long": lambda handler: handler.reply(
        400, {"error": {"message": "'max_tokens' is too large: 64. The context is 512 tokens.", "param": "max_tokens"}}
    ),
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # with the usual 5, the system resets connections when many come at once

    def handle_error(self, request, client_address):
        """Nothing to standard error: clients are killed on purpose."""


@contextmanager
def serve_fake():
    """A FakeModel behind ``fake.url``, its base address."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.fake = fake = FakeModel()
    fake.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield fake
    finally:
        fake.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    with serve_fake() as fake:
        fake.seconds = float(sys.argv[1])
        sys.stdout.write(f"{fake.url}\n")
        sys.stdout.flush()
        sys.stdin.read()
