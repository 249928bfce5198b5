import pytest
from fake_model import NAME, serve_fake

from lamp_metric.asking import server as module
from lamp_metric.asking.server import Server
from lamp_metric.harness.rows_and_answers import MAX_ANSWER

QUESTION = [{"role": "user", "content": "How many stars?"}]
ALL = {"max_tokens": MAX_ANSWER, "temperature": 0, "seed": 0}


@pytest.fixture
def fake(fake, monkeypatch):
    """Between two tries nobody waits."""
    fake.waits = []
    wait = module.wait_as_told
    monkeypatch.setattr(module, "wait_as_told", lambda state: fake.waits.append(wait(state)) or 0)
    return fake


def test_a_question_holds_messages_or_the_bare_prompt_and_what_makes_answers_repeatable(fake):
    assert Server(fake.url, NAME).ask(QUESTION) == {
        "output": "4", "finish_reason": "stop", "model": "made-up-1.7", "sent": ALL
    }  # fmt: skip
    assert fake.questions == [{"model": NAME, "messages": QUESTION, **ALL}]
    assert fake.requests[0][0] == "/v1/models"
    answer = Server(fake.url, NAME, completions=True, max_answer=8).ask("How many stars?")
    assert fake.questions[1:] == [{"model": NAME, "prompt": "How many stars?", **ALL, "max_tokens": 8}]
    assert answer["output"] == "4"


@pytest.mark.parametrize("failure", ["429", "429 for ²", "500", "502 page", "deep error", "cut", "no JSON"])
def test_what_may_pass_is_asked_again(fake, failure):
    server = Server(fake.url, NAME)
    fake.failures = [failure] * 3
    assert server.ask(QUESTION)["output"] == "4"
    assert len(fake.requests) == 5
    assert len(fake.waits) == 3


def test_the_pause_is_what_the_server_says(fake):
    server = Server(fake.url, NAME)
    fake.failures = ["429", "429 for 7 s", "cut", "cut"]
    server.ask(QUESTION)
    assert fake.waits == [0, 7, 4, 8]


@pytest.mark.parametrize("failure", ["hang", "drip"])
def test_a_server_that_keeps_silent_or_never_ends_is_asked_again(fake, failure):
    server = Server(fake.url, NAME, timeout=0.3)
    fake.failures = [failure]
    assert server.ask(QUESTION)["output"] == "4"


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan")])
def test_a_timeout_that_is_no_time_is_refused(timeout):
    with pytest.raises(ValueError, match=f"timeout: expected a positive number of seconds.*found {timeout}"):
        Server("http://127.0.0.1:1/v1", NAME, timeout=timeout)


def test_a_server_that_is_too_busy_for_its_list_of_models_is_asked_all_the_same(fake, monkeypatch):
    monkeypatch.setattr(module, "CONNECT", 0.3)
    fake.is_busy = True
    assert Server(fake.url, NAME).ask(QUESTION)["output"] == "4"


@pytest.mark.parametrize(
    ("failure", "model", "said"),
    [
        ("500", NAME, "answered 500.*oops"),
        ("cut", NAME, "no answer"),
        ("no JSON", NAME, "no answer .expected JSON, found a part of it.; the server's log"),
        ("compressed", NAME, "expected an answer from a model, found a compressed answer"),
        ("drip", NAME, "no answer .timed out after 0.5 seconds.; a longer timeout"),
        ("too long", NAME, "answered 400.*too large.*prompts shorter"),
        ("no system", NAME, "answered 400 .* role .*; leave the system message out, as --no-system"),
        ("escapes", NAME, r"answered 400 \(\\x1b\]0;mine\\x07 \\x1b\[31mred\\x1b\[0m\)"),
        ("none", "nobody", f"answered 404.*it has the models {NAME}"),
    ],
)
def test_what_does_not_pass_ends_in_one_line_and_costs_no_option(fake, monkeypatch, failure, model, said):
    monkeypatch.setattr(module, "TRIES", 2)
    server = Server(fake.url, model, timeout=0.5 if failure == "drip" else 60)
    fake.failures = [] if failure == "none" else [failure] * 2
    with pytest.raises(ValueError, match=f"{fake.url}: {said}") as caught:
        server.ask(QUESTION)
    assert str(caught.value).isprintable()
    assert server.options == ALL


@pytest.mark.parametrize(
    ("rejects", "completions", "sent"),
    [
        (["seed"], False, {"max_tokens": MAX_ANSWER, "temperature": 0}),
        (["max_tokens"], False, {"temperature": 0, "seed": 0, "max_completion_tokens": MAX_ANSWER}),
        (["max_tokens", "max_completion_tokens", "temperature", "seed"], False, {}),
        (["max_tokens"], True, {"temperature": 0, "seed": 0}),
    ],
)
def test_an_option_that_the_server_rejects_is_left_out_with_a_note(fake, rejects, completions, sent, caplog):
    fake.rejects = rejects
    server = Server(fake.url, NAME, completions=completions)
    prompt = "How many?" if completions else QUESTION
    assert server.ask(prompt)["sent"] == sent
    before = len(fake.requests)
    server.ask(prompt)
    assert len(fake.requests) == before + 1, "once known, it is not sent again"
    for name in rejects:
        assert sum(f"rejects {name}:" in record.getMessage() for record in caplog.records) == 1


def test_an_option_without_the_name_apart_is_found_in_the_message(fake):
    server = Server(fake.url, NAME)
    fake.failures = ["extra seed"]
    assert server.ask(QUESTION)["sent"] == {"max_tokens": MAX_ANSWER, "temperature": 0}


