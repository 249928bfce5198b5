"""Lengths of texts and prompts, by a Hugging Face tokenizer or in words."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from lamp_dataset.personalize.prompts.encoders import make_encoder


class Tokens:
    """Measures, shortens and decodes texts with one tokenizer. What it encoded is kept until :meth:`prepare`.

    ``unit`` is ``"tokens"``, or without a tokenizer ``"words"``. ``messages`` makes a prompt those of a chat; if the
    tokenizer has a chat template, the length of a prompt is that of the rendered messages.
    """

    def __init__(self, tokenizer: Any = None, messages: Callable[[str], list[dict[str, str]]] | None = None) -> None:
        """Keep the tokenizer; messages are ignored without a chat template."""
        self.tokenizer, self.encoder = tokenizer, make_encoder(tokenizer)
        self.unit = self.encoder.unit
        self._messages = messages if getattr(tokenizer, "chat_template", None) else None
        self._forget()

    def _forget(self) -> None:
        self._ids: dict[str, list] = {}
        self._ends: dict[str, list[int]] = {}
        self._prompts: dict[str, int] = {}

    def prepare(self, texts: Iterable[str], ends: Iterable[str] = ()) -> None:
        """Forget earlier texts, and encode these together if that is faster: ``ends`` are those to shorten."""
        self._forget()
        if self.encoder.batched:
            texts, ends = list(dict.fromkeys(texts)), list(dict.fromkeys(ends))
            self._ids = dict(zip(texts, self.encoder.encode(texts), strict=True))
            self._ends = dict(zip(ends, self.encoder.ends(ends), strict=True))

    def ids(self, text: str, limit: int | None = None) -> list:
        """Ids of ``text``, special tokens included, truncated to ``limit`` by the tokenizer's own rule if given.

        OverflowError or ValueError, or no truncation, if the limit is below the number of special tokens.
        """
        if text not in self._ids:
            self._ids[text] = self.encoder.encode([text])[0]
        return self._ids[text] if limit is None else self.encoder.truncate(text, self._ids[text], limit)

    def length(self, text: str) -> int:
        """Number of ids of ``text``, special tokens included."""
        return len(self.ids(text))

    def decode(self, ids: Sequence[Sequence]) -> list[str]:
        """The texts of rows of ids as the official script gets them: without special tokens, cleaned up."""
        return self.encoder.decode(ids) if ids else []

    def prompt_length(self, prompt: str) -> int:
        """What the model reads of ``prompt``: its length, or that of the chat it becomes."""
        return self.prompt_lengths([prompt])[0]

    def prompt_lengths(self, prompts: Sequence[str]) -> list[int]:
        """:meth:`prompt_length` of several prompts, encoded together."""
        new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in self._prompts]
        if new:
            chats = new if self._messages is None else list(map(self._chat, new))
            found = self.encoder.encode(chats, special=self._messages is None)
            self._prompts.update(zip(new, map(len, found), strict=True))
        return [self._prompts[prompt] for prompt in prompts]

    def _chat(self, prompt: str) -> str:
        messages = self._messages(prompt)
        try:
            return self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        except Exception as error:  # a template is a program of the model's makers: it can raise what it likes
            message = f"the tokenizer's chat template fails on the messages ({error}); if it has no system role, pass"
            raise ValueError(f"{message} system=None, or --no-system to an example") from error

    @cached_property
    def overhead(self) -> int:
        """How much the chat template adds to a prompt's length."""
        return 0 if self._messages is None else self.prompt_length("x") - self.length("x")

    def shorten(self, text: str, limit: int) -> tuple[str, int]:
        """The longest beginning of ``text`` of at most ``limit`` tokens, and how many it has; special ones not counted.

        With a fast tokenizer, or words, the beginning is cut from the text itself, not decoded from ids.
        """
        ends = self._ends.get(text)
        if ends is None:
            found = self.encoder.ends([text])
            if found is None:
                return self._shorten_by_decoding(text, limit)
            ends = self._ends[text] = found[0]
        if len(ends) <= limit:
            return text, len(ends)
        return text[: ends[limit - 1] if limit else 0], limit

    def _shorten_by_decoding(self, text: str, limit: int) -> tuple[str, int]:
        (ids,) = self.encoder.encode([text], special=False)
        return (text, len(ids)) if len(ids) <= limit else (self.decode([ids[:limit]])[0], limit)
