"""A model behind an API like OpenAI's: vLLM, llama.cpp, TGI, Ollama, or a hosted one.

It has what an overnight run needs: it waits as long as the server says, leaves out options that the server rejects, and
its errors are one line that says what to do and shows no key.
"""

import json
import logging
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import tenacity

from lamp_dataset.formats.texts import printable
from lamp_dataset.web import redact, wait_as_told
from lamp_metric.asking.connection import CONNECT, Connection, Reply, key_for
from lamp_metric.harness.rows_and_answers import MAX_ANSWER

log = logging.getLogger(__name__)

#: How often a question without an answer is asked. The pauses grow to half a minute, or are as long as the server says.
TRIES = 12
#: In the message of a server that does not know an option. One about a value that is too large has no such word.
_UNKNOWN = re.compile("support|unknown|unrecogni|unexpected|permitted|allowed", re.IGNORECASE)
_ADDRESS = "is the address right? Most end in /v1"
#: In place of a status: the server took too long, or there was no usable answer.
_LATE, _NONE = 0, None
#: Statuses, words in the message, and what to do; the first that fits is shown.
_HINTS = (
    ((_LATE,), "", "a longer timeout or fewer questions at the same time may help"),
    ((_NONE,), "part of it", "the server's log may say why it ended its answer"),
    ((_NONE,), "idna", _ADDRESS),
    ((_NONE,), "", "start the server, such as: vllm serve MODEL --port 8000"),
    ((407,), "", "put the proxy's name and password in its address: http://NAME:PASSWORD@proxy.example:3128"),
    ((401, 403), "", "set OPENAI_API_KEY to a key of this server"),
    ((404,), "", _ADDRESS),
    (range(300, 400), "", "give the address that it redirects to"),
    ((400, 422, 500), r"\bsystem\b|\broles?\b", "leave the system message out, as --no-system does"),
    ((400, 413, 422), "context|too long|too large", "make the prompts shorter"),
)


class _FailedError(Exception):
    """No answer: the server's status, :data:`_LATE` or :data:`_NONE`; what it says; the option it names; its reply."""

    def __init__(self, status: int | None, said: str, option: object = None, response: Reply | None = None) -> None:
        super().__init__(said)
        self.status, self.said, self.option, self.response = status, said, option, response

    @property
    def is_temporary(self) -> bool:
        """Whether the same question may get an answer later."""
        return self.status in (_NONE, _LATE, 408, 409, 429) or self.status >= 500

    def rejects(self, name: str) -> bool:
        """Whether the server does not know the option."""
        if self.status not in (400, 422) or not _UNKNOWN.search(self.said):
            return False
        return self.option == name or re.search(rf"\b{name}\b", self.said) is not None


