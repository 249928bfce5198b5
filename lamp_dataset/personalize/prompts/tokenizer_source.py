"""The tokenizer that measures prompts: an object, or a name that is loaded in the process that needs it.

Official prompts are measured by the tokenizer's own files, unchanged, as transformers 4 read them. transformers 5 takes
the vocabulary from ``tokenizer.json`` and rebuilds everything else in the class of the model. T5's rebuilt tokenizer
drops the token of a trailing space, so items would get more text than in the official runs.
"""

import json
import os
import sys
import warnings
from contextlib import suppress
from typing import Any

from lamp_dataset.lazy import load_model, require
from lamp_dataset.personalize.model_names import TOKENIZER_FILES, check_content, check_folder, content_of, hub_options

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
