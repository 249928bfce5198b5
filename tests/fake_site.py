"""A web server on the loopback that plays the official site, with its ways to fail."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<!DOCTYPE html>\n<html><head><title>Downloads</title></head><body>" + b"page " * 3_000 + b"</body></html>"


class Site:
    """Files by path, failures by path, and a log of what was asked for."""

    def __init__(self):
        self.files = {}
        self.failures = {}
        self.log = []
        self.url = ""
        self.closing = threading.Event()  # ends what keeps silent

    def serve(self, folder):
        """Serve the files below a folder under their relative paths."""
        for path in folder.rglob("*"):
            if path.is_file():
                self.files[path.relative_to(folder).as_posix()] = path.read_bytes()

    def answer(self, path):
        """(status, content type, bytes, announced length) for a path."""
        data, failure = self.files.get(path), self.failures.get(path)
        if failure == "page":
            return 200, "text/html", PAGE, len(PAGE)
        if failure == "cut content":
            return 200, "application/json", data[: len(data) // 2], len(data) // 2
        if failure == "cut connection":
            return 200, "application/json", data[: len(data) // 2], len(data)
        if failure == "empty":
            return 200, "application/json", b"", 0
        if failure == "error":
            return 500, "text/plain", b"oops", 4
        if data is None:
            return 404, "text/plain", b"not found", 9
        return 200, "application/json", data, len(data)


class _Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, body):
        path = self.path.lstrip("/")
        site = self.server.site
        site.log.append((self.command, path))
        failure = site.failures.get(path)
        if failure == "silent":
            site.closing.wait()
            return
        status, kind, data, length = site.answer(path)
        asked = self.headers.get("Range")
        if asked and status == 200:
            start, _, end = asked.removeprefix("bytes=").partition("-")
            first, last = int(start), min(int(end or length - 1), length - 1)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{length}")
            data, length = data[first : last + 1], last + 1 - first
        else:
            self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Accept-Ranges", "none" if failure == "stalls without ranges" else "bytes")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if body:
            self._send(data, failure or "")

    def _send(self, data, failure):
        """The body: at once, half of it and then nothing, or slowly in 30 pieces."""
        if failure.startswith("stalls"):
            self.wfile.write(data[: len(data) // 2])
            self.server.site.closing.wait()
        elif failure == "slow":
            size = len(data) // 30 + 1
            for start in range(0, len(data), size):
                self.server.site.closing.wait(0.1)
                self.wfile.write(data[start : start + size])
        else:
            self.wfile.write(data)

    def log_message(self, *args):
        """Nothing to standard error: the log is the site's."""


@contextmanager
def running():
    """A site on a port of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.site = Site()
    server.site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.site
    finally:
        server.site.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
