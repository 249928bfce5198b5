"""From text to tokens and back: by a Hugging Face tokenizer, or in words. Standard library only."""

import json
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from lamp_dataset.lazy import load_model, require
from lamp_dataset.personalize.model_names import TOKENIZER_FILES, check_content, check_folder, content_of, hub_options

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


#: The note in the rows, and in one warning, if the original files are missing.
NOTE = "the tokenizer was rebuilt by transformers 5 and its original files are missing: official prompts can differ"
#: The same if the files describe another tokenizer.
CHANGED = "the tokenizer was rebuilt by transformers 5 and its files describe another one: official prompts can differ"

#: SentencePiece's mark of a space. Rebuilding does not change tokenizers without it.
MARK = "▁"


def load_official(name: str) -> tuple[Any, str]:
    """The tokenizer ``name`` (on the Hub, or a folder) from its files, unchanged, and a note or ""."""
    transformers = require("transformers", "models")
    backend, options = getattr(transformers, "TokenizersBackend", None), hub_options(name)
    if backend is not None and (not os.path.isdir(name) or os.path.isfile(os.path.join(name, "tokenizer.json"))):
        with suppress(OSError, ValueError):  # AutoTokenizer knows other files than tokenizer.json, or what is wrong
            return _with_note(backend.from_pretrained(name, **options), name)
    return as_official(load_model(transformers.AutoTokenizer.from_pretrained, name, **options))


def as_official(tokenizer: Any) -> tuple[Any, str]:
    """A tokenizer that measures as the original files of ``tokenizer`` do, with its added tokens; and a note or "".

    Anything that transformers 5 did not rebuild is returned unchanged.
    """
    backend = getattr(sys.modules.get("transformers"), "TokenizersBackend", None)
    if backend is None or not isinstance(tokenizer, backend):
        return tokenizer, ""
    name, own = tokenizer.name_or_path, type(tokenizer)
    if own is backend or "__init__" not in vars(own):  # transformers' own test: not rebuilt
        return _with_note(tokenizer, name)
    try:
        rebuilt, original = (kind.from_pretrained(name, **hub_options(name)) for kind in (own, backend))
    except (OSError, ValueError):  # no such files
        return tokenizer, NOTE if _has_mark(tokenizer) else ""
    if _pipeline(rebuilt) != _pipeline(tokenizer):
        return tokenizer, CHANGED if _has_mark(tokenizer) else ""
    known, added = original.get_added_vocab(), sorted(tokenizer.added_tokens_decoder.items())
    original.add_tokens([token for _, token in added if token.content not in known])
    for attribute in ("chat_template", "truncation_side", "split_special_tokens", "model_max_length"):
        setattr(original, attribute, getattr(tokenizer, attribute))
    return _with_note(original, name)


def _with_note(tokenizer: Any, name: str) -> tuple[Any, str]:
    """The tokenizer, and a note if transformers 5 saved its files after rebuilding it: only it writes a ``backend``."""
    from transformers.models.auto.tokenization_auto import get_tokenizer_config

    config = {}
    with suppress(OSError, ValueError):  # it was made in memory, or the files are gone
        config = get_tokenizer_config(name, **hub_options(name))
    unchanged = ("TokenizersBackend", "PreTrainedTokenizerFast")
    rebuilt = "backend" in config and config.get("tokenizer_class") not in unchanged
    return tokenizer, NOTE if rebuilt and _has_mark(tokenizer) else ""


def _pipeline(tokenizer: Any) -> dict[str, Any]:
    """Everything that turns text into ids, without the settings that change from call to call and the added tokens.

    Numbers are rounded: pickling a tokenizer changes the last bit of some.
    """
    parts = json.loads(tokenizer.backend_tokenizer.to_str(), parse_float=lambda digits: f"{float(digits):.6g}")
    return {name: part for name, part in parts.items() if name not in ("added_tokens", "truncation", "padding")}


def _has_mark(tokenizer: Any) -> bool:
    parts = [_pipeline(tokenizer)[name] for name in ("normalizer", "pre_tokenizer", "decoder")]
    return MARK in json.dumps(parts, ensure_ascii=False)


class TokenizerSource:
    """The tokenizer that a caller names or passes. Named, it pickles as its name and a digest of its folder's files.

    ``tokenizer`` is the one that measures, or None; with official rules, see :func:`load_official`. ``note`` says why
    prompts can differ from the official ones, or is "".
    """

    def __init__(self, given: Any, rules: str) -> None:
        """Load it; warn if official prompts can differ. ValueError for anything but a tokenizer."""
        named = given is None or (isinstance(given, str) and given) or isinstance(given, os.PathLike)
        if not named and (isinstance(given, type) or not callable(given) or not hasattr(given, "batch_decode")):
            expected = "expected a Hugging Face tokenizer, the name or folder of one, or None as tokenizer"
            raise ValueError(f"{expected}, found {given!r}")
        self.given = os.fspath(given) if isinstance(given, os.PathLike) else given
        self.rules, self.note = rules, ""
        self.content = content_of(self.given, TOKENIZER_FILES)
        if rules == "official" and not isinstance(self.given, str):
            self.given, self.note = as_official(self.given)
        self._load()
        if self.note:
            warnings.warn(self.note, stacklevel=3)

    def _load(self) -> None:
        self.tokenizer, name = self.given, self.given
        if not isinstance(name, str):
            return
        load = require("transformers", "models").AutoTokenizer.from_pretrained
        check_folder(name)
        if self.rules == "official":
            self.tokenizer, self.note = load_official(name)
        else:
            self.tokenizer = load_model(load, name, **hub_options(name))

    def __getstate__(self) -> dict[str, Any]:
        """Everything but what is loaded again."""
        return {name: value for name, value in self.__dict__.items() if name != "tokenizer"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Load again; ValueError if the folder's files have changed since."""
        self.__dict__.update(state)
        if self.content:
            check_content(self.given, TOKENIZER_FILES, self.content)
        self._load()
