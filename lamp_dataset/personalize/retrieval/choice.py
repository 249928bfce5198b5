"""Which ranker a caller asks for: one of ours by name, one of their own, or a ranking file."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.retrieval.rankers import RANKERS, RankingFile, make_ranker
from lamp_dataset.personalize.retrieval.ranking import Ranker

_ATTRIBUTES = ("needs_query", "needs_dates", "scored", "rank")


def choose_ranker(retriever: Any, ranking: Any, options: Mapping[str, Any], others: Iterable[str] = ()) -> Ranker:
    """The ranker that the arguments describe.

    Args:
        retriever: a name in :data:`RANKERS`, ``"module:Class"``, a ranker, or None for bm25.
        ranking: a ranking file in its place, or None.
        options: options of the retriever.
        others: names of the caller's other arguments, to suggest if an option looks like one.

    Raises:
        ValueError: an unknown name or option, both a retriever and a file, or an object that is not a ranker.
        ImportError, OSError: the module or the file cannot be loaded.
    """
    if ranking is not None:
        if retriever is not None:
            raise ValueError("expected either 'ranking' or 'retriever', a ranking file or what makes one, found both")
        if options:
            raise ValueError(f"a ranking file takes no retriever options, found {', '.join(map(repr, options))}")
        return RankingFile(ranking)
    retriever = "bm25" if retriever is None else retriever
    if isinstance(retriever, str) and ":" in retriever:
        return _checked(_load(retriever, options))
    if isinstance(retriever, str):
        _check_spelling(options, others)
        return make_ranker(retriever, **options)
    if options:
        raise ValueError(f"a retriever object already has its options, found {', '.join(options)}")
    return _checked(retriever)


def _check_spelling(options: Iterable[str], others: Iterable[str]) -> None:
    """Suggest what an option that nothing takes may stand for."""
    ours = {field.name for ranker in RANKERS.values() for field in dataclasses.fields(ranker) if field.init}
    for name in options:
        near = difflib.get_close_matches(name, others, n=1, cutoff=0.7)
        if near and name not in ours:
            raise ValueError(f"unknown option {short(name)}; did you mean {near[0]!r}?")


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
