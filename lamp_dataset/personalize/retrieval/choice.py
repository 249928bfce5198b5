"""Which ranker a caller asks for: one of ours by name, one of their own, or a ranking file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.prompt_options import PromptOptions
from lamp_dataset.personalize.retrieval.rankers import RankingFile, make_ranker
from lamp_dataset.personalize.retrieval.ranking import Ranker

_ATTRIBUTES = ("needs_query", "needs_dates", "scored", "rank")


def choose_ranker(asked: PromptOptions) -> Ranker:
    """The ranker that the options describe.

    Raises:
        ValueError: an unknown name or option, or an object that is not a ranker.
        ImportError, OSError: the module or the file cannot be loaded.
    """
    if asked.ranking is not None:
        return RankingFile(asked.ranking)
    retriever, options = "bm25" if asked.retriever is None else asked.retriever, asked.retriever_options
    if isinstance(retriever, str) and ":" not in retriever:
        return make_ranker(retriever, **options)
    return _checked(_load(retriever, options) if isinstance(retriever, str) else retriever)


def _load(name: str, options: Mapping[str, Any]) -> Any:
    """The ranker ``module:Class``, made with the options."""
    module, _, attribute = name.partition(":")
    try:
        made = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ImportError(f"cannot load the retriever {short(name)}: {error}") from error
    try:
        return made(**options)
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from error


def _checked(ranker: Any) -> Ranker:
    missing = [name for name in _ATTRIBUTES if not hasattr(ranker, name)]
    if missing or isinstance(ranker, type):
        found = (
            f"{short(ranker)} without {', '.join(missing)}" if missing else f"the class {ranker.__qualname__} itself"
        )
        raise ValueError(f"expected a retriever's name or an object with the attributes of a Ranker, found {found}")
    return ranker
