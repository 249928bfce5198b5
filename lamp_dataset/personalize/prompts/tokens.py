"""From text to tokens and back: by a Hugging Face tokenizer, or in words. Standard library only."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

#: What ``clean_up_tokenization`` of transformers 4 strips of its spaces, in its order.
SPACED = (" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're")

_WORD = re.compile(r"\S+")
_ENDS = {"add_special_tokens": False, "return_offsets_mapping": True, "verbose": False}


def clean_up(text: str) -> str:
    """``text`` without the spaces before punctuation and contractions.

    >>> clean_up("It 's late , is n't it ?")
    "It's late, isn't it?"
    """
    for spaced in SPACED:
        text = text.replace(spaced, spaced.strip())
    return text


def decode(tokenizer: Any, ids: Sequence[Sequence[int]]) -> list[str]:
    """The texts of rows of token ids, without special tokens and cleaned up, as in the official runs.

    transformers 4 cleaned up by default. transformers 5 does so only on request, and not for BPE tokenizers.
    """
    texts = tokenizer.batch_decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return [clean_up(text) for text in texts]


class Encoder:
    """Calls a tokenizer of transformers text by text, as the official script does."""

    unit = "tokens"

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def encode(self, texts: Sequence[str], special: bool = True) -> list[list]:
        """The ids of each text, with or without special tokens."""
        options = {} if special else {"add_special_tokens": False}
        return [self.tokenizer(text, **options)["input_ids"] for text in texts]

    def truncate(self, text: str, ids: list, limit: int) -> list:
        """``text``, whose ids are ``ids``, truncated by the tokenizer's own rule to ``limit`` ids with special tokens.

        Tokenizers differ if the limit is below their number of special tokens. They may raise OverflowError or
        ValueError, or not truncate at all.
        """
        return self.tokenizer(text, max_length=limit, truncation=True)["input_ids"]

    def decode(self, ids: Sequence[Sequence]) -> list[str]:
        """The texts of rows of ids as the official script gets them."""
        return decode(self.tokenizer, ids)

    def ends(self, texts: Sequence[str]) -> list[list[int]] | list[None]:
        """Where in each text its tokens end; None if the tokenizer does not know."""
        return [None] * len(texts)


class _Words(Encoder):
    """Counts words between white space; there are no special tokens."""

    unit = "words"

    def encode(self, texts: Sequence[str], special: bool = True) -> list[list]:
        return [text.split() for text in texts]

    def truncate(self, text: str, ids: list, limit: int) -> list:
        if limit < 0:
            raise ValueError(f"expected a limit of 0 words or more, found {limit}")
        return ids[:limit]

    def decode(self, ids: Sequence[Sequence]) -> list[str]:
        return [" ".join(words) for words in ids]

    def ends(self, texts: Sequence[str]) -> list[list[int]]:
        return [[match.end() for match in _WORD.finditer(text)] for text in texts]


class _FastTokenizer(Encoder):
    """A fast tokenizer of transformers, which encodes texts together, on all cores.

    If its special tokens are only at the ends of a text, a truncated text is cut from the ids of the whole one. The
    edges are as measured with transformers 4.27 to 5.24: a limit below 0 raises OverflowError, one below the number of
    special tokens does not truncate.
    """

    def __init__(self, tokenizer: Any) -> None:
        super().__init__(tokenizer)
        mask = tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"]
        self.edges = re.fullmatch("(1*)0+(1*)", "".join(map(str, mask)))
        self.left = getattr(tokenizer, "truncation_side", "right") == "left"

    def encode(self, texts: Sequence[str], special: bool = True) -> list[list]:
        return self.tokenizer(list(texts), add_special_tokens=special, verbose=False)["input_ids"] if texts else []

    def truncate(self, text: str, ids: list, limit: int) -> list:
        if self.edges is None:
            return super().truncate(text, ids, limit)
        before, after = map(len, self.edges.groups())
        room, last = limit - before - after, len(ids) - after
        if limit < 0:
            raise OverflowError(f"expected a limit of 0 tokens or more, found {limit}")
        if room < 0 or len(ids) <= limit:
            return ids
        start = last - room if self.left else before
        return ids[:before] + ids[start : start + room] + ids[last:]

    def ends(self, texts: Sequence[str]) -> list[list[int]]:
        found = self.tokenizer(list(texts), **_ENDS)["offset_mapping"] if texts else []
        return [[end for _, end in offsets] for offsets in found]


class Tokens:
    """Measures, shortens and decodes texts with one tokenizer. What it encoded is kept until :meth:`prepare`.

    ``unit`` is ``"tokens"``, or without a tokenizer ``"words"``. ``messages`` makes a chat of a prompt; if the
    tokenizer has a chat template, the length of a prompt is that of the rendered chat.
    """

    def __init__(self, tokenizer: Any = None, messages: Callable[[str], list[dict[str, str]]] | None = None) -> None:
        """Keep the tokenizer; messages are ignored without a chat template."""
        kind = _FastTokenizer if hasattr(tokenizer, "backend_tokenizer") else Encoder
        self.tokenizer, self.encoder = tokenizer, _Words(None) if tokenizer is None else kind(tokenizer)
        self.unit = self.encoder.unit
        self._messages = messages if getattr(tokenizer, "chat_template", None) else None
        self.prepare(())

    def prepare(self, texts: Iterable[str], ends: Iterable[str] = ()) -> None:
        """Forget earlier texts, and encode these together, which is faster: ``ends`` are those to shorten."""
        texts, ends = list(dict.fromkeys(texts)), list(dict.fromkeys(ends))
        self._ids: dict[str, list] = dict(zip(texts, self.encoder.encode(texts), strict=True))
        self._ends: dict[str, list[int] | None] = dict(zip(ends, self.encoder.ends(ends), strict=True))
        self._prompts: dict[str, int] = {}

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
        """The length of what the model reads: of ``prompt``, or of the chat made of it."""
        return self.prompt_lengths([prompt])[0]

    def prompt_lengths(self, prompts: Sequence[str]) -> list[int]:
        """:meth:`prompt_length` of several prompts, encoded together."""
        new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in self._prompts]
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
        """The longest beginning of ``text`` of at most ``limit`` tokens, and how many it has, without special ones.

        With a fast tokenizer, or words, the beginning is cut from the text itself, not decoded from ids.
        """
        if text not in self._ends:
            self._ends[text] = self.encoder.ends([text])[0]
        ends = self._ends[text]
        ids = self.encoder.encode([text], special=False)[0] if ends is None else ends
        if len(ids) <= limit:
            return text, len(ids)
        return self.decode([ids[:limit]])[0] if ends is None else text[: ends[limit - 1] if limit else 0], limit
