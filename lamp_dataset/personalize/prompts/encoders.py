"""Three ways from text to tokens: words, fast tokenizers of transformers (texts together), and any other tokenizer."""

import re
from collections.abc import Sequence
from typing import Any

from lamp_dataset.personalize.prompts.decoding import decode

_WORD = re.compile(r"\S+")


class Encoder:
    """From texts to tokens and back: calls a tokenizer of transformers text by text, as the official script does.

    ``batched`` says whether many texts at once cost less than the same texts one by one.
    """

    unit, batched = "tokens", False

    def __init__(self, tokenizer: Any) -> None:
        """Keep the tokenizer."""
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

    def ends(self, texts: Sequence[str]) -> list[list[int]] | None:
        """Where in each text its tokens end; None if the tokenizer does not know."""
        if not getattr(self.tokenizer, "is_fast", False):
            return None
        options = {"add_special_tokens": False, "return_offsets_mapping": True}
        return [[end for _, end in self.tokenizer(text, **options)["offset_mapping"]] for text in texts]


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
    """A fast tokenizer of transformers: texts are encoded together, on all cores; a text is encoded once.

    A truncated text is its first ids and the special tokens, ``before`` and ``after`` of them, so it is cut from the
    ids of the whole text. The edges are as measured with transformers 4.27 to 5.24: a limit below 0 raises
    OverflowError, one below the number of special tokens does not truncate.
    """

    batched = True

    def __init__(self, tokenizer: Any, before: int, after: int) -> None:
        """Keep what truncation needs."""
        super().__init__(tokenizer)
        self.before, self.after = before, after
        self.left = getattr(tokenizer, "truncation_side", "right") == "left"

    @classmethod
    def of(cls, tokenizer: Any) -> "_FastTokenizer | None":
        """The encoder of ``tokenizer``; None if it is not fast, or has special tokens not just at the two ends."""
        if not hasattr(tokenizer, "backend_tokenizer"):
            return None
        mask = tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"]
        if 0 not in mask:
            return None
        before, after = mask.index(0), mask[::-1].index(0)
        return cls(tokenizer, before, after) if sum(mask) == before + after else None

    def encode(self, texts: Sequence[str], special: bool = True) -> list[list]:
        return self.tokenizer(list(texts), add_special_tokens=special, verbose=False)["input_ids"] if texts else []

    def truncate(self, text: str, ids: list, limit: int) -> list:
        room, last = limit - self.before - self.after, len(ids) - self.after
        if limit < 0:
            raise OverflowError(f"expected a limit of 0 tokens or more, found {limit}")
        if room < 0 or len(ids) <= limit:
            return ids
        start = last - room if self.left else self.before
        return ids[: self.before] + ids[start : start + room] + ids[last:]

    def ends(self, texts: Sequence[str]) -> list[list[int]]:
        options = {"add_special_tokens": False, "return_offsets_mapping": True, "verbose": False}
        found = self.tokenizer(list(texts), **options)["offset_mapping"] if texts else []
        return [[end for _, end in offsets] for offsets in found]


def make_encoder(tokenizer: Any) -> Encoder:
    """The encoder of a tokenizer, or of words if it is None."""
    if tokenizer is None:
        return _Words(None)
    return _FastTokenizer.of(tokenizer) or Encoder(tokenizer)
