import gc
import threading

import pytest
from fake_model import serve_fake

from lamp_metric.asking.connection import Connection, is_local, key_for, proxy_for

HERE = "http://127.0.0.1:8000/v1 http://localhost:8000 https://[::1]:8/v1/ http://127.9.9.9 http://LOCALHOST"
AWAY = """
https://models.example/v1 http://10.0.0.5:8000/v1 http://127.0.0.1.example/v1 http://localhost.example/v1
http://0.0.0.0:8000/v1 http://2130706433/v1 http://[::2]/v1 http://my-localhost/v1
"""
NONE = """
127.0.0.1:8000 ftp://127.0.0.1/v1 http:// http:///v1 http://me:sk-secret123@127.0.0.1/v1 http://127.0.0.1:99999/v1
http://127.0.0.1\\@models.example/v1 http://127.0.0.1#@models.example/v1 http://models.example/v1?key=sk-secret123
http://１２７.0.0.1/v1
"""
HERE, AWAY, NONE = HERE.split(), AWAY.split(), NONE.split()


@pytest.mark.parametrize(("api", "here"), [*((api, True) for api in HERE), *((api, False) for api in AWAY)])
def test_this_machine_and_others(api, here):
    assert is_local(api) == here


@pytest.mark.parametrize("api", [*NONE, "http://127.0.0.1:8000/v1\n", "http://127.0.0.1 .example/v1", ""])
def test_no_address_and_what_could_hide_a_key_or_the_host(api):
    with pytest.raises(ValueError, match=r"expected one such as http://127.0.0.1:8000/v1.*OPENAI_API_KEY") as caught:
        is_local(api)
    assert "secret" not in str(caught.value)


def test_the_key_is_read_from_the_environment_and_none_is_needed_here(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert key_for(HERE[0]) == "none"
    with pytest.raises(
        ValueError, match="OPENAI_API_KEY: expected the key of https://models.example/v1.*found nothing"
    ):
        key_for(AWAY[0])
    monkeypatch.setenv("OPENAI_API_KEY", " sk-0123456789\r\n")
    assert key_for(AWAY[0]) == key_for(HERE[0]) == "sk-0123456789"


@pytest.mark.parametrize("key", ["sk-01\n23456789", "sk-schlüssel", "two words"])
def test_a_key_that_would_not_fit_a_header_is_not_shown(key, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(ValueError, match="found other characters") as caught:
        key_for(HERE[0])
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("api", "given", "found"),
    [
        (AWAY[0], {"https_proxy": "proxy.example:3128"}, "http://proxy.example:3128"),
        (AWAY[1], {"all_proxy": "http://me:secret@proxy.example"}, "http://me:secret@proxy.example"),
        (AWAY[1], {"http_proxy": "http://proxy.example", "no_proxy": "10.0.0.5"}, None),
        (AWAY[0], {"http_proxy": "http://proxy.example"}, None),
        (HERE[0], {"http_proxy": "http://proxy.example"}, None),
    ],
)
def test_the_proxy_is_that_of_the_environment_and_none_on_this_machine(api, given, found, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(api) == found


@pytest.mark.parametrize("proxy", ["socks5://me:secret@a.example", "http://[bad:secret@a", "me:secret@a.example:99999"])
def test_a_proxy_that_cannot_be_used_is_not_shown(monkeypatch, proxy):
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(ValueError, match="proxy for https://models.example/v1: expected an address") as caught:
        proxy_for(AWAY[0])
    assert "secret" not in str(caught.value)


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
