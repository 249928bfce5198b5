import gc
import threading

import pytest
from fake_model import serve_fake

from lamp_metric.asking.connection import Connection

SETTINGS = "OPENAI_ORG_ID OPENAI_PROJECT_ID OPENAI_CUSTOM_HEADERS"


def test_nothing_but_these_headers_is_sent(fake, monkeypatch, tmp_path):
    for name in SETTINGS.split():
        monkeypatch.setenv(name, "X-Gateway: secret")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    fake.cookie = "session=secret"
    connection = Connection(fake.url)
    for path, question in (("/models", None), ("/chat/completions", {"model": "m", "messages": [{"content": "1"}]})):
        connection.send(path, question, timeout=30)
    common = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Authorization": "Bearer none",
        "Host": fake.url.split("/")[2],
        "User-Agent": "lamp-hf",
    }
    length = {"Content-Type": "application/json", "Content-Length": "46"}
    assert fake.requests == [("/v1/models", common), ("/v1/chat/completions", common | length)]


def test_a_proxy_gets_what_is_for_another_machine_alone(fake, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    with serve_fake() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
        assert Connection(fake.url).send("/models", timeout=30).status_code == 200
        assert proxy.requests == []
        Connection("http://models.invalid/v1").send("/models", timeout=30)
        assert [path for path, _ in proxy.requests] == ["http://models.invalid/v1/models"]


def test_a_request_has_a_deadline(fake):
    connection = Connection(fake.url)
    fake.failures = ["drip"]
    with pytest.raises(TimeoutError, match=r"timed out after 0.2 seconds"):
        connection.send("/chat/completions", {}, timeout=0.2)


def test_a_connection_that_is_let_go_leaves_nothing_open(fake):
    connection = Connection(fake.url)
    connection.send("/models", timeout=30)
    session = connection._session
    thread = [thread for thread in threading.enumerate() if thread.name == "lamp-connection"][-1]
    assert not session.closed
    del connection
    gc.collect()
    thread.join(30)
    assert session.closed
