"""Lengths of texts, by a tokenizer of Hugging Face or by white space."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

_WORD = re.compile(r"\S+")


class Words:
    """Stands in for a tokenizer: every word between white space is one token, and there are no special tokens.

    >>> Words()("one two three", max_length=2, truncation=True)["input_ids"]
    ['one', 'two']
    """

    def __call__(self, text: str, max_length: int | None = None, truncation: bool = False) -> dict[str, list[str]]:
        """The words of ``text``, with ``truncation`` the first ``max_length``; ValueError if that is negative."""
        words = text.split()
        if truncation and max_length is not None:
            if max_length < 0:
                raise ValueError(f"expected a limit of 0 words or more, found {max_length}")
            words = words[:max_length]
        return {"input_ids": words}

    def batch_decode(self, batch: Sequence[Sequence[str]], **options: Any) -> list[str]:
        """Texts of words joined by single blanks."""
        return [" ".join(words) for words in batch]


def check_tokenizer(tokenizer: Any) -> Any:
    """A tokenizer, the name or folder of one, as a string, or None; ValueError for anything else."""
    if isinstance(tokenizer, os.PathLike):
        return os.fspath(tokenizer)
    if tokenizer is None or (isinstance(tokenizer, str) and tokenizer):
        return tokenizer
    if isinstance(tokenizer, type) or not callable(tokenizer) or not hasattr(tokenizer, "batch_decode"):
        expected = "expected a tokenizer of Hugging Face, the name or folder of one, or None as tokenizer"
        raise ValueError(f"{expected}, found {tokenizer!r}")
    return tokenizer


class Tokens:
    """Measures and shortens texts with one tokenizer.

    Args:
        tokenizer: a tokenizer of Hugging Face, or None to count words.
        messages: where the prompt goes to a chat model: prompt -> its messages. With a tokenizer that has a chat
            template, the rendered messages are what counts.

    Attributes:
        unit: ``"tokens"`` or ``"words"``.
    """

    def __init__(self, tokenizer: Any = None, messages: Any = None) -> None:
        """Keep the tokenizer; the messages matter only where it can render them."""
        self.tokenizer = Words() if tokenizer is None else tokenizer
        self.unit = "words" if tokenizer is None else "tokens"
        self._messages = messages if getattr(tokenizer, "chat_template", None) else None
        self._lengths: dict[str, int] = {}
        self._last: tuple[str, int] | None = None

    def ids(self, text: str, limit: int | None = None) -> list:
        """Ids of ``text``, special tokens included, shortened by the tokenizer itself to ``limit`` where given.

        What a tokenizer does with a limit below its number of special tokens is its own affair; it may raise
        OverflowError or ValueError, or not shorten at all.
        """
        options = {} if limit is None else {"max_length": limit, "truncation": True}
        return self.tokenizer(text, **options)["input_ids"]

    def length(self, text: str) -> int:
        """Number of ids of ``text``, special tokens included."""
        return len(self.ids(text))

    def cached_length(self, text: str) -> int:
        """:meth:`length` of a text that comes again and again, such as a template's."""
        if text not in self._lengths:
            self._lengths[text] = self.length(text)
        return self._lengths[text]

    def text(self, ids: list) -> str:
        """The text of ids as the official script gets it: without special tokens, blanks before punctuation removed.

        transformers 4 cleaned up so by default; 5 does it only when told.
        """
        return self.tokenizer.batch_decode([ids], skip_special_tokens=True, clean_up_tokenization_spaces=True)[0]

    def prompt_length(self, prompt: str) -> int:
        """What the model reads of ``prompt``: its length, or that of the chat it becomes."""
        if self._last is None or self._last[0] != prompt:  # a finished prompt is measured again for the row's report
            self._last = prompt, self._measure(prompt)
        return self._last[1]

    def _measure(self, prompt: str) -> int:
        if self._messages is None:
            return self.length(prompt)
        return len(self.tokenizer(self._chat(prompt), add_special_tokens=False)["input_ids"])

    def _chat(self, prompt: str) -> str:
        try:
            return self.tokenizer.apply_chat_template(
                self._messages(prompt), tokenize=False, add_generation_prompt=True
            )
        except Exception as error:  # a template is a program of the model's makers: it can raise what it likes
            message = f"the tokenizer's chat template fails on the messages ({error}); where it knows no system role, "
            raise ValueError(f"{message}pass system=None") from error

    @property
    def overhead(self) -> int:
        """How much the chat template adds to a prompt's length."""
        return 0 if self._messages is None else self.prompt_length("x") - self.length("x")

    def shorten(self, text: str, limit: int) -> tuple[str, int]:
        """The longest beginning of ``text`` of at most ``limit`` tokens, and how many it has; special ones not counted.

        With a fast tokenizer, or words, the beginning is cut out of the text as it stands, not decoded from ids.
        """
        if isinstance(self.tokenizer, Words):
            ends = [match.end() for match in _WORD.finditer(text)]
        elif getattr(self.tokenizer, "is_fast", False):
            found = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
            ends = [end for _, end in found["offset_mapping"]]
        else:
            ids = self.tokenizer(text, add_special_tokens=False)["input_ids"]
            return (text, len(ids)) if len(ids) <= limit else (self.text(ids[:limit]), limit)
        if len(ends) <= limit:
            return text, len(ends)
        return text[: ends[limit - 1] if limit else 0], limit