def test_a_wrong_address(fake):
    with pytest.raises(ValueError, match="answered 404.*Most end in /v1"):
        Server(fake.url.replace("/v1", "/v9"), NAME).ask(QUESTION)
    fake.pages = True
    with pytest.raises(ValueError, match="expected a list of models.*Most end in /v1"):
        Server(fake.url, NAME)


@pytest.mark.parametrize(
    ("api", "said"),
    [("http://127.0.0.1:1/v1", "refused.; start the server"), ("http://a..b:8000/v1", "idna.*; is the address right")],
)
def test_a_server_that_is_down_or_nowhere(api, said, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with pytest.raises(ValueError, match=rf"{api}: no answer \(.*{said}"):
        Server(api, NAME)


@pytest.mark.parametrize(
    ("failure", "said"), [("proxy", "answered 407 .the proxy: .*; put the proxy's name"), ("no HTTP", "no answer ")]
)
def test_a_proxy_that_refuses_is_told_without_its_password(fake, monkeypatch, failure, said):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("https_proxy", fake.url.replace("//", "//me:secret@").removesuffix("/v1"))
    monkeypatch.delenv("no_proxy", raising=False)
    fake.failures = [failure]
    with pytest.raises(ValueError, match=f"https://models.invalid/v1: {said}") as caught:
        Server("https://models.invalid/v1", NAME)
    assert "secret" not in str(caught.value)
    assert [headers["Proxy-Authorization"] for _, headers in fake.requests] == ["Basic bWU6c2VjcmV0"]


@pytest.mark.parametrize("key", ["sk-right", None])
def test_a_wrong_key_is_neither_tried_again_nor_shown(fake, monkeypatch, key, caplog):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-0123456789")
    fake.key = key  # at first, or later

    def ask():
        server = Server(fake.url, NAME)
        fake.key = "sk-right"
        server.ask(QUESTION)

    with pytest.raises(ValueError, match=r"answered 401.*set OPENAI_API_KEY") as caught:
        ask()
    assert "sk-wrong" not in f"{caught.value}{caught.value.__cause__}{caplog.text}"
    assert len(fake.requests) <= 2


@pytest.mark.parametrize(
    "odd", [lambda key: {"key": key}, lambda key: f"<p>{key}".encode(), lambda key: {"error": key}]
)
def test_a_server_that_repeats_the_key_brings_it_nowhere(fake, monkeypatch, odd):
    fake.key = "sk-right-0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", fake.key)
    server = Server(fake.url, NAME)
    fake.answer, fake.change = (lambda text: f"my key is {fake.key}"), changed(model=f"m {fake.key}")
    answer = server.ask(QUESTION)
    assert (answer["output"], answer["model"]) == ("my key is <key>", "m <key>")
    fake.change = lambda completion: odd(fake.key)
    with pytest.raises(ValueError, match="expected an answer.*<token>") as caught:
        server.ask(QUESTION)
    assert "0123456789" not in str(caught.value)


def test_a_word_in_place_of_a_key_stays_in_answers(fake, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    fake.answer = lambda text: "none of these"
    assert Server(fake.url, NAME).ask(QUESTION)["output"] == "none of these"


def test_neither_a_proxy_nor_a_redirect_takes_what_is_meant_for_this_machine_to_another_one(fake, monkeypatch):
    with serve_fake() as stranger:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, stranger.url.removesuffix("/v1"))
        server = Server(fake.url, NAME)
        assert server.ask(QUESTION)["output"] == "4"
        fake.failures, fake.elsewhere = ["redirect"], stranger.url
        with pytest.raises(ValueError, match="answered 307.*address that it redirects to"):
            server.ask(QUESTION)
        assert stranger.requests == []


def changed(**fields):
    return lambda completion: completion | fields


def said(content, **more):
    return changed(choices=[{"index": 0, "finish_reason": "stop", "message": {"role": "a", "content": content}} | more])


@pytest.mark.parametrize(
    ("change", "output", "reason"),
    [
        (said(None), "", "stop"),
        (said("", finish_reason="length"), "", "length"),
        (said("half \ud83d of a pair"), "half \ufffd of a pair", "stop"),
        (said("a\x00b\r\n\u2028"), "a\x00b\r\n\u2028", "stop"),
        (said("4", finish_reason=None), "4", None),
        (lambda completion: {"choices": [{"message": {"content": "4"}}]}, "4", None),
    ],
)
def test_odd_answers_are_kept(fake, change, output, reason):
    fake.change = change
    answer = Server(fake.url, NAME).ask(QUESTION)
    assert (answer["output"], answer["finish_reason"]) == (output, reason)


@pytest.mark.parametrize(
    "change",
    [
        lambda completion: b"<html>Welcome to our chat</html>",
        lambda completion: [],
        lambda completion: {"error": "no such thing"},
        changed(choices=[]),
        changed(choices=[None]),
        changed(choices=[{"index": 0}]),
        lambda completion: b"[" * 200_000,
        *map(said, (["4"], 4, 0, False, [], {})),
    ],
)
def test_what_is_no_answer_is_shown_in_one_line(fake, change):
    fake.change = change
    with pytest.raises(ValueError, match="expected an answer from a model, found") as caught:
        Server(fake.url, NAME).ask(QUESTION)
    assert "\n" not in str(caught.value)


def test_a_stop_wakes_those_who_wait(fake, monkeypatch):
    monkeypatch.setattr(module, "wait_as_told", lambda state: server.stop() or 3600)
    server = Server(fake.url, NAME)
    fake.failures = ["500"]
    with pytest.raises(InterruptedError):
        server.ask(QUESTION)
