"""The tokenizer that measures official prompts: from its own files, unchanged, as transformers 4 read them.

transformers 5 takes the vocabulary from ``tokenizer.json`` and rebuilds everything else in the class of the model. T5's
rebuilt tokenizer drops the token of a trailing space, so items would get more text than in the official runs.
"""

import json
import math
import os
import sys
from typing import Any

from lamp_dataset.lazy import load_model, require
from lamp_dataset.personalize.model_names import hub_options

#: Said in the rows, and once in a warning, if the original files are missing.
NOTE = "the tokenizer was rebuilt by transformers 5 and its original files are missing: official prompts can differ"
#: The same if the files are there, but describe another tokenizer.
CHANGED = "the tokenizer was rebuilt by transformers 5 and its files describe another one: official prompts can differ"

#: SentencePiece's mark of a space. Tokenizers without it come out of the rebuilding as they went in.
MARK = "▁"


def load_official(name: str) -> tuple[Any, str]:
    """The tokenizer ``name`` (on the Hub, or a folder) from its files, unchanged, and a note; OSError for none."""
    transformers = require("transformers", "models")
    backend, options = getattr(transformers, "TokenizersBackend", None), hub_options(name)
    if backend is not None and (not os.path.isdir(name) or os.path.isfile(os.path.join(name, "tokenizer.json"))):
        try:
            return _with_note(backend.from_pretrained(name, **options), name)
        except (OSError, ValueError):
            pass  # without a tokenizer.json: AutoTokenizer knows other files, or what is wrong
    return as_official(load_model(transformers.AutoTokenizer.from_pretrained, name, **options))


def as_official(tokenizer: Any) -> tuple[Any, str]:
    """A tokenizer that measures as the original files of ``tokenizer`` do, with its added tokens; and a note or "".

    Anything that transformers 5 did not rebuild is returned unchanged.
    """
    backend = getattr(sys.modules.get("transformers"), "TokenizersBackend", None)
    if backend is None or not isinstance(tokenizer, backend):
        return tokenizer, ""
    if type(tokenizer) is backend or "__init__" not in vars(type(tokenizer)):  # transformers' own test: not rebuilt
        return _with_note(tokenizer, tokenizer.name_or_path)
    original, trouble = _read_again(tokenizer, backend)
    if trouble:
        return tokenizer, trouble if _has_mark(tokenizer) else ""
    return _with_note(original, tokenizer.name_or_path)


def _with_note(tokenizer: Any, name: str) -> tuple[Any, str]:
    return tokenizer, NOTE if _has_mark(tokenizer) and _saved_rebuilt(name) else ""


def _saved_rebuilt(name: str) -> bool:
    """Whether transformers 5 saved these files from a tokenizer that it had rebuilt; only it writes a ``backend``."""
    from transformers.models.auto.tokenization_auto import get_tokenizer_config

    try:
        config = get_tokenizer_config(name, **hub_options(name))
    except (OSError, ValueError):  # made in memory, or the files are gone
        return False
    as_it_stood = ("TokenizersBackend", "PreTrainedTokenizerFast")
    return "backend" in config and config.get("tokenizer_class") not in as_it_stood


def _read_again(tokenizer: Any, backend: type) -> tuple[Any, str]:
    """The tokenizer from its own files, unchanged, with its added tokens, and ""; or None, and a note that says why."""
    name = tokenizer.name_or_path
    if not name:
        return None, NOTE
    try:
        options = hub_options(name)
        rebuilt, original = (kind.from_pretrained(name, **options) for kind in (type(tokenizer), backend))
    except (OSError, ValueError):
        return None, NOTE
    if not _alike(_pipeline(rebuilt), _pipeline(tokenizer)):
        return None, CHANGED
    known = original.get_added_vocab()
    added = sorted(tokenizer.added_tokens_decoder.items())
    original.add_tokens([token for _, token in added if token.content not in known])
    for attribute in ("chat_template", "truncation_side", "split_special_tokens", "model_max_length"):
        setattr(original, attribute, getattr(tokenizer, attribute))
    return original, ""


def _alike(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal but for the last digits of floats: a tokenizer's copy differs in those.

    Pickling writes and reads JSON, and the tokenizers library reads a score in it with an error in the last bit.
    """
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    return bool(one == other)


def _pipeline(tokenizer: Any) -> dict[str, Any]:
    """Everything that turns text into ids, without the settings that change from call to call and the added tokens."""
    parts = json.loads(tokenizer.backend_tokenizer.to_str())
    return {name: part for name, part in parts.items() if name not in ("added_tokens", "truncation", "padding")}


def _has_mark(tokenizer: Any) -> bool:
    if not hasattr(tokenizer, "backend_tokenizer"):
        return False
    pipeline = _pipeline(tokenizer)
    parts = [pipeline[name] for name in ("normalizer", "pre_tokenizer", "decoder")]
    return MARK in json.dumps(parts, ensure_ascii=False)
