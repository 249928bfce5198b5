import pytest

from lamp_metric.asking.address import is_local, key_for, proxy_for, secret

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
    assert key_for(AWAY[0]) == key_for(HERE[0]) == secret() == "sk-0123456789"


@pytest.mark.parametrize("key", ["sk-01\n23456789", "sk-schlüssel", "two words"])
def test_a_key_that_would_not_fit_a_header_is_not_shown(key, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(ValueError, match="found other characters") as caught:
        key_for(HERE[0])
    assert key not in str(caught.value)


@pytest.mark.parametrize(("key", "hidden"), [("", ""), ("none", ""), ("sk-0123456789", "sk-0123456789")])
def test_words_are_no_secrets(key, hidden, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    assert secret() == hidden


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
