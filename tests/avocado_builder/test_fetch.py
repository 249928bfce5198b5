import http.server
import threading

import pytest

from avocado_builder.builder import build, check_collection
from avocado_builder.fetch import fetch_ids
from avocado_builder.names import GATED


@pytest.fixture
def site(monkeypatch):
    """The benchmark's site on loopback: path -> (status, body, declared length or None); asks are noted."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            status, body, length = server.files.get(self.path, (404, b"<html>gone</html>", None))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.files = [], {}
    server.url = f"http://127.0.0.1:{server.server_port}/downloads/LaMP"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def serve(site, folder, prefix):
    for short in ("train", "dev", "test"):
        body = (folder / f"{short}_questions.json").read_bytes()
        site.files[f"/downloads/LaMP/{prefix}/{short}/{short}_questions.json"] = (200, body, None)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("setting", "ids", "prefix"), [(None, "ids", "LaMP_6"), ("time", "time_ids", "time/LaMP_6")])
def test_ids_are_fetched_from_the_site_where_none_are_given(place, site, setting, ids, prefix, monkeypatch):
    (place / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(place / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    serve(site, place / ids, prefix)
    build(place / "avocado-1.0.2", None, place / "out", setting=setting, base_url=site.url)
    build(place / "avocado-1.0.2", place / ids, place / "other")
    assert files(place / "out") == files(place / "other")
    assert site.asked == [f"/downloads/LaMP/{prefix}/{s}/{s}_questions.json" for s in ("train", "dev", "test")]
    assert not list((place / "tmp").iterdir())


def test_only_the_wanted_splits_are_fetched(place, site):
    serve(site, place / "ids", "LaMP_6")
    ids = check_collection(place / "avocado-1.0.2", None, splits=("validation",), base_url=site.url + "/")
    assert list(ids.files) == ["validation"]
    assert site.asked == ["/downloads/LaMP/LaMP_6/dev/dev_questions.json"]


@pytest.mark.parametrize(
    ("answer", "error", "match"),
    [
        ((200, b"\n<!DOCTYPE html><html>", None), ValueError, r"questions\.json: expected JSON, the site sent an HTML"),
        ((200, b"", None), ValueError, "the site sent an empty file"),
        ((404, b"", None), OSError, "the site answers 404 Not Found. Fetch it by hand and name its folder"),
        ((503, b"", None), OSError, "the site answers 503"),
        ((200, b"[" * 10, 99), OSError, "cut off|cannot be fetched"),
        ((200, b'[{"id": "1", ', None), ValueError, "cut off"),
    ],
)
def test_the_content_is_checked_not_the_status(place, site, answer, error, match):
    serve(site, place / "ids", "LaMP_6")
    site.files["/downloads/LaMP/LaMP_6/train/train_questions.json"] = answer
    with pytest.raises(error, match=match):
        build(place / "avocado-1.0.2", None, place / "out", base_url=site.url)
    assert sorted(path.name for path in place.iterdir()) == ["avocado-1.0.2", "ids", "time_ids"]


def test_no_connection_is_one_plain_error(tmp_path, site):
    site.server_close()
    url = site.url.replace(str(site.server_port), "1")
    with pytest.raises(OSError, match=r"http://127\.0\.0\.1:1/\S*: cannot be fetched .*refused.* --ids-dir"):
        fetch_ids(GATED["user"], (), tmp_path, url)


@pytest.mark.parametrize("url", ["file:///etc", "ftp://x", "lamp"])
def test_only_web_addresses_are_fetched(tmp_path, url):
    with pytest.raises(ValueError, match="expected an address that begins with http:// or https://"):
        fetch_ids(GATED["user"], (), tmp_path, url)
