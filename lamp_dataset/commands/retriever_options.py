"""What fits together among the options of ``rank`` and ``personalize``, said in the command's own words.

The library checks the same and speaks of its own arguments; who typed ``--retriever dense`` is to read of ``--model``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lamp_dataset.extras import check_installed
from lamp_dataset.tasks import get_task

#: Option -> the retriever that takes it; rrf hands them on to those it fuses.
TAKERS = {"model": "dense", "device": "dense", "seed": "random", "of": "rrf"}


def check_options(config: str, options: Mapping[str, Any]) -> None:
    """Raise ValueError for the first thing that is wrong, ImportError where the dense retriever's package is missing.

    A retriever that there is not is left to the library, which knows them all.
    """
    for wrong, message in _problems(config, options):
        if wrong:
            raise ValueError(message)
    if "dense" in (options["retriever"], *options["of"]):
        check_installed("sentence_transformers", "dense")


def _problems(config: str, options: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    """Pairs of (whether it is so, what is wrong)."""
    retriever, ranking, fused = options["retriever"], options.get("ranking"), options["of"]
    given = [name for name in TAKERS if options[name] not in (None, ())]
    yield bool(ranking and retriever), "--ranking takes the place of a retriever: leave out --retriever, or --ranking"
    for name in given:
        yield bool(ranking), f"--{name} is an option of a retriever, and --ranking takes the place of one"
        found = "--retriever bm25, the default" if retriever is None else f"--retriever {retriever}"
        others = "" if name == "of" else f" or rrf with --of {TAKERS[name]}"
        message = f"--{name} goes with --retriever {TAKERS[name]}{others}, found {found}"
        yield TAKERS[name] not in (retriever, *(fused if retriever == "rrf" else ())), message
    message = "--retriever rrf needs two rankers or more, like --of bm25 --of recency, and none of them rrf"
    found = f"found {' '.join(f'--of {name}' for name in fused) or 'none'}"
    yield retriever == "rrf" and (len(fused) < 2 or "rrf" in fused), f"{message}; {found}"
    message = "the dense retriever needs a checkpoint, like --model facebook/contriever"
    yield "dense" in (retriever, *fused) and options["model"] is None, message
    task = get_task(config)
    dated = f"{config} has no dates for --use-date: they are in the time-based {task.base}_time"
    yield options["use_date"] and not task.time_based, dated
