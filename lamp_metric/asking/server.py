"""A model behind an API of OpenAI's form, asked by OpenAI's client: vLLM, llama.cpp, TGI, Ollama, or a hosted one.

This adds what an overnight run needs: patience as the server says, options that are left out where a server rejects
them, and errors in one line that say what to do and show no key.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from typing import Any

import tenacity

from lamp_dataset.formats.texts import counted, short
from lamp_dataset.hub.redact import redact
from lamp_dataset.hub.retry import wait_as_told
from lamp_dataset.lazy import require
from lamp_metric.asking.address import is_local, key_for, secret
from lamp_metric.asking.journal import Journal
from lamp_metric.harness_rows import MAX_ANSWER

log = logging.getLogger(__name__)

#: How often a question is asked that gets no answer. The pauses grow to half a minute, or are as the server says.
TRIES = 12
#: Seconds to find the server, and for its list of models.
CONNECT = 10.0
#: Seconds until answers that were kept have reached the disk, and outlive a power cut.
SYNC = 1.0
#: In the message of a server that does not know an option; a value that is too large is another matter.
_UNKNOWN = re.compile("support|unknown|unrecogni|unexpected|permitted|allowed", re.IGNORECASE)
_ADDRESS = "is the address right? Most end in /v1"
#: Statuses, words in the message, what to do: the first that fits. Status None: no answer came; 0: not in time.
_HINTS = (
    ((0,), "", "a longer timeout or fewer questions at the same time may help"),
    ((None,), "", "start the server, such as: vllm serve MODEL --port 8000"),
    ((401, 403), "", "set OPENAI_API_KEY to a key of this server"),
    ((404,), "", _ADDRESS),
    (range(300, 400), "", "give the address that it redirects to"),
    ((400, 422, 500), r"\bsystem\b|\broles?\b", "leave the system message out, as --no-system does"),
    ((400, 413, 422), "context|too long|too large", "make the prompts shorter"),
)


class Server:
    """A served model.

    Nothing but the key, the prompts and the options goes to the server. A proxy gets them only if the server is on
    another machine, and redirects are not followed.

    Args:
        api: base address, such as ``"http://127.0.0.1:8000/v1"``.
        model: its name there.
        completions: send the bare prompt, for models without a chat template, instead of messages.
        max_answer: tokens of an answer.
        timeout: seconds until a question is asked again.

    Raises:
        ImportError: the client is not installed.
        ValueError: the address is none, the key is missing or wrong, or no server with this protocol is there.
    """

    def __init__(
        self, api: str, model: str, *, completions: bool = False, max_answer: int = MAX_ANSWER, timeout: float = 600
    ) -> None:
        """Make the client, and look whether the server is there."""
        self._openai = openai = require("openai", "api")
        self.api, self.model, self.completions, self._timeout = api, model, completions, timeout
        self.options: Mapping[str, Any] = {"max_tokens": max_answer, "temperature": 0, "seed": 0}
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._client = openai.OpenAI(
            base_url=api,
            api_key=key_for(api),
            http_client=openai.DefaultHttpxClient(trust_env=not is_local(api), follow_redirects=False),
            timeout=openai.Timeout(timeout, connect=min(CONNECT, timeout)),
            max_retries=0,
        )
        weakref.finalize(self, self._client.close)  # its connections, however the last question ends
        self._create = (self._client if completions else self._client.chat).completions.create
        self._try = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._is_temporary),
            wait=lambda state: wait_as_told(state),
            stop=lambda state: state.attempt_number >= TRIES,
            sleep=self._sleep,
            reraise=True,
        )
        self._check()

    def _check(self) -> None:
        """Ask for the list of models, so that a wrong address or key shows before anything else is done."""
        openai = self._openai
        try:
            self._models()
        except AttributeError:  # the client takes a page for a list
            raise ValueError(f"{self.api}: expected a list of models, found something else; {_ADDRESS}") from None
        except openai.APITimeoutError:
            log.info("%s is slow to answer", self.api)
        except (openai.APIConnectionError, openai.AuthenticationError, json.JSONDecodeError) as error:
            raise ValueError(self._explained(error)) from None
        except openai.APIStatusError as error:
            log.info("%s lists no models: status %d", self.api, error.status_code)

    def _models(self) -> Any:
        return self._client.models.list(timeout=min(CONNECT, self._timeout))

    def ask(self, prompt: str | list[dict[str, str]]) -> dict[str, Any]:
        """One answer.

        Args:
            prompt: messages, or with ``completions`` a text.

        Returns:
            ``output``, ``finish_reason``, ``model`` (its name as the server says it), ``sent`` (the options).

        Raises:
            ValueError: the server refuses, goes on failing, or answers something else; in one line.
            InterruptedError: :meth:`stop` was called.
        """
        question = {"model": self.model, "prompt" if self.completions else "messages": prompt}
        while True:
            sent = self.options
            try:
                return {**self._answer(self._try(self._create, **question, **sent)), "sent": sent}
            except (self._openai.APIError, json.JSONDecodeError) as error:
                rejected = next((name for name in sent if _is_rejected(error, name)), None)
                if rejected is None:
                    raise ValueError(self._explained(error)) from None
                self._leave_out(rejected)

    def stop(self) -> None:
        """Do not ask unanswered questions again."""
        self._stopped.set()

    def _sleep(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise InterruptedError("stopped")

    def _is_temporary(self, error: BaseException) -> bool:
        """Whether the same question may get an answer later."""
        cut = isinstance(error, (self._openai.APIConnectionError, json.JSONDecodeError))
        status = getattr(error, "status_code", 0)
        return cut or status in (408, 409, 429) or status >= 500

    def _answer(self, found: Any) -> dict[str, Any]:
        """What the server answered; its client checks little."""
        try:
            choice = found.choices[0]
            text = choice.text if self.completions else choice.message.content
            text = ("" if text is None else text).encode("utf-16", "surrogatepass")
        except (AttributeError, TypeError, IndexError):
            said = redact(short(found if isinstance(found, str) else str(found)), secret())
            raise ValueError(f"{self.api}: expected an answer from a model, found {said}; {_ADDRESS}") from None
        said = {"finish_reason": getattr(choice, "finish_reason", None), "model": getattr(found, "model", None)}
        told = {name: value if value is None else str(value) for name, value in said.items()}
        return {"output": text.decode("utf-16", "replace"), **told}  # half of a surrogate pair would fit no file

    def _leave_out(self, name: str) -> None:
        """Send an option no more. Newer models know the number of tokens by another name."""
        with self._lock:
            if name not in self.options:
                return  # another thread was first
            left = {key: value for key, value in self.options.items() if key != name}
            renamed = name == "max_tokens" and not self.completions
            self.options = left | ({"max_completion_tokens": self.options[name]} if renamed else {})
        instead = "max_completion_tokens is sent instead" if renamed else "it is left out"
        log.warning("note: the server rejects %s: %s", name, instead)

    def _explained(self, error: Any) -> str:
        """One line: what the server said, and what to do."""
        if isinstance(error, json.JSONDecodeError):
            return f"{self.api}: expected JSON, found something else; {_ADDRESS}"
        status = 0 if isinstance(error, self._openai.APITimeoutError) else getattr(error, "status_code", None)
        said = _said(error) if status is not None else error.__cause__ or error.message
        said = " ".join(redact(str(said), secret()).split())[:300]
        hints = [hint for codes, words, hint in _HINTS if status in codes and re.search(words, said, re.IGNORECASE)]
        if status == 404 or (status in (400, 422) and not hints):  # the list may have other names than it answers to
            with suppress(self._openai.APIError, AttributeError, TypeError, ValueError):
                names = [model.id for model in self._models()]
                hints = hints if self.model in names else [f"it has the models {', '.join(names[:9])}"]
        return "; ".join([f"{self.api}: {f'answered {status}' if status else 'no answer'} ({said})", *hints[:1]])


def _said(error: Any) -> str:
    """What the server says in an error; its client passes on only what OpenAI's own server would say."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    return str(message or body or error.message)