class Server:
    """A served model.

    It gets the key, the model's name, the prompts and the options, and the headers of
    :class:`~lamp_metric.asking.connection.Connection`. A proxy gets them only if the server is on another machine.

    Args:
        api: base address, such as ``"http://127.0.0.1:8000/v1"``.
        model: its name there.
        completions: send the bare prompt, for models without a chat template, instead of messages.
        max_answer: tokens of an answer.
        temperature: above 0, answers are drawn at random.
        timeout: seconds from a question to the end of its answer; then it is asked again.

    Raises:
        ValueError: the address, the key or the timeout cannot be used, or there is no server with this protocol.
    """

    def __init__(
        self,
        api: str,
        model: str,
        *,
        completions: bool = False,
        max_answer: int = MAX_ANSWER,
        temperature: float = 0,
        timeout: float = 600,
    ) -> None:
        if not 0 < timeout < float("inf"):
            raise ValueError(f"timeout: expected a positive number of seconds, such as 600, found {timeout}")
        self.api, self.model, self.completions, self._timeout = api, model, completions, timeout
        self.options: Mapping[str, Any] = {"max_tokens": max_answer, "temperature": temperature, "seed": 0}
        self._lock, self._stopped, key = threading.Lock(), threading.Event(), key_for(api)
        self._secret = key if len(key) > 7 else ""  # words such as "none" are not kept out of messages and files
        self._connection = Connection(api)
        self._path, self._question = ("/completions", "prompt") if completions else ("/chat/completions", "messages")
        self._try = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, _FailedError) and error.is_temporary),
            wait=lambda state: wait_as_told(state),
            stop=tenacity.stop_after_attempt(TRIES),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            self._models()  # so that a wrong address or key shows before anything else is done
        except (TypeError, KeyError):
            raise ValueError(f"{self.api}: expected a list of models, found something else; {_ADDRESS}") from None
        except _FailedError as error:
            if error.status in (_NONE, 401, 407):
                raise ValueError(self._explained(error)) from None
            log.info("%s lists no models: status %s", self.api, error.status or "none yet, it is slow to answer")

    def _models(self) -> list[str]:
        return [model["id"] for model in self._send("/models", timeout=min(CONNECT, self._timeout))["data"]]

    def _send(self, path: str, question: Any = None, *, timeout: float) -> Any:
        """The JSON value that the server answers, or its text if it is not JSON."""
        try:
            reply = self._connection.send(path, question, timeout=timeout)
        except TimeoutError as error:
            raise _FailedError(_LATE, str(error)) from error
        except OSError as error:
            raise _FailedError(_NONE, str(error)) from error
        found = text = reply.data.decode(errors="replace").strip()
        if reply.headers.get("Content-Encoding", "identity") != "identity":
            found = text = "a compressed answer, for which it was not asked"
        try:
            found = json.loads(text)
        except RecursionError:
            pass
        except ValueError:
            if reply.status_code == 200 and text[:1] in ("{", ""):
                raise _FailedError(_NONE, "expected JSON, found a part of it", response=reply) from None
        if reply.status_code != 200:
            raise _FailedError(reply.status_code, *_said(found, text), reply)
        return found

    def ask(self, prompt: str | list[dict[str, str]], seed: int = 0, model: str | None = None) -> dict[str, Any]:
        """One answer.

        Args:
            prompt: messages, or with ``completions`` a text.
            seed: of an answer that is drawn at random.
            model: another one that the server has, such as a user's adapter.

        Returns:
            ``output``, ``finish_reason``, ``model`` (the name that the server gives), ``sent`` (the options). If the
            server repeats the key, ``<key>`` is in its place.

        Raises:
            ValueError: the server refuses, keeps failing, or its answer is not a model's.
            InterruptedError: :meth:`stop` was called.
        """
        question = {"model": model or self.model, self._question: prompt}
        while True:
            sent = {**self.options, "seed": seed} if "seed" in self.options else self.options
            try:
                found = self._try(self._send, self._path, {**question, **sent}, timeout=self._timeout)
                return {**self._answer(found), "sent": sent}
            except _FailedError as error:
                rejected = next(filter(error.rejects, sent), None)
                if rejected is None:
                    raise ValueError(self._explained(error, question["model"])) from None
                self._leave_out(rejected)

    def stop(self) -> None:
        """Stop asking questions again that got no answer."""
        self._stopped.set()

    def _sleep(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise InterruptedError("stopped")

    def _answer(self, found: Any) -> dict[str, Any]:
        try:
            choice = found["choices"][0]
            text = choice["text"] if self.completions else choice["message"]["content"]
            output, reason = "" if text is None else text, choice.get("finish_reason")
            answer = {"output": output, "finish_reason": reason, "model": found.get("model")}
        except (AttributeError, TypeError, LookupError):
            answer = {"output": None}
        if not isinstance(answer["output"], str):
            said = self._shown(found)
            raise ValueError(f"{self.api}: expected an answer from a model, found {said}; {_ADDRESS}")
        return {name: self._clean(value) for name, value in answer.items()}

    def _clean(self, value: object) -> str | None:
        """A text that every file can hold, without the key; None for anything else."""
        if not isinstance(value, str):
            return None
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # halves of surrogate pairs
        return value.replace(self._secret, "<key>") if self._secret else value

    def _leave_out(self, name: str) -> None:
        """Stop sending an option. Newer models have another name for the number of tokens."""
        with self._lock:
            if name not in self.options:
                return  # another thread was first
            left = {key: value for key, value in self.options.items() if key != name}
            renamed = name == "max_tokens" and not self.completions
            self.options = left | ({"max_completion_tokens": self.options[name]} if renamed else {})
        instead = "max_completion_tokens is sent instead" if renamed else "it is left out"
        log.warning("note: the server rejects %s: %s", name, instead)

    def _explained(self, error: _FailedError, model: str | None = None) -> str:
        """What the server said, and what to do, in one line."""
        status, said = error.status, self._shown(error.said)
        hints = [hint for codes, words, hint in _HINTS if status in codes and re.search(words, said, re.IGNORECASE)]
        if status == 404 or (status in (400, 422) and not hints):  # the list may have other names than it answers to
            with suppress(_FailedError, TypeError, KeyError):
                if (model or self.model) not in (names := self._models()):
                    hints = [f"it has the models {self._shown(', '.join(names[:9]))}"]
        return "; ".join([f"{self.api}: {f'answered {status}' if status else 'no answer'} ({said})", *hints[:1]])

    def _shown(self, said: object) -> str:
        """One line for a terminal, without the key."""
        text = said if isinstance(said, str) else json.dumps(said)
        return printable(" ".join(redact(text, self._secret).split()))[:300]


def _said(found: Any, text: str) -> tuple[str, object]:
    """The message of an error, and the option that it names."""
    body = found.get("error", found) if isinstance(found, dict) else found
    body = body if isinstance(body, dict) else {"message": body}
    message = body.get("message")
    return message if isinstance(message, str) and message else text, body.get("param")
