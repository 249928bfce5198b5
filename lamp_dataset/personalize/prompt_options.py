"""The options of retrieval and prompts: name, type, default, meaning and check of each, in one place.

The library, the command lines, the harnesses and the manual read them here. Standard library only.
"""

import dataclasses
import difflib
import inspect
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lamp_dataset.formats.texts import is_whole, short
from lamp_dataset.personalize.prompts.prompt import BEST_FIRST, ORDERS
from lamp_dataset.personalize.retrieval.queries import RULES

#: The system message for chat models, the same for every task.
SYSTEM = (
    "You write on behalf of one person. The message quotes things from that person's past and then asks for "
    "something. Answer as fits that person, with the answer alone."
)


#: Whose profile a sample gets -> what it is.
PROFILES: Mapping[str, str] = MappingProxyType(
    {
        "own": "its own user's",
        "other": "another user's, as a control",
        "similar": "the history of the most similar other user, as the strictest control",
        "none": "none, the same as -k 0",
    }
)


@dataclass(frozen=True, kw_only=True)
class RetrieverOptions:
    """The options of the retrievers; each text begins with the retriever that takes and checks it.

    Attributes:
        k1: bm25: saturation, how much repeated words count.
        b: bm25: length normalization, from 0 to 1.
        epsilon: bm25: floor of a word's idf, as a share of the mean idf.
        tokenize: bm25: in Python, a function from a text to its words; by default ``str.split``, as in the official
            script.
        seed: random: seed of the order.
        model: dense: checkpoint, by name on the Hub or folder.
        device: dense: where the model runs, such as cuda or cpu; by default the best one available.
        batch_size: dense: texts in one pass of the model.
        vectors: dense: file written by lamp-dataset vectors, to reuse its embeddings; in Python also a data set of
            ``profile_vectors``.
        cache_size: dense: number of vectors kept between batches, 3 kB each for a model of 768 dimensions.
        rankers: rrf: a ranker to fuse; repeatable, two or more.
        c: rrf: constant added to each rank, 60 in the paper.
    """

    k1: float = 1.5
    b: float = 0.75
    epsilon: float = 0.25
    tokenize: Callable[[str], list[str]] | None = None
    seed: int = 0
    model: Any = None
    device: str | None = None
    batch_size: int = 32
    vectors: str | os.PathLike[str] | Any = None
    cache_size: int = 100_000
    rankers: tuple[str, ...] = ()
    c: float = 60.0


@dataclass(frozen=True, kw_only=True)
class PromptOptions:
    """The options of a personalized prompt.

    Attributes:
        retriever: bm25 (default), recency, random, first, dense, rrf, or one of your own as module:Class; in Python
            also an object with the attributes of a :class:`~lamp_dataset.Ranker`.
        ranking: A ranking file instead of a retriever.
        use_date: Search the items' dates, too (time-based configs), as the runs of arXiv 2404.05970 did.
        rules: official, as for the published figures, or fixed: with the official script's bugs fixed.
        k: Items in a prompt; 0 for the input alone, the baseline without a profile.
        order: Order of the items in the prompt: best-first, or with the fixed rules best-last or stored. It does not
            decide which items are in the prompt.
        summary: With the fixed rules: JSON file {"user": "summary"} of texts to put in front of the prompts; in Python
            also a mapping, or the name of the column that holds each row's text.
        tokenizer: Tokenizer of your model, by name or folder; without one, words are counted. In Python also an object.
        max_length: Budget of a prompt in tokens, or without a tokenizer in words, which are fewer and longer.
        escape_quotes: Put a backslash before each quotation mark of prompt and gold, as LongLaMP's script does.
        system: The system message for chat models; None for no system message.
        retriever_options: Options of the retriever, see :class:`RetrieverOptions`.

    Raises:
        ValueError: an option out of range, or two that do not go together.
    """

    retriever: Any = None
    ranking: str | os.PathLike[str] | None = None
    use_date: bool = False
    rules: str = "official"
    k: int = 4
    order: str = BEST_FIRST
    summary: str | os.PathLike[str] | Mapping[str, str] | None = None
    tokenizer: Any = None
    max_length: int = 512
    escape_quotes: bool = False
    system: str | None = SYSTEM
    retriever_options: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without the task, the files and the models."""
        for name, least in (("k", 0), ("max_length", 1)):
            value = getattr(self, name)
            if not is_whole(value) or value < least:
                raise ValueError(f"expected a whole number from {least} as {name!r}, found {short(value)}")
            object.__setattr__(self, name, int(value))
        if not isinstance(self.system, str | None):
            raise ValueError(f"expected a string or None as 'system', found {short(self.system)}")
        if self.rules not in RULES:
            raise ValueError(f"no rules named {self.rules!r}: expected {' or '.join(map(repr, RULES))}")
        if self.order not in tuple(ORDERS):
            raise ValueError(f"no order named {short(self.order)}: expected {', '.join(ORDERS)}")
        if self.rules == "official" and self.order != BEST_FIRST:
            raise ValueError(f"'order' {self.order!r} needs the fixed rules: official prompts have the best item first")
        if self.rules == "official" and self.summary is not None:
            raise ValueError("'summary' needs the fixed rules: official prompts have none in front")
        self._check_retriever()

    def _check_retriever(self) -> None:
        if not isinstance(self.retriever_options, Mapping | None):
            raise ValueError(f"expected names and values as 'retriever_options', found {short(self.retriever_options)}")
        object.__setattr__(self, "retriever_options", dict(self.retriever_options or {}))
        given = ", ".join(map(repr, self.retriever_options))
        if self.ranking is not None and self.retriever is not None:
            raise ValueError("pass 'ranking' or 'retriever', not both")
        if self.ranking is not None and given:
            raise ValueError(f"a ranking file takes no retriever options, found {given}")
        if not isinstance(self.retriever, str | None) and given:
            raise ValueError(f"a retriever object already has its options, found {given}")
        own = isinstance(self.retriever, str) and ":" in self.retriever  # which may take what it likes
        for name in self.retriever_options:
            near = difflib.get_close_matches(name, PROMPT_OPTIONS, n=1, cutoff=0.7)
            if near and name not in RETRIEVER_OPTIONS and not own:
                raise ValueError(f"unknown option {short(name)}; did you mean {near[0]!r}?")


@dataclass(frozen=True)
class Option:
    """One of these options: its name, type, default and meaning."""

    name: str
    type: Any
    default: Any
    help: str


def _options(of: type) -> Mapping[str, Option]:
    """Name -> option. What it means is in the docstring of the class, and nowhere else."""
    _, _, listed = inspect.cleandoc(of.__doc__ or "").partition("Attributes:\n")
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", listed, re.MULTILINE)
    helps = {name: re.sub(r":class:`~?([^`]+)`", r"\1", " ".join(text.split())) for name, text in found}
    return MappingProxyType(
        {f.name: Option(f.name, f.type, f.default, helps.get(f.name, "")) for f in dataclasses.fields(of)}
    )


#: Name -> option of a prompt.
PROMPT_OPTIONS = _options(PromptOptions)
#: Name -> option of a retriever.
RETRIEVER_OPTIONS = _options(RetrieverOptions)


def with_prompt_options(function: Callable) -> Callable:
    """``function`` with a signature that names the options of a prompt instead of ``**options``."""
    signature = inspect.signature(function)
    own = [parameter for parameter in signature.parameters.values() if parameter.kind != parameter.VAR_KEYWORD]
    more = [
        inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=option.default)
        for option in PROMPT_OPTIONS.values()
        if option.name not in signature.parameters
    ]
    function.__signature__ = signature.replace(parameters=[*own, *more])
    return function
