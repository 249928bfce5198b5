"""Where the tokenizer comes from: an object, or a name that is loaded in the process that needs it."""

import os
import warnings
from typing import Any

from lamp_dataset.lazy import load_model, require
from lamp_dataset.personalize.model_names import TOKENIZER_FILES, check_content, check_folder, content_of, hub_options
from lamp_dataset.personalize.prompts.official_tokenizer import as_official, load_official


class TokenizerSource:
    """A tokenizer as a caller gives it. Given by name, it pickles as the name and the digest of its folder's files.

    ``tokenizer`` measures, or is None; ``note`` says why the prompts can differ from the official ones, or is "". With
    official rules it is the one that measured the official prompts, see :func:`load_official`.
    """

    def __init__(self, given: Any, rules: str) -> None:
        """Load it; warn once if the official result is out of reach. ValueError for something else than a tokenizer."""
        self.given, self.rules, self.note = check_tokenizer(given), rules, ""
        self.content = content_of(self.given, TOKENIZER_FILES)
        if rules == "official" and not isinstance(self.given, str):
            self.given, self.note = as_official(self.given)
        self._load()
        if self.note:
            warnings.warn(self.note, stacklevel=3)

    def _load(self) -> None:
        self.tokenizer = self.given
        if not isinstance(self.given, str):
            return
        transformers = require("transformers", "models")
        check_folder(self.given)
        if self.rules == "official":
            self.tokenizer, self.note = load_official(self.given)
        else:
            load = transformers.AutoTokenizer.from_pretrained
            self.tokenizer = load_model(load, self.given, **hub_options(self.given))

    def __getstate__(self) -> dict[str, Any]:
        """Everything but what is loaded again."""
        return {name: value for name, value in self.__dict__.items() if name != "tokenizer"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Load again; ValueError if the folder's files have changed since."""
        self.__dict__.update(state)
        if self.content:
            check_content(self.given, TOKENIZER_FILES, self.content)
        self._load()


def check_tokenizer(tokenizer: Any) -> Any:
    """A tokenizer, the name or folder of one as a string, or None; ValueError for anything else."""
    if isinstance(tokenizer, os.PathLike):
        return os.fspath(tokenizer)
    if tokenizer is None or (isinstance(tokenizer, str) and tokenizer):
        return tokenizer
    if isinstance(tokenizer, type) or not callable(tokenizer) or not hasattr(tokenizer, "batch_decode"):
        expected = "expected a Hugging Face tokenizer, the name or folder of one, or None as tokenizer"
        raise ValueError(f"{expected}, found {tokenizer!r}")
    return tokenizer