def _is_rejected(error: Any, name: str) -> bool:
    """Whether the server does not know the option."""
    if getattr(error, "status_code", None) not in (400, 422) or not _UNKNOWN.search(_said(error)):
        return False
    return error.param == name or re.search(rf"\b{name}\b", _said(error)) is not None


def ask_all(
    server: Server,
    rows: Any,
    journal: Journal,
    *,
    concurrency: int = 16,
    done: Callable[[], object] = lambda: None,
) -> None:
    """Ask for the answer to every row that the journal lacks, several at a time.

    Args:
        server: the model.
        rows: a ``datasets.Dataset`` with ``id``, and ``messages`` or, for completions, ``source``.
        journal: keeps each answer as soon as it has come.
        concurrency: questions at the same time.
        done: called after each answer, in this thread.

    Raises:
        ValueError: the server failed at a sample, which the message names. Questions on their way were waited for, and
            their answers are kept. Or ``concurrency`` is below 1.
        OSError: an answer could not be kept.
    """
    if concurrency < 1:
        raise ValueError(f"expected at least 1 question at a time, found {concurrency}")
    column = "source" if server.completions else "messages"
    rows = rows.select_columns(["id", column])
    left = [number for number, name in enumerate(rows["id"]) if name not in journal.entries]

    def ask(number: int) -> None:
        row = rows[number]
        try:
            journal.keep([{"id": row["id"], **server.ask(row[column])}])
        except ValueError as error:
            raise ValueError(f"sample {short(row['id'])}: {error}") from None

    due = time.monotonic() + SYNC
    try:
        with ThreadPoolExecutor(concurrency) as pool:
            try:
                for answer in as_completed([pool.submit(ask, number) for number in left]):
                    answer.result()
                    done()
                    if time.monotonic() > due:  # not for each answer: that would slow down the questions
                        journal.sync()
                        due = time.monotonic() + SYNC
            except BaseException:
                server.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    except ValueError as error:
        kept = f"kept {counted(len(journal.entries), 'answers')}, the same command asks for the rest"
        raise ValueError(f"{error}; {kept}") from None
